#include <stdlib.h>

#include "workers/analyzer/summary.h"
#include "workers/analyzer/views.h"
#include "workers/analyzer/warnings.h"

#define FILES_SHOWN 20u

static int
busier_first(const void *a, const void *b)
{
	const struct profile_file *const *x = a, *const *y = b;

	if ((*x)->cpu_percent != (*y)->cpu_percent)
		return (*x)->cpu_percent < (*y)->cpu_percent ? 1 : -1;
	return (*x > *y) - (*x < *y);
}

static void
write_file(struct value_writer *w, const struct profile_file *f)
{
	struct map m;

	map_open(&m, w);
	map_text(&m, "file", f->name);
	map_figure(&m, "cpu_percent", f->cpu_percent, DECIMALS_PERCENT);
	map_int(&m, "lines", f->lines);
	map_close(&m);
}

static enum err
put_files(struct map *m, const struct profile *p)
{
	const struct profile_file **order = calloc(p->file_count + 1,
	    sizeof(struct profile_file *));
	uint32_t count = p->file_count < FILES_SHOWN ? p->file_count : FILES_SHOWN;

	if (order == NULL)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < p->file_count; i++)
		order[i] = &p->files[i];
	qsort(order, p->file_count, sizeof(struct profile_file *), busier_first);
	map_key(m, "files");
	value_array(m->w, count);
	for (uint32_t i = 0; i < count; i++)
		write_file(m->w, order[i]);
	if (p->file_count > count)
		map_int(m, "files_total", p->file_count);
	free(order);
	return OK;
}

/* A map of those members of facts.`name` that are listed. */
static void
put_part(struct map *m, const struct view_query *q, const char *name, const char *const *keys)
{
	const msgpack_object *from = value_get(q->facts, name);
	struct map part;

	map_key(m, name);
	map_open(&part, m->w);
	for (; *keys != NULL; keys++)
		map_member(&part, *keys, from);
	map_close(&part);
}

static void
put_facts(struct map *m, const struct view_query *q)
{
	static const char *const run[] = { "exit_code", "signal", "wall_s", "max_rss_mb", "user_s",
	    "system_s", NULL };
	static const char *const provenance[] = { "interpreter", "python_version",
	    "scalene_version", NULL };

	put_part(m, q, "run", run);
	put_part(m, q, "provenance", provenance);
}

/*
 * The whole profile at a glance: { profile_id, job_id, label?, program, tool, created, outcome,
 * elapsed_s, peak_memory_mb, allocated_mb, cpu_s, samples, files, files_total?, top_functions,
 * top_lines, leaks?, run, provenance, warnings }.
 */
enum err
view_profile(const struct view_query *q, struct value_writer *w, struct view_problem *problem)
{
	static const char *const keys[] = { "profile_id", "job_id", "label", "program", "tool",
	    "created", "outcome" };
	struct map m;
	enum err e;

	(void)problem;
	map_open(&m, w);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		map_member(&m, keys[i], q->facts);
	summary_put_totals(&m, q->profile);
	e = put_files(&m, q->profile);
	if (e == OK)
		e = summary_put_top(&m, q->profile);
	if (e != OK)
		return e;
	put_facts(&m, q);
	map_key(&m, "warnings");
	warnings_write(w, q->profile, summary_topics(q->profile), NULL,
	    value_get(value_get(q->facts, "run"), "warnings"));
	map_close(&m);
	return OK;
}
