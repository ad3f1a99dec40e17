#include "workers/analyzer/views.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "workers/analyzer/rank.h"

#define FILES_NAMED 20u
#define QUOTED_BYTES 200u

static const struct view views[] = {
	{ "analyze", view_analyze },
	{ "bottlenecks", view_bottlenecks },
	{ "cpu_hotspots", view_cpu_hotspots },
	{ "file_details", view_file_details },
	{ "functions", view_functions },
	{ "gpu_hotspots", view_gpu_hotspots },
	{ "leaks", view_leaks },
	{ "memory_hotspots", view_memory_hotspots },
	{ "overview", view_overview },
	{ "profile", view_profile },
	{ "recommendations", view_recommendations },
};

#define VIEW_COUNT (sizeof(views) / sizeof(views[0]))

const struct view *
view_by_name(struct text name)
{
	for (size_t i = 0; i < VIEW_COUNT; i++)
		if (text_is(name, views[i].name))
			return &views[i];
	return NULL;
}

static void append(struct view_problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds to the message as much as fits. */
static void
append(struct view_problem *problem, const char *format, ...)
{
	size_t len = strlen(problem->message);
	va_list args;

	va_start(args, format);
	vsnprintf(problem->message + len, sizeof(problem->message) - len, format, args);
	va_end(args);
}

/* As %.*s takes it: at most `max` bytes, whole characters. */
static int
shown(struct text t, size_t max)
{
	return t.at == NULL ? 0 : (int)text_prefix(t, max);
}

enum err
view_run(const struct view_query *q, struct value_writer *w, struct view_problem *problem)
{
	const struct view *v = view_by_name(q->view);
	enum err e;

	*problem = (struct view_problem){ .hint = NULL };
	if (v != NULL) {
		e = v->run(q, w, problem);
		return e == OK && w->failed ? ERR_NO_MEMORY : e;
	}
	append(problem, "there is no view '%.*s'; there are:", shown(q->view, QUOTED_BYTES),
	    q->view.at);
	for (size_t i = 0; i < VIEW_COUNT; i++)
		append(problem, "%s %s", i == 0 ? "" : ",", views[i].name);
	return ERR_INVALID_ARGUMENT;
}

enum err
view_refuse(struct view_problem *problem, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(problem->message, sizeof(problem->message), format, args);
	va_end(args);
	return ERR_INVALID_ARGUMENT;
}

enum err
view_thresholds(const struct view_query *q, double *ret_cpu, double *ret_memory_mb,
    struct view_problem *problem)
{
	double cpu = isnan(q->cpu_threshold) ? VIEW_CPU_THRESHOLD : q->cpu_threshold;
	double memory = isnan(q->memory_threshold_mb) ? VIEW_MEMORY_THRESHOLD_MB
	    : q->memory_threshold_mb;

	problem->hint = "leave it out for the default: 5 % of the CPU time, 10 MiB";
	if (!(cpu >= 0 && cpu <= 100))
		return view_refuse(problem,
		    "argument 'cpu_threshold' must be between 0 and 100, not %g", cpu);
	if (!(memory >= 0 && memory <= VIEW_MEMORY_THRESHOLD_MAX))
		return view_refuse(problem,
		    "argument 'memory_threshold_mb' must be between 0 and %g, not %g",
		    VIEW_MEMORY_THRESHOLD_MAX, memory);
	problem->hint = NULL;
	*ret_cpu = cpu;
	*ret_memory_mb = memory;
	return OK;
}

enum err
view_check_top_n(const struct view_query *q, struct view_problem *problem)
{
	if (q->top_n >= 1 && q->top_n <= VIEW_TOP_N_MAX)
		return OK;
	append(problem, "argument 'top_n' must be between 1 and %d, not %lld", VIEW_TOP_N_MAX,
	    (long long)q->top_n);
	return ERR_INVALID_ARGUMENT;
}

static void
name_files(const struct profile *p, struct view_problem *problem)
{
	for (uint32_t i = 0; i < p->file_count && i < FILES_NAMED; i++) {
		struct text name = p->files[i].name;
		size_t left = sizeof(problem->message) - strlen(problem->message);

		if (left < name.len + 40) {
			append(problem, ", ...");
			return;
		}
		append(problem, "%s%.*s", i == 0 ? " " : ", ", (int)name.len, name.at);
	}
	if (p->file_count > FILES_NAMED)
		append(problem, " and %u more", p->file_count - FILES_NAMED);
}

enum err
view_wanted_files(const struct view_query *q, bool **ret_wanted, struct view_problem *problem)
{
	enum err e;

	if (q->filename.at == NULL) {
		*ret_wanted = NULL;
		return OK;
	}
	e = rank_match_files(q->profile, q->filename, ret_wanted);
	if (e != ERR_NOT_FOUND)
		return e;
	append(problem, "argument 'filename': no file of this profile ends with '%.*s'; it has",
	    shown(q->filename, QUOTED_BYTES), q->filename.at);
	if (q->profile->file_count == 0)
		append(problem, " no files");
	else
		append(problem, ":");
	name_files(q->profile, problem);
	problem->hint = "give the last components of one of these paths, or leave filename out";
	return e;
}

enum err
view_offset(const struct view_query *q, uint32_t *ret_offset, uint32_t *ret_hash,
    struct view_problem *problem)
{
	uint32_t hash = cursor_hash(0, q->view);
	char thresholds[64];
	enum err e;

	hash = cursor_hash(hash, value_get_text(q->facts, "profile_id"));
	hash = cursor_hash(hash, q->filename);
	hash = cursor_hash(hash, (struct text){ thresholds, (size_t)snprintf(thresholds,
	    sizeof(thresholds), "%.17g %.17g", q->cpu_threshold, q->memory_threshold_mb) });
	e = cursor_read(hash, q->cursor, ret_offset);
	if (e == OK) {
		*ret_hash = hash;
		return OK;
	}
	append(problem, "argument 'cursor' does not belong to this list");
	problem->hint =
	    "use next_cursor of the answer before, with the same other arguments";
	return e;
}
