#include "workers/profiler/report.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "workers/profiler/utf8.h"

#define COMMAND_BYTES 16384      /* of the command line in provenance; the rest is left out */
#define COMMAND_ENTRY 1024

/* A map that counts its pairs. */
struct map {
	struct value_writer *w;
	size_t opened;
	uint32_t pairs;
};

static struct map
map_open(struct value_writer *w)
{
	return (struct map){ .w = w, .opened = value_open_map(w) };
}

static void
map_close(struct map *m)
{
	value_close_map(m->w, m->opened, m->pairs);
}

static void
put_string(struct map *m, const char *key, const char *v)
{
	char clean[LIMIT_PATH];

	utf8_clean_string(v, clean, sizeof clean);
	value_put_string(m->w, key, clean);
	m->pairs++;
}

static void
put_text(struct map *m, const char *key, struct text v)
{
	value_put_text(m->w, key, v);
	m->pairs++;
}

static void
put_int(struct map *m, const char *key, int64_t v)
{
	value_put_int(m->w, key, v);
	m->pairs++;
}

static void
put_real(struct map *m, const char *key, double v)
{
	value_put_real(m->w, key, v);
	m->pairs++;
}

static void
put_bool(struct map *m, const char *key, bool v)
{
	value_put_bool(m->w, key, v);
	m->pairs++;
}

/* ---- run ---- */

