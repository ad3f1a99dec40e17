#include <math.h>

#include "workers/analyzer/bottlenecks.h"
#include "workers/analyzer/items.h"
#include "workers/analyzer/listing.h"
#include "workers/analyzer/rank.h"
#include "workers/analyzer/rules.h"
#include "workers/analyzer/summary.h"
#include "workers/analyzer/warnings.h"

#define ENOUGH_MEMORY_PERCENT 80.0  /* of all peaks added up, as for lines by CPU */
#define LEAST_MEMORY_PERCENT 1.0
#define ITEMS_MAX 50u              /* of each kind, so that all of them fit into one answer */

static const struct {
	const char *metric_type, *view;
	bool has_thresholds;
} views[] = {
	{ "all", "overview", true },
	{ "cpu", "cpu_hotspots", false },
	{ "memory", "memory_hotspots", false },
	{ "gpu", "gpu_hotspots", false },
	{ "bottlenecks", "bottlenecks", true },
	{ "leaks", "leaks", false },
	{ "file", "file_details", false },
	{ "functions", "functions", false },
	{ "recommendations", "recommendations", false },
};

/* The view of a metric_type. A cursor of one belongs to the other too. */
enum err
view_analyze(const struct view_query *q, struct value_writer *w, struct view_problem *problem)
{
	struct view_query chosen = *q;

	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		if (!text_is(q->metric_type, views[i].metric_type))
			continue;
		chosen.view = text_of(views[i].view);
		if (!views[i].has_thresholds)
			chosen.cpu_threshold = chosen.memory_threshold_mb = NAN;
		return view_by_name(chosen.view)->run(&chosen, w, problem);
	}
	problem->hint = "leave it out for a little of everything";
	return view_refuse(problem, "argument 'metric_type' must be one of all, cpu, memory, gpu, "
	    "bottlenecks, leaks, file, functions, recommendations");
}

/* ---- all of it ---- */

/* How many of the peaks are worth a place. */
static uint32_t
worth_listing(const struct ranking *r, uint32_t max)
{
	double all = 0, listed = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->count; i++)
		all += r->at[i].key;
	while (n < r->count && n < max && listed < all * ENOUGH_MEMORY_PERCENT / 100
	    && r->at[n].key >= all * LEAST_MEMORY_PERCENT / 100)
		listed += r->at[n++].key;
	return n;
}

static enum err
put_memory(struct map *m, const struct listing *l, uint32_t max)
{
	const struct profile *p = l->query->profile;
	struct ranking r = { .at = NULL };
	enum err e;
	uint32_t count;

	if (!p->has_memory)
		return OK;
	e = rank_lines(p, rank_memory, l->wanted, &r);
	count = worth_listing(&r, max);
	map_key(m, "memory_hotspots");
	value_array(m->w, count);
	for (uint32_t i = 0; i < count; i++)
		item_memory_line(m->w, p, &p->lines[r.at[i].index], true);
	ranking_fini(&r);
	return e;
}

static enum err
put_gpu(struct map *m, const struct listing *l, uint32_t max)
{
	const struct profile *p = l->query->profile;
	struct ranking r = { .at = NULL };
	enum err e;
	uint32_t count;

	if (!p->has_gpu)
		return OK;
	e = rank_lines(p, rank_gpu, l->wanted, &r);
	count = r.count < max ? r.count : max;
	map_key(m, "gpu_hotspots");
	value_array(m->w, count);
	for (uint32_t i = 0; i < count; i++)
		item_gpu_line(m->w, p, &p->lines[r.at[i].index], true);
	ranking_fini(&r);
	return e;
}

