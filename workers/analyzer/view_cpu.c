#include "workers/analyzer/items.h"
#include "workers/analyzer/listing.h"
#include "workers/analyzer/rank.h"
#include "workers/analyzer/summary.h"
#include "workers/analyzer/warnings.h"

static void
write_item(struct value_writer *w, const struct profile *p, const void *from, uint32_t index)
{
	const struct ranking *r = from;

	item_line(w, p, &p->lines[r->at[index].index], false);
}

/* Functions stand on the first page only. */
static enum err
write_answer(struct value_writer *w, struct listing *l, const struct ranking *r)
{
	const struct profile *p = l->query->profile;
	struct map m;
	enum err e = OK;

	map_open(&m, w);
	map_object(&m, "profile_id", value_get(l->query->facts, "profile_id"));
	summary_put_totals(&m, p);
	listing_write(l, &m, "hotspots", r->count, write_item, r);
	map_key(&m, "functions");
	if (l->offset == 0)
		e = summary_write_functions(w, p, l->wanted, SUMMARY_ITEMS);
	else
		value_array(w, 0);
	map_key(&m, "warnings");
	warnings_write(w, p, WARN_CPU, NULL, NULL);
	listing_put_cursor(l, &m);
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
	struct listing l;
	enum err e = listing_open(&l, q, problem);

	if (e == OK)
		e = rank_lines(q->profile, metric_cpu, l.wanted, &r);
	if (e == OK)
		e = write_answer(w, &l, &r);
	ranking_fini(&r);
	listing_fini(&l);
	return e;
}
