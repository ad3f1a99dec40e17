#include "workers/analyzer/summary.h"

#include <math.h>
#include <stdlib.h>

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

/* How many of a ranking by CPU share are worth listing. */
static uint32_t
worth_listing(const struct ranking *r, double enough_percent)
{
	double listed = 0;
	uint32_t n = 0;

	while (n < r->count && n < SUMMARY_ITEMS && listed < enough_percent
	    && (n == 0 || r->at[n].key >= LEAST_PERCENT))
		listed += r->at[n++].key;
	return n;
}

enum err
summary_write_functions(struct value_writer *w, const struct profile *p, const bool *wanted)
{
	struct ranking r = { .at = NULL };
	enum err e = rank_functions(p, metric_cpu, wanted, &r);
	uint32_t count = worth_listing(&r, ENOUGH_FUNCTIONS_PERCENT);

	value_array(w, count);
	for (uint32_t i = 0; i < count; i++)
		item_function(w, p, &p->functions[r.at[i].index]);
	ranking_fini(&r);
	return e;
}

static enum err
write_lines(struct value_writer *w, const struct profile *p)
{
	struct ranking r = { .at = NULL };
	enum err e = rank_lines(p, metric_cpu, NULL, &r);
	uint32_t count = worth_listing(&r, ENOUGH_LINES_PERCENT);

	value_array(w, count);
	for (uint32_t i = 0; i < count; i++)
		item_line(w, p, &p->lines[r.at[i].index], true);
	ranking_fini(&r);
	return e;
}

static int
likelier_first(const void *a, const void *b)
{
	const struct profile_leak *const *x = a, *const *y = b;

	if ((*x)->likelihood != (*y)->likelihood)
		return (*x)->likelihood < (*y)->likelihood ? 1 : -1;
	return (*x > *y) - (*x < *y);
}

static enum err
write_leaks(struct value_writer *w, const struct profile *p)
{
	const struct profile_leak **order = calloc(p->leak_count + 1,
	    sizeof(struct profile_leak *));
	uint32_t count = p->leak_count < SUMMARY_LEAKS ? p->leak_count : SUMMARY_LEAKS;

	if (order == NULL)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < p->leak_count; i++)
		order[i] = &p->leaks[i];
	qsort(order, p->leak_count, sizeof(struct profile_leak *), likelier_first);
	value_array(w, count);
	for (uint32_t i = 0; i < count; i++)
		item_leak(w, p, order[i]);
	free(order);
	return OK;
}

enum err
summary_put_top(struct map *m, const struct profile *p)
{
	enum err e;

	map_key(m, "top_functions");
	e = summary_write_functions(m->w, p, NULL);
	if (e != OK)
		return e;
	map_key(m, "top_lines");
	e = write_lines(m->w, p);
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
	warnings_write(w, p, NULL);
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