static enum err
put_leaks(struct map *m, const struct listing *l, uint32_t max)
{
	const struct profile *p = l->query->profile;
	struct ranking r = { .at = NULL };
	enum err e;
	uint32_t count;

	if (!p->has_memory)
		return OK;
	e = rank_leaks(p, l->wanted, &r);
	count = r.count < max ? r.count : max;
	map_figure(m, "growth_rate_percent", p->growth_percent, DECIMALS_PERCENT);
	map_key(m, "leaks");
	value_array(m->w, count);
	for (uint32_t i = 0; i < count; i++)
		item_leak(m->w, p, &p->leaks[r.at[i].index]);
	ranking_fini(&r);
	return e;
}

static enum err
put_bottlenecks(struct map *m, const struct listing *l, uint32_t max, double cpu, double memory_mb)
{
	const struct profile *p = l->query->profile;
	struct bottlenecks b = { .at = NULL };
	enum err e = bottlenecks_find(p, l->wanted, cpu, memory_mb, &b);
	uint32_t count = b.count < max ? b.count : max;
	struct map left;

	map_key(m, "bottlenecks");
	value_array(m->w, count);
	for (uint32_t i = 0; i < count; i++)
		bottleneck_write(m->w, p, &b.at[i], true);
	map_key(m, "left_out");
	map_open(&left, m->w);
	map_int(&left, "functions", b.hidden_functions);
	map_int(&left, "lines", b.hidden_lines);
	map_int(&left, "bottlenecks", b.count - count);
	map_close(&left);
	bottlenecks_fini(&b);
	return e;
}

static enum err
put_recommendations(struct map *m, const struct listing *l, uint32_t max)
{
	struct findings f = { .at = NULL };
	enum err e = rules_apply(l->query->profile, l->wanted, &f);
	uint32_t count = f.count < max ? f.count : max;

	map_key(m, "recommendations");
	value_array(m->w, count);
	for (uint32_t i = 0; i < count; i++)
		finding_write(m->w, l->query->profile, &f.at[i], true);
	findings_fini(&f);
	return e;
}

static enum err
put_lists(struct map *m, const struct listing *l, double cpu, double memory_mb)
{
	const struct profile *p = l->query->profile;
	uint32_t max = l->query->top_n < ITEMS_MAX ? (uint32_t)l->query->top_n : ITEMS_MAX;
	enum err e;

	map_key(m, "hotspots");
	e = summary_write_lines(m->w, p, l->wanted, max);
	if (e == OK)
		e = put_memory(m, l, max);
	if (e == OK)
		e = put_gpu(m, l, max);
	if (e == OK)
		e = put_bottlenecks(m, l, max, cpu, memory_mb);
	if (e == OK)
		e = put_leaks(m, l, max);
	if (e == OK)
		e = put_recommendations(m, l, max);
	return e;
}

/*
 * The summary and the top of each kind, in few words; memory, GPU and leaks where they were
 * profiled: { profile_id, program?, outcome?, elapsed_s, ..., samples, hotspots, memory_hotspots?,
 * gpu_hotspots?, bottlenecks, left_out: { functions, lines, bottlenecks }, growth_rate_percent?,
 * leaks?, recommendations, warnings }. At most top_n and ITEMS_MAX of each; of lines, those that
 * hold most.
 */
enum err
view_overview(const struct view_query *q, struct value_writer *w, struct view_problem *problem)
{
	double cpu = 0, memory_mb = 0;
	struct listing l;
	struct map m;
	enum err e = listing_open(&l, q, problem);

	if (e == OK)
		e = view_thresholds(q, &cpu, &memory_mb, problem);
	if (e != OK)
		goto out;
	map_open(&m, w);
	map_object(&m, "profile_id", value_get(q->facts, "profile_id"));
	map_member(&m, "program", q->facts);
	map_member(&m, "outcome", q->facts);
	summary_put_totals(&m, q->profile);
	e = put_lists(&m, &l, cpu, memory_mb);
	map_key(&m, "warnings");
	warnings_write(w, q->profile, summary_topics(q->profile), NULL, NULL);
	map_close(&m);
out:
	listing_fini(&l);
	return e;
}
