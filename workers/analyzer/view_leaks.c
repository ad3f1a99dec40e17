#include "workers/analyzer/growth.h"
#include "workers/analyzer/items.h"
#include "workers/analyzer/listing.h"
#include "workers/analyzer/rank.h"
#include "workers/analyzer/warnings.h"

static const char none_reported[] =
    "no leak reported, which does not mean none: Scalene reports only lines that set new maxima "
    "above 100 MiB and never free";

/* A leak's line, if it has figures. */
static const struct profile_line *
line_of(const struct profile *p, const struct profile_leak *leak)
{
	for (uint32_t i = 0; i < p->line_count; i++)
		if (p->lines[i].file == leak->file && p->lines[i].number == leak->line)
			return &p->lines[i];
	return NULL;
}

static void
write_item(struct value_writer *w, const struct profile *p, const void *from, uint32_t index)
{
	const struct ranking *r = from;
	const struct profile_leak *leak = &p->leaks[r->at[index].index];
	const struct profile_line *l = line_of(p, leak);
	struct map m;

	map_open(&m, w);
	map_text(&m, "file", p->files[leak->file].name);
	map_int(&m, "line", leak->line);
	if (l != NULL)
		map_text(&m, "function", p->functions[l->function].name);
	map_figure(&m, "likelihood", leak->likelihood, 3);
	map_figure(&m, "velocity_mb_s", leak->velocity_mb_s, DECIMALS_MB);
	if (l != NULL) {
		map_figure(&m, "allocated_mb", l->metric[METRIC_ALLOCATED], DECIMALS_MB);
		map_text(&m, "source", item_source(l));
	}
	map_close(&m);
}

/*
 * The lines that Scalene takes for leaks, likeliest first: { profile_id, peak_memory_mb,
 * allocated_mb, growth_rate_percent, late_growth_mb, assessment, leaks, warnings, next_cursor? }.
 */
enum err
view_leaks(const struct view_query *q, struct value_writer *w, struct view_problem *problem)
{
	const struct profile *p = q->profile;
	struct ranking r = { .at = NULL };
	struct listing l;
	struct map m;
	enum err e = listing_open(&l, q, problem);

	if (e == OK)
		e = rank_leaks(p, l.wanted, &r);
	if (e != OK)
		goto out;
	map_open(&m, w);
	map_object(&m, "profile_id", value_get(q->facts, "profile_id"));
	item_put_memory_totals(&m, p);
	map_figure(&m, "late_growth_mb", growth_late_mb(p), DECIMALS_MB);
	map_text(&m, "assessment", text_of(growth_text(growth_of(p))));
	listing_write(&l, &m, "leaks", r.count, write_item, &r);
	map_key(&m, "warnings");
	warnings_write(w, p, WARN_LEAKS, p->has_memory && p->leak_count == 0 ? none_reported
	    : NULL, NULL);
	listing_put_cursor(&l, &m);
	map_close(&m);
out:
	ranking_fini(&r);
	listing_fini(&l);
	return e;
}
