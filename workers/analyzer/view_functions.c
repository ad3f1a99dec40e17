#include "workers/analyzer/items.h"
#include "workers/analyzer/listing.h"
#include "workers/analyzer/rank.h"
#include "workers/analyzer/summary.h"
#include "workers/analyzer/warnings.h"

static void
write_item(struct value_writer *w, const struct profile *p, const void *from, uint32_t index)
{
	const struct ranking *r = from;

	item_function(w, p, &p->functions[r->at[index].index]);
}

/*
 * All functions, summed from their lines, by CPU time, then those with memory alone: { profile_id,
 * elapsed_s, ..., samples, functions, warnings, next_cursor? }.
 */
enum err
view_functions(const struct view_query *q, struct value_writer *w, struct view_problem *problem)
{
	struct ranking r = { .at = NULL };
	struct listing l;
	struct map m;
	enum err e = listing_open(&l, q, problem);

	if (e == OK)
		e = rank_functions(q->profile, rank_cpu_memory, l.wanted, &r);
	if (e != OK)
		goto out;
	map_open(&m, w);
	map_object(&m, "profile_id", value_get(q->facts, "profile_id"));
	summary_put_totals(&m, q->profile);
	listing_write(&l, &m, "functions", r.count, write_item, &r);
	map_key(&m, "warnings");
	warnings_write(w, q->profile, WARN_CPU, NULL, NULL);
	listing_put_cursor(&l, &m);
	map_close(&m);
out:
	ranking_fini(&r);
	listing_fini(&l);
	return e;
}
