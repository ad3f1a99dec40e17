#include <stdlib.h>

#include "workers/analyzer/items.h"
#include "workers/analyzer/rank.h"
#include "workers/analyzer/summary.h"
#include "workers/analyzer/views.h"
#include "workers/analyzer/warnings.h"

/* Writes the page of lines; returns the offset of the next one, 0 when there is none. */
static uint32_t
write_page(struct value_writer *w, const struct view_query *q, const struct ranking *r,
    uint32_t offset)
{
	size_t opened = value_open_array(w);
	uint32_t count = 0, next = offset;

	while (next < r->count && count < q->top_n && value_done(w).len < VIEW_RESULT_BYTES) {
		item_line(w, q->profile, &q->profile->lines[r->at[next].index], false);
		count++;
		next++;
	}
	value_close_array(w, opened, count);
	return next < r->count ? next : 0;
}

/* Functions stand on the first page only. */
static enum err
write_answer(struct value_writer *w, const struct view_query *q, const bool *wanted,
    const struct ranking *r,
    uint32_t offset, uint32_t hash)
{
	char cursor[CURSOR_BYTES];
	uint32_t next;
	struct map m;
	enum err e = OK;

	map_open(&m, w);
	map_object(&m, "profile_id", value_get(q->facts, "profile_id"));
	summary_put_totals(&m, q->profile);
	map_key(&m, "hotspots");
	next = write_page(w, q, r, offset);
	map_key(&m, "functions");
	if (offset == 0)
		e = summary_write_functions(w, q->profile, wanted);
	else
		value_array(w, 0);
	map_key(&m, "warnings");
	warnings_write(w, q->profile, NULL);
	if (next > 0) {
		cursor_write(hash, next, cursor);
		map_text(&m, "next_cursor", text_of(cursor));
	}
	map_close(&m);
	return e;
}

/*
 * The lines with the most CPU time, and the functions: { profile_id, elapsed_s, peak_memory_mb,
 * allocated_mb, cpu_s, samples, hotspots, functions, warnings, next_cursor? }.
 */
enum err
view_cpu_hotspots(const struct view_query *q, struct value_writer *w, struct view_problem *problem)
{
	struct ranking r = { .at = NULL };
	bool *wanted = NULL;
	uint32_t offset, hash;
	enum err e;

	e = view_check_top_n(q, problem);
	if (e == OK)
		e = view_offset(q, &offset, &hash, problem);
	if (e == OK)
		e = view_wanted_files(q, &wanted, problem);
	if (e == OK)
		e = rank_lines(q->profile, metric_cpu, wanted, &r);
	if (e == OK)
		e = write_answer(w, q, wanted, &r, offset, hash);
	ranking_fini(&r);
	free(wanted);
	return e;
}
