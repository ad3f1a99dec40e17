#include "workers/analyzer/summary.h"

#include <math.h>

#include "workers/analyzer/items.h"
#include "workers/analyzer/rank.h"
#include "workers/analyzer/warnings.h"

#define LEAST_PERCENT 1.0       /* of the CPU time; less is not worth a place, except the first */
/* listed so far; the rest may wait for the view of hotspots */
#define ENOUGH_FUNCTIONS_PERCENT 90.0
#define ENOUGH_LINES_PERCENT 80.0

void
summary_put_totals(struct map *m, const struct profile *p)
{
	map_exact(m, "elapsed_s", p->elapsed_s);
	map_exact(m, "peak_memory_mb", p->has_memory ? p->peak_mb : NAN);
	map_figure(m, "allocated_mb", p->has_memory ? p->allocated_mb : NAN, DECIMALS_MB);
	map_figure(m, "cpu_s", profile_total_cpu_s(p), DECIMALS_S);
	map_key(m, "samples");
	if (p->has_samples)
		value_int(m->w, (int64_t)p->samples);
	else
		value_nil(m->w);
}

unsigned
summary_topics(const struct profile *p)
{
	return p->has_memory ? WARN_CPU | WARN_LEAKS : WARN_CPU;
}

/* How many of a ranking by CPU share are worth listing, `max` at most. */
static uint32_t
worth_listing(const struct ranking *r, double enough_percent, uint32_t max)
{
	double listed = 0;
	uint32_t n = 0;

	while (n < r->count && n < max && listed < enough_percent
	    && (n == 0 || r->at[n].key >= LEAST_PERCENT))
		listed += r->at[n++].key;
	return n;
}

enum err
summary_write_functions(struct value_writer *w, const struct profile *p, const bool *wanted,
    uint32_t max)
{
	struct ranking r = { .at = NULL };
	enum err e = rank_functions(p, metric_cpu, wanted, &r);
	uint32_t count = worth_listing(&r, ENOUGH_FUNCTIONS_PERCENT, max);

	value_array(w, count);
	for (uint32_t i = 0; i < count; i++)
		item_function(w, p, &p->functions[r.at[i].index]);
	ranking_fini(&r);
	return e;
}

enum err
summary_write_lines(struct value_writer *w, const struct profile *p, const bool *wanted,
    uint32_t max)
{
	struct ranking r = { .at = NULL };
	enum err e = rank_lines(p, metric_cpu, wanted, &r);
	uint32_t count = worth_listing(&r, ENOUGH_LINES_PERCENT, max);

	value_array(w, count);
	for (uint32_t i = 0; i < count; i++)
		item_line(w, p, &p->lines[r.at[i].index], true);
	ranking_fini(&r);
	return e;
}

static enum err
write_leaks(struct value_writer *w, const struct profile *p)
{
	struct ranking r = { .at = NULL };
	enum err e = rank_leaks(p, NULL, &r);
	uint32_t count = r.count < SUMMARY_LEAKS ? r.count : SUMMARY_LEAKS;

	value_array(w, count);
	for (uint32_t i = 0; i < count; i++)
		item_leak(w, p, &p->leaks[r.at[i].index]);
	ranking_fini(&r);
	return e;
}

enum err
summary_put_top(struct map *m, const struct profile *p)
{
	enum err e;

	map_key(m, "top_functions");
	e = summary_write_functions(m->w, p, NULL, SUMMARY_ITEMS);
	if (e != OK)
		return e;
	map_key(m, "top_lines");
	e = summary_write_lines(m->w, p, NULL, SUMMARY_ITEMS);
	if (e != OK || !p->has_memory)
		return e;
	map_key(m, "leaks");
	return write_leaks(m->w, p);
}

enum err
summary_write(struct value_writer *w, const struct profile *p)
{
	struct map m;
	enum err e;

	map_open(&m, w);
	summary_put_totals(&m, p);
	e = summary_put_top(&m, p);
	if (e != OK)
		return e;
	map_key(&m, "warnings");
	warnings_write(w, p, summary_topics(p), NULL, NULL);
	map_close(&m);
	return w->failed ? ERR_NO_MEMORY : OK;
}

void
summary_write_none(struct value_writer *w, const char *warning)
{
	static const char *const keys[] = { "elapsed_s", "peak_memory_mb", "allocated_mb", "cpu_s",
	    "samples" };
	struct map m;

	map_open(&m, w);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		map_exact(&m, keys[i], NAN);
	map_key(&m, "warnings");
	value_array(w, 1);
	value_string(w, warning);
	map_close(&m);
}
