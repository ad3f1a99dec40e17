#include <stdio.h>

#include "workers/analyzer/bottlenecks.h"
#include "workers/analyzer/listing.h"
#include "workers/analyzer/rank.h"
#include "workers/analyzer/rules.h"
#include "workers/analyzer/samples.h"
#include "workers/analyzer/summary.h"
#include "workers/analyzer/warnings.h"

#define FLAT_SAMPLES 300u       /* R2 needs as many */
#define FLAT_PERCENT 10.0
#define FOCUS_PERCENT 30.0      /* R1 */

static void
write_item(struct value_writer *w, const struct profile *p, const void *from, uint32_t index)
{
	const struct findings *f = from;

	finding_write(w, p, &f->at[index], false);
}

/* R1 and R2: where any work pays at all. Nothing on few samples. */
static void
put_focus(struct map *m, const struct profile *p, const struct ranking *functions)
{
	const struct profile_function *first;
	char text[480];
	double share;

	if (functions->count == 0 || !p->has_samples || p->samples < SAMPLES_FEW)
		return;
	first = &p->functions[functions->at[0].index];
	share = metric_cpu(first->metric);
	if (share_at_least(p, share) >= FOCUS_PERCENT && share < 99.5)
		snprintf(text, sizeof(text), "%.*s takes %.1f %% of the CPU time (at least "
		    "%.1f): without it the program could be %.1f times as fast, no more",
		    (int)text_prefix(first->name, 200), first->name.at, share,
		    share_at_least(p, share), 1 / (1 - share / 100));
	else if (share < FLAT_PERCENT && p->samples >= FLAT_SAMPLES)
		snprintf(text, sizeof(text), "flat: no function takes %.0f %% of the CPU time, so "
		    "no single change makes much difference", FLAT_PERCENT);
	else
		return;
	map_text(m, "focus", text_of(text));
}

/* Which rules were not asked, and what would have to change. */
static void
put_withheld(struct map *m, const struct profile *p, const struct findings *f)
{
	size_t opened;
	uint32_t count = 0;
	char text[200];

	map_key(m, "withheld");
	opened = value_open_array(m->w);
	if (f->too_few_samples && p->has_samples && p->samples > 0) {
		snprintf(text, sizeof(text), "CPU advice needs %u samples, there are %llu: run "
		    "about %.0f times as long", SAMPLES_FEW, (unsigned long long)p->samples,
		    (double)SAMPLES_FEW / (double)p->samples + 1);
		value_string(m->w, text);
		count++;
	} else if (f->too_few_samples) {
		value_string(m->w, "CPU advice needs sample counts: profile with stacks true");
		count++;
	}
	if (f->busy) {
		value_string(m->w, "advice on waiting: lines that have no reason to wait wait "
		    "too, so the machine was probably busy");
		count++;
	}
	value_close_array(m->w, opened, count);
}

static enum err
write_answer(struct value_writer *w, struct listing *l, const struct findings *found)
{
	const struct profile *p = l->query->profile;
	struct ranking r = { .at = NULL };
	enum err e = rank_functions(p, metric_cpu, l->wanted, &r);
	struct map m;

	map_open(&m, w);
	map_object(&m, "profile_id", value_get(l->query->facts, "profile_id"));
	map_key(&m, "samples");
	if (p->has_samples)
		value_int(w, (int64_t)p->samples);
	else
		value_nil(w);
	put_focus(&m, p, &r);
	listing_write(l, &m, "recommendations", found->count, write_item, found);
	put_withheld(&m, p, found);
	map_key(&m, "warnings");
	warnings_write(w, p, WARN_CPU, NULL, NULL);
	listing_put_cursor(l, &m);
	map_close(&m);
	ranking_fini(&r);
	return e;
}

/*
 * What the rules say, for the source as it was profiled: { profile_id, samples, focus?,
 * recommendations, withheld, warnings, next_cursor? }.
 */
enum err
view_recommendations(const struct view_query *q, struct value_writer *w,
    struct view_problem *problem)
{
	struct findings found = { .at = NULL };
	struct listing l;
	enum err e = listing_open(&l, q, problem);

	if (e == OK)
		e = rules_apply(q->profile, l.wanted, &found);
	if (e == OK)
		e = write_answer(w, &l, &found);
	findings_fini(&found);
	listing_fini(&l);
	return e;
}
