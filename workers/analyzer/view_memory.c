#include "workers/analyzer/items.h"
#include "workers/analyzer/listing.h"
#include "workers/analyzer/rank.h"
#include "workers/analyzer/warnings.h"

/* What the lists of memory and of GPU lines differ in. */
struct kind {
	rank_fn *rank;
	listing_item_fn *item;
	void (*put_totals)(struct map *m, const struct view_query *q);
	void (*write_warnings)(struct value_writer *w, const struct profile *p);
};

static enum err
run(const struct kind *kind, const struct view_query *q, struct value_writer *w,
    struct view_problem *problem)
{
	struct ranking r = { .at = NULL };
	struct listing l;
	struct map m;
	enum err e = listing_open(&l, q, problem);

	if (e == OK)
		e = rank_lines(q->profile, kind->rank, l.wanted, &r);
	if (e != OK)
		goto out;
	map_open(&m, w);
	map_object(&m, "profile_id", value_get(q->facts, "profile_id"));
	kind->put_totals(&m, q);
	listing_write(&l, &m, "hotspots", r.count, kind->item, &r);
	map_key(&m, "warnings");
	kind->write_warnings(w, q->profile);
	listing_put_cursor(&l, &m);
	map_close(&m);
out:
	ranking_fini(&r);
	listing_fini(&l);
	return e;
}

/* ---- memory ---- */

static void
memory_item(struct value_writer *w, const struct profile *p, const void *from, uint32_t index)
{
	const struct ranking *r = from;

	item_memory_line(w, p, &p->lines[r->at[index].index], false);
}

/* What the system counted stands beside Scalene's peak, which it may inflate itself. */
static void
memory_totals(struct map *m, const struct view_query *q)
{
	item_put_memory_totals(m, q->profile);
	map_member(m, "max_rss_mb", value_get(q->facts, "run"));
}

static void
memory_warnings(struct value_writer *w, const struct profile *p)
{
	warnings_write(w, p, WARN_MEMORY, NULL, NULL);
}

/*
 * The lines with the largest peak: { profile_id, peak_memory_mb, allocated_mb,
 * growth_rate_percent, max_rss_mb?, hotspots, warnings, next_cursor? }. Empty, with a warning,
 * when memory was not profiled.
 */
enum err
view_memory_hotspots(const struct view_query *q, struct value_writer *w,
    struct view_problem *problem)
{
	static const struct kind memory = { rank_memory, memory_item, memory_totals,
	    memory_warnings };

	return run(&memory, q, w, problem);
}

/* ---- GPU ---- */

static void
gpu_item(struct value_writer *w, const struct profile *p, const void *from, uint32_t index)
{
	const struct ranking *r = from;

	item_gpu_line(w, p, &p->lines[r->at[index].index], false);
}

static void
gpu_totals(struct map *m, const struct view_query *q)
{
	map_key(m, "gpu");
	value_bool(m->w, q->profile->has_gpu);
}

static void
gpu_warnings(struct value_writer *w, const struct profile *p)
{
	warnings_write(w, p, 0, p->has_gpu ? NULL
	    : "no GPU was profiled: profile with gpu true on a machine that has one", NULL);
}

/* The lines with the most GPU time: { profile_id, gpu, hotspots, warnings, next_cursor? }. */
enum err
view_gpu_hotspots(const struct view_query *q, struct value_writer *w, struct view_problem *problem)
{
	static const struct kind gpu = { rank_gpu, gpu_item, gpu_totals, gpu_warnings };

	return run(&gpu, q, w, problem);
}
