#include <stdlib.h>

#include "workers/analyzer/context.h"
#include "workers/analyzer/items.h"
#include "workers/analyzer/listing.h"
#include "workers/analyzer/rank.h"
#include "workers/analyzer/samples.h"
#include "workers/analyzer/summary.h"
#include "workers/analyzer/warnings.h"

#define SHOWN_AROUND 2u         /* lines without figures before and after one with figures */
#define FUNCTIONS_SHOWN 5u

struct shown_lines {
	struct context_line *at;
	uint32_t count;
};

/* The one file that is meant. A longer path of it can be asked for when there are several. */
static enum err
find_file(const struct view_query *q, const bool *wanted, uint32_t *ret_file,
    struct view_problem *problem)
{
	uint32_t found = 0, first = 0;

	problem->hint = "get_profile lists the files";
	if (wanted == NULL)
		return view_refuse(problem, "argument 'filename' is needed: the last components "
		    "of the path of a file in this profile");
	for (uint32_t i = q->profile->file_count; i-- > 0; ) {
		if (!wanted[i])
			continue;
		found++;
		first = i;
	}
	if (found > 1)
		return view_refuse(problem, "argument 'filename': %u files of this profile end "
		    "with '%.*s'", found, (int)text_prefix(q->filename, 200), q->filename.at);
	problem->hint = NULL;
	*ret_file = first;
	return OK;
}

/* All lines of the file that are kept. */
static enum err
collect(const struct profile *p, uint32_t file, struct shown_lines *lines)
{
	struct context_walk walk = context_start(p, file, 0);
	struct context_line one, *slot;

	while (context_next(p, file, &walk, &one)) {
		slot = profile_grow(&lines->at, &lines->count, sizeof(*slot));
		if (slot == NULL)
			return ERR_NO_MEMORY;
		*slot = one;
	}
	return OK;
}

/* Whether a line with figures is at most SHOWN_AROUND lines away, in the list from `i` on. */
static bool
is_near(const struct shown_lines *lines, uint32_t i, int step)
{
	uint32_t number = lines->at[i].number;

	for (; i < lines->count; i += (uint32_t)step) {
		uint32_t other = lines->at[i].number;
		uint32_t away = other > number ? other - number : number - other;

		if (away > SHOWN_AROUND)
			return false;
		if (lines->at[i].line != NULL)
			return true;
	}
	return false;
}

/* Drops lines that are far from any with figures. */
static enum err
keep_near(struct shown_lines *lines)
{
	bool *near = calloc((size_t)lines->count + 1, sizeof(*near));
	uint32_t kept = 0;

	if (near == NULL)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < lines->count; i++)
		near[i] = is_near(lines, i, 1) || is_near(lines, i, -1);
	for (uint32_t i = 0; i < lines->count; i++)
		if (near[i])
			lines->at[kept++] = lines->at[i];
	lines->count = kept;
	free(near);
	return OK;
}

/* ---- writing ---- */

static void
put_figure(struct map *m, const char *key, double v)
{
	if (v > 0)
		map_figure(m, key, v, DECIMALS_PERCENT);
}

/* Where there is no loop, Scalene gives the line itself or the function. */
static bool
in_loop(const struct profile_function *f, const struct profile_line *l)
{
	return l->loop_start > 0 && l->loop_end > l->loop_start
	    && (l->loop_start != f->start || l->loop_end != f->end);
}

static void
put_figures(struct map *m, const struct profile *p, const struct profile_line *l)
{
	const double *metric = l->metric;
	double cpu = metric_cpu(metric);

	map_text(m, "function", p->functions[l->function].name);
	if (in_loop(&p->functions[l->function], l)) {
		map_key(m, "loop");
		value_array(m->w, 2);
		value_int(m->w, l->loop_start);
		value_int(m->w, l->loop_end);
	}
	put_figure(m, "cpu_percent", cpu);
	if (cpu > 0) {
		map_figure(m, "plus_minus_percent", share_plus_minus(p, cpu), DECIMALS_PERCENT);
		map_figure(m, "cpu_s", profile_cpu_s(p, cpu), DECIMALS_S);
	}
	put_figure(m, "python_percent", metric[METRIC_PYTHON]);
	put_figure(m, "native_percent", metric[METRIC_NATIVE]);
	put_figure(m, "wait_percent", metric[METRIC_WAIT]);
	put_figure(m, "gpu_percent", metric[METRIC_GPU]);
	put_figure(m, "peak_mb", metric[METRIC_PEAK]);
	put_figure(m, "allocated_mb", metric[METRIC_ALLOCATED]);
	put_figure(m, "copy_mb_s", metric[METRIC_COPY]);
	put_figure(m, "await_percent", metric[METRIC_AWAIT]);
}

