#include <stdio.h>

#include "workers/analyzer/bottlenecks.h"
#include "workers/analyzer/listing.h"
#include "workers/analyzer/summary.h"
#include "workers/analyzer/warnings.h"

static void
write_item(struct value_writer *w, const struct profile *p, const void *from, uint32_t index)
{
	const struct bottlenecks *b = from;

	bottleneck_write(w, p, &b->at[index], false);
}

static void
put_thresholds(struct map *m, double cpu, double memory_mb)
{
	struct map t;
	char text[300];

	map_key(m, "thresholds");
	map_open(&t, m->w);
	map_exact(&t, "cpu_percent", cpu);
	map_exact(&t, "memory_mb", memory_mb);
	map_close(&t);
	snprintf(text, sizeof(text), "cpu: high from %.0f %%, medium from %.0f %%, by the lower "
	    "end of the 95 %% interval; memory: high if peak_mb >= %.0f and >= %.0f %% of the "
	    "run's peak, medium if either", BOTTLENECK_HIGH_PERCENT, BOTTLENECK_MEDIUM_PERCENT,
	    BOTTLENECK_PEAK_MB, BOTTLENECK_PEAK_PERCENT);
	map_text(m, "severities", text_of(text));
}

static void
put_left_out(struct map *m, const struct bottlenecks *b)
{
	struct map left;

	map_key(m, "left_out");
	map_open(&left, m->w);
	map_int(&left, "functions", b->hidden_functions);
	map_int(&left, "lines", b->hidden_lines);
	map_close(&left);
}

/*
 * { profile_id, samples, ..., bottlenecks, left_out: { functions, lines } below the thresholds,
 *   thresholds, severities, warnings, next_cursor? }
 */
enum err
view_bottlenecks(const struct view_query *q, struct value_writer *w, struct view_problem *problem)
{
	struct bottlenecks found = { .at = NULL };
	double cpu = 0, memory_mb = 0;
	struct listing l;
	struct map m;
	enum err e = listing_open(&l, q, problem);

	if (e == OK)
		e = view_thresholds(q, &cpu, &memory_mb, problem);
	if (e == OK)
		e = bottlenecks_find(q->profile, l.wanted, cpu, memory_mb, &found);
	if (e != OK)
		goto out;
	map_open(&m, w);
	map_object(&m, "profile_id", value_get(q->facts, "profile_id"));
	summary_put_totals(&m, q->profile);
	listing_write(&l, &m, "bottlenecks", found.count, write_item, &found);
	put_left_out(&m, &found);
	put_thresholds(&m, cpu, memory_mb);
	map_key(&m, "warnings");
	warnings_write(w, q->profile, WARN_CPU | WARN_MEMORY, NULL, NULL);
	listing_put_cursor(&l, &m);
	map_close(&m);
out:
	bottlenecks_fini(&found);
	listing_fini(&l);
	return e;
}