static void
put_status(struct map *m, const struct ending *e)
{
	char name[32];

	if (!e->by_signal) {
		put_int(m, "exit_code", e->number);
		return;
	}
	const char *abbreviation = sigabbrev_np(e->number);
	if (abbreviation != NULL)
		snprintf(name, sizeof name, "SIG%s", abbreviation);
	else
		snprintf(name, sizeof name, "%d", e->number);
	put_string(m, "signal", name);
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void
put_usage(struct map *m, const struct report_input *in)
{
	double user_s = seconds(in->usage.ru_utime), system_s = seconds(in->usage.ru_stime);

	put_real(m, "wall_s", in->wall_s);
	put_real(m, "user_s", user_s);
	put_real(m, "system_s", system_s);
	put_real(m, "max_rss_mb", (double)in->usage.ru_maxrss / 1024);
}

static void
put_output(struct map *m, const struct output *o)
{
	char tail[LIMIT_OUTPUT_TAIL + 1];

	output_tail(o, 1, tail);
	put_string(m, "stdout_tail", tail);
	output_tail(o, 2, tail);
	put_string(m, "stderr_tail", tail);
	put_int(m, "stdout_bytes", (int64_t)output_bytes(o, 1));
	put_int(m, "stderr_bytes", (int64_t)output_bytes(o, 2));
}

static void
put_warnings(struct map *m, const struct ending *ending, const char *more)
{
	const char *texts[WARNINGS_MAX];
	unsigned count = classify_warnings(ending, texts);

	value_string(m->w, "warnings");
	value_array(m->w, count + (more != NULL));
	for (unsigned i = 0; i < count; i++)
		value_string(m->w, texts[i]);
	if (more != NULL)
		value_string(m->w, more);
	m->pairs++;
}

static void
write_run(struct value_writer *w, const struct report_input *in, const char *more_warning)
{
	struct map m = map_open(w);

	if (in->argv != NULL) {
		put_status(&m, in->ending);
		put_usage(&m, in);
	}
	if (in->output != NULL)
		put_output(&m, in->output);
	put_warnings(&m, in->ending, more_warning);
	map_close(&m);
}

/* ---- provenance ---- */

static void
put_command(struct map *m, const struct strings *argv)
{
	char clean[COMMAND_ENTRY];
	size_t bytes = 0, shown = 0;

	while (shown < argv->count && bytes < COMMAND_BYTES)
		bytes += strnlen(argv->at[shown++], COMMAND_ENTRY);
	value_string(m->w, "command");
	value_array(m->w, shown + (shown < argv->count));
	for (size_t i = 0; i < shown; i++) {
		utf8_clean_string(argv->at[i], clean, sizeof clean);
		value_string(m->w, clean);
	}
	if (shown < argv->count)
		value_string(m->w, "...");
	m->pairs++;
}

static int64_t
usable_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

static void
put_host(struct map *m, double load_1m)
{
	struct utsname host;

	if (uname(&host) == 0) {
		put_string(m, "host", host.nodename);
		put_string(m, "kernel", host.release);
	}
	put_int(m, "cpus", usable_cpus());
	put_real(m, "load_1m", load_1m);
}

static void
put_sha256(struct map *m, const struct run_paths *paths)
{
	static const uint8_t none[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	if (memcmp(paths->sha256, none, sizeof none) == 0)
		return;
	sha256_hex(paths->sha256, hex);
	put_string(m, "script_sha256", hex);
}

static void
put_options(struct map *outer, const struct body_profile_run *b)
{
	value_string(outer->w, "options");
	outer->pairs++;
	struct map m = map_open(outer->w);
	put_bool(&m, "cpu", b->cpu);
	put_bool(&m, "memory", b->memory);
	put_bool(&m, "gpu", b->gpu);
	put_bool(&m, "stacks", b->stacks);
	put_bool(&m, "profile_all", b->profile_all);
	put_bool(&m, "use_virtual_time", b->use_virtual_time);
	put_text(&m, "profile_only", b->profile_only);
	put_text(&m, "profile_exclude", b->profile_exclude);
	put_real(&m, "cpu_sampling_rate", b->cpu_sampling_rate);
	put_int(&m, "allocation_sampling_window", b->allocation_sampling_window);
	put_real(&m, "timeout", b->timeout);
	put_real(&m, "duration", b->duration);
	put_int(&m, "max_memory_mb", b->max_memory_mb);
	map_close(&m);
}

static void
write_provenance(struct value_writer *w, const struct report_input *in)
{
	struct map m = map_open(w);

	if (in->python != NULL) {
		put_string(&m, "interpreter", in->python->path);
		put_string(&m, "python_version", in->python->python_version);
		put_string(&m, "scalene_version", in->python->scalene_version);
	}
	if (in->argv != NULL)
		put_command(&m, in->argv);
	put_string(&m, "cwd", in->paths->cwd);
	put_host(&m, in->load_1m);
	put_sha256(&m, in->paths);
	put_options(&m, &in->request->body);
	map_close(&m);
}

/* ---- the whole ---- */

static void
name_program(const struct report_input *in, char ret_name[LIMIT_PATH])
{
	struct text module = in->request->body.module;

	if (in->request->kind == PROGRAM_CODE)
		snprintf(ret_name, LIMIT_PATH, "<code>");
	else if (in->request->kind == PROGRAM_MODULE)
		snprintf(ret_name, LIMIT_PATH, "-m %.*s", (int)module.len, module.at);
	else
		snprintf(ret_name, LIMIT_PATH, "%s", in->paths->program);
}

enum err
report_make(const struct report_input *in, struct spool *spool, struct report *ret_report)
{
	struct report *r = ret_report;
	const char *warning = NULL;

	*r = (struct report){ 0 };
	value_writer_init(&r->run);
	value_writer_init(&r->provenance);
	name_program(in, r->program);
	if (in->profile_name != NULL &&
	    spool_describe(spool, in->profile_name, r->profile_name, &r->body.profile) != OK)
		warning = "Scalene's profile could not be read back";
	write_run(&r->run, in, warning);
	write_provenance(&r->provenance, in);
	r->body.run_outcome = text_of(classify_outcome(in->ending));
	r->body.program = text_of(r->program);
	r->body.run = value_done(&r->run);
	r->body.provenance = value_done(&r->provenance);
	if (r->body.run.at != NULL && r->body.provenance.at != NULL)
		return OK;
	report_fini(r);
	return ERR_NO_MEMORY;
}

void
report_fini(struct report *report)
{
	value_writer_fini(&report->run);
	value_writer_fini(&report->provenance);
}