/* The source keeps its indentation here: the lines are read one below the other. */
static void
write_item(struct value_writer *w, const struct profile *p, const void *from, uint32_t index)
{
	const struct shown_lines *lines = from;
	const struct context_line *one = &lines->at[index];
	struct text source = one->source;
	struct map m;

	source.len = text_prefix(source, ITEM_SOURCE_BYTES);
	map_open(&m, w);
	map_int(&m, "line", one->number);
	map_text(&m, "source", source);
	if (one->line != NULL)
		put_figures(&m, p, one->line);
	map_close(&m);
}

static void
put_file(struct map *m, const struct profile *p, uint32_t file)
{
	const struct profile_file *f = &p->files[file];
	double total[METRIC_COUNT] = { 0 };

	for (uint32_t i = 0; i < p->line_count; i++)
		if (p->lines[i].file == file)
			metric_combine(total, p->lines[i].metric);
	map_text(m, "file", f->name);
	map_text(m, "path", f->path);
	map_figure(m, "cpu_percent", f->cpu_percent, DECIMALS_PERCENT);
	map_figure(m, "cpu_s", profile_cpu_s(p, f->cpu_percent), DECIMALS_S);
	if (p->has_memory) {
		map_figure(m, "peak_mb", total[METRIC_PEAK], DECIMALS_MB);
		map_figure(m, "allocated_mb", total[METRIC_ALLOCATED], DECIMALS_MB);
	}
	map_int(m, "last_line", f->last_line);
	map_int(m, "lines_with_figures", f->lines);
}

/* The functions' names and where they are; their figures are in the view of functions. */
static enum err
put_functions(struct map *m, const struct listing *l)
{
	const struct profile *p = l->query->profile;
	struct ranking r = { .at = NULL };
	enum err e = rank_functions(p, rank_cpu_memory, l->wanted, &r);
	uint32_t count = r.count < FUNCTIONS_SHOWN ? r.count : FUNCTIONS_SHOWN;

	map_key(m, "functions");
	value_array(m->w, count);
	for (uint32_t i = 0; i < count; i++) {
		const struct profile_function *f = &p->functions[r.at[i].index];
		struct map one;

		map_open(&one, m->w);
		map_text(&one, "function", f->name);
		map_int(&one, "start_line", f->start);
		map_int(&one, "end_line", f->end);
		map_figure(&one, "cpu_percent", metric_cpu(f->metric), DECIMALS_PERCENT);
		put_figure(&one, "peak_mb", f->metric[METRIC_PEAK]);
		map_close(&one);
	}
	ranking_fini(&r);
	return e;
}

static enum err
write_answer(struct value_writer *w, struct listing *l, uint32_t file,
    const struct shown_lines *lines)
{
	const struct profile *p = l->query->profile;
	struct map m;
	enum err e = OK;

	map_open(&m, w);
	map_object(&m, "profile_id", value_get(l->query->facts, "profile_id"));
	put_file(&m, p, file);
	if (l->offset == 0)
		e = put_functions(&m, l);
	listing_write(l, &m, "lines", lines->count, write_item, lines);
	map_key(&m, "warnings");
	warnings_write(w, p, WARN_CPU, NULL, NULL);
	listing_put_cursor(l, &m);
	map_close(&m);
	return e;
}

/*
 * One file, in line order: { profile_id, file, path, cpu_percent, cpu_s, peak_mb?, allocated_mb?,
 * last_line, lines_with_figures, functions?, lines, warnings, next_cursor? }. A line has its number
 * and source, and those figures that are not 0; lines near one with figures are shown with it.
 */
enum err
view_file_details(const struct view_query *q, struct value_writer *w, struct view_problem *problem)
{
	struct shown_lines lines = { .at = NULL };
	uint32_t file = 0;
	struct listing l;
	enum err e = listing_open(&l, q, problem);

	if (e == OK)
		e = find_file(q, l.wanted, &file, problem);
	if (e == OK)
		e = collect(q->profile, file, &lines);
	if (e == OK)
		e = keep_near(&lines);
	if (e == OK)
		e = write_answer(w, &l, file, &lines);
	free(lines.at);
	listing_fini(&l);
	return e;
}
