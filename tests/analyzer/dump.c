/*
 * Prints what the analyzer makes of a profile as one JSON object, for comparison with an
 * independent reader:
 *
 *     analyzer_dump PROFILE.json
 *
 * outcome, summary and a member for each of `views` are the answers, file_details one for each
 * file; `figures` are all lines, functions and files unrounded, as they are after a trip through
 * the model.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "workers/analyzer/analysis.h"
#include "workers/analyzer/map.h"
#include "workers/analyzer/model.h"
#include "workers/runtime/json.h"

static const char *const views[] = { "cpu_hotspots", "profile", "memory_hotspots", "gpu_hotspots",
	"bottlenecks", "leaks", "functions", "recommendations", "overview" };

static void
put_metrics(struct map *m, const double metric[METRIC_COUNT])
{
	for (unsigned i = 0; i < METRIC_COUNT; i++)
		map_exact(m, metric_infos[i].key, metric[i]);
}

static void
write_lines(struct value_writer *w, const struct profile *p)
{
	value_array(w, p->line_count);
	for (uint32_t i = 0; i < p->line_count; i++) {
		struct map m;

		map_open(&m, w);
		map_text(&m, "path", p->files[p->lines[i].file].path);
		map_text(&m, "function", p->functions[p->lines[i].function].name);
		map_int(&m, "line", p->lines[i].number);
		map_text(&m, "source", p->lines[i].source);
		put_metrics(&m, p->lines[i].metric);
		map_close(&m);
	}
}

static void
write_functions(struct value_writer *w, const struct profile *p)
{
	value_array(w, p->function_count);
	for (uint32_t i = 0; i < p->function_count; i++) {
		struct map m;

		map_open(&m, w);
		map_text(&m, "path", p->files[p->functions[i].file].path);
		map_text(&m, "function", p->functions[i].name);
		map_int(&m, "start", p->functions[i].start);
		map_int(&m, "end", p->functions[i].end);
		put_metrics(&m, p->functions[i].metric);
		map_close(&m);
	}
}

static void
write_files(struct value_writer *w, const struct profile *p)
{
	value_array(w, p->file_count);
	for (uint32_t i = 0; i < p->file_count; i++) {
		struct map m;

		map_open(&m, w);
		map_text(&m, "path", p->files[i].path);
		map_text(&m, "name", p->files[i].name);
		map_exact(&m, "cpu_percent", p->files[i].cpu_percent);
		map_int(&m, "lines", p->files[i].lines);
		map_close(&m);
	}
}

static void
write_stacks(struct value_writer *w, const struct profile *p)
{
	value_array(w, p->stack_count);
	for (uint32_t i = 0; i < p->stack_count; i++) {
		const struct profile_stack *s = &p->stacks[i];

		value_array(w, s->depth + 1);
		value_int(w, (int64_t)s->count);
		for (uint32_t j = 0; j < s->depth; j++) {
			const struct profile_frame *f = &p->frames[p->stack_frames[s->first + j]];

			value_array(w, 3);
			value_text(w, f->file);
			value_text(w, f->function);
			value_int(w, f->line);
		}
	}
}

static enum err
put_figures(struct map *m, struct value model)
{
	struct profile p;
	struct map figures;
	enum err e = model_read(model, &p);

	if (e != OK)
		return e;
	map_key(m, "figures");
	map_open(&figures, m->w);
	map_exact(&figures, "python_percent", p.python_percent);
	map_exact(&figures, "native_percent", p.native_percent);
	map_exact(&figures, "wait_percent", p.wait_percent);
	map_exact(&figures, "allocated_mb", p.allocated_mb);
	map_exact(&figures, "cpu_s", profile_total_cpu_s(&p));
	map_int(&figures, "notes", p.notes);
	map_key(&figures, "lines");
	write_lines(m->w, &p);
	map_key(&figures, "functions");
	write_functions(m->w, &p);
	map_key(&figures, "files");
	write_files(m->w, &p);
	map_key(&figures, "stacks");
	write_stacks(m->w, &p);
	map_close(&figures);
	profile_fini(&p);
	return OK;
}

static enum err
put_view(struct map *m, struct value model, const char *view)
{
	static const uint8_t no_facts[] = { 0x80 };
	struct view_query q = { .view = text_of(view), .top_n = 1000, .cpu_threshold = NAN,
	    .memory_threshold_mb = NAN };
	struct view_problem problem;

	map_key(m, view);
	return analysis_view(model, (struct value){ no_facts, 1 }, q, m->w, &problem);
}

/* { path: answer } of every file. */
static enum err
put_file_details(struct map *m, struct value model)
{
	static const uint8_t no_facts[] = { 0x80 };
	struct view_query q = { .view = text_of("file_details"), .top_n = 1000,
	    .cpu_threshold = NAN, .memory_threshold_mb = NAN };
	struct view_problem problem;
	struct profile p;
	struct map files;
	enum err e = model_read(model, &p);

	if (e != OK)
		return e;
	map_key(m, "file_details");
	map_open(&files, m->w);
	for (uint32_t i = 0; e == OK && i < p.file_count; i++) {
		q.filename = p.files[i].path;
		value_text(m->w, q.filename);
		files.pairs++;
		e = analysis_view(model, (struct value){ no_facts, 1 }, q, m->w, &problem);
	}
	map_close(&files);
	profile_fini(&p);
	return e;
}

static enum err
write_all(struct value_writer *w, const struct reading *r)
{
	struct map m;
	enum err e = OK;

	map_open(&m, w);
	map_text(&m, "outcome", r->outcome);
	map_exact(&m, "elapsed_s", r->elapsed_s);
	map_exact(&m, "peak_memory_mb", r->peak_memory_mb);
	map_key(&m, "summary");
	value_raw(w, value_done(&r->summary));
	if (r->has_model) {
		map_int(&m, "model_bytes", (int64_t)value_done(&r->model).len);
		for (size_t i = 0; e == OK && i < sizeof(views) / sizeof(views[0]); i++)
			e = put_view(&m, value_done(&r->model), views[i]);
		if (e == OK)
			e = put_file_details(&m, value_done(&r->model));
		if (e == OK)
			e = put_figures(&m, value_done(&r->model));
	}
	map_close(&m);
	return e;
}

static enum err
print_reading(const char *text, size_t len)
{
	struct value_writer w;
	struct reading r;
	char *json = NULL;
	enum err e;

	value_writer_init(&w);
	e = reading_make(text_of("ok"), text, len, &r);
	if (e == OK)
		e = write_all(&w, &r);
	if (e == OK)
		json = json_from_value(value_done(&w));
	if (json != NULL)
		puts(json);
	free(json);
	reading_fini(&r);
	value_writer_fini(&w);
	return e == OK && json == NULL ? ERR_INTERNAL : e;
}

static char *
read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	long size = -1;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0)
		size = ftell(f);
	if (size >= 0)
		text = malloc((size_t)size + 1);
	if (text != NULL) {
		rewind(f);
		*ret_len = fread(text, 1, (size_t)size, f);
	}
	if (f != NULL)
		fclose(f);
	return text;
}

int
main(int argc, char **argv)
{
	size_t len = 0;
	char *text = argc == 2 ? read_file(argv[1], &len) : NULL;
	enum err e;

	if (text == NULL) {
		fprintf(stderr, "usage: analyzer_dump PROFILE.json\n");
		return 2;
	}
	e = print_reading(text, len);
	free(text);
	if (e != OK)
		fprintf(stderr, "analyzer_dump: %s\n", err_info(e)->text);
	return e != OK;
}
