#include "workers/analyzer/rules.h"

#include <stdlib.h>
#include <string.h>

#include "workers/analyzer/bottlenecks.h"
#include "workers/analyzer/code.h"
#include "workers/analyzer/rank.h"
#include "workers/analyzer/rule_table.h"
#include "workers/analyzer/samples.h"
#include "workers/analyzer/warnings.h"

#define FUNCTIONS_MAX 200u      /* that are looked at */
#define PEAK_LEAST_MB 10.0      /* less is not worth a change */

static bool
has_word(const struct rule *r, struct text code)
{
	for (size_t i = 0; r->words[i] != NULL; i++)
		if (code_has(code, r->words[i], NULL))
			return true;
	return false;
}

static bool
has_pattern(const struct rule *r, const struct body *b, const struct body_row *row)
{
	if (r->match != NULL ? !r->match(b, row) : !has_word(r, row->code))
		return false;
	if (r->place == PLACE_LOOP)
		return row->depth > 0 && row->loop != BODY_NO_LOOP;
	return r->place != PLACE_ASYNC || b->is_async;
}

/* ---- metrics ---- */

static double
part_of(const double metric[METRIC_COUNT], enum rule_metric part)
{
	static const enum metric metrics[] = { [RULE_PYTHON] = METRIC_PYTHON,
	    [RULE_NATIVE] = METRIC_NATIVE, [RULE_WAIT] = METRIC_WAIT };
	double cpu = metric_cpu(metric);

	return cpu > 0 ? metric[metrics[part]] / cpu * 100 : 0;
}

static bool
cpu_holds(const struct profile *p, const struct rule *r, const struct finding *f)
{
	double share = metric_cpu(f->metric);

	if (share < r->least_percent || share_at_least(p, share) < RULES_LEAST_PERCENT)
		return false;
	if (r->metric == RULE_CPU)
		return true;
	return share / 100 * (double)p->samples >= RULES_SPLIT_SAMPLES
	    && part_of(f->metric, r->metric) >= r->least_part;
}

static bool
memory_holds(const struct profile *p, const struct rule *r, const struct finding *f)
{
	double peak = f->metric[METRIC_PEAK];

	if (!p->has_memory)
		return false;
	if (r->metric == RULE_COPY)
		return f->metric[METRIC_COPY] >= r->least_part;
	return peak >= PEAK_LEAST_MB && p->peak_mb > 0
	    && peak / p->peak_mb * 100 >= r->least_part;
}

static bool
metric_holds(const struct profile *p, const struct findings *all, const struct finding *f)
{
	const struct rule *r = f->rule;

	if (rule_is_about_memory(r))
		return memory_holds(p, r, f);
	if (all->too_few_samples || (r->metric == RULE_WAIT && all->busy))
		return false;
	return cpu_holds(p, r, f);
}

/* Lower by one where the pattern's line itself holds little of the region, and where memory
 * profiling may have made the figures. */
static enum confidence
confidence_of(const struct profile *p, const struct finding *f)
{
	int confidence = (int)f->rule->confidence;

	if (rule_is_about_memory(f->rule))
		return f->rule->confidence;
	if (f->line_cpu_percent < metric_cpu(f->metric) / 4)
		confidence--;
	if (warnings_distorted(p))
		confidence--;
	return confidence < CONFIDENCE_LOW ? CONFIDENCE_LOW : (enum confidence)confidence;
}

/* ---- finding ---- */

static enum err
add(struct findings *all, const struct finding *f)
{
	struct finding *slot = profile_grow(&all->at, &all->count, sizeof(*slot));

	if (slot == NULL)
		return ERR_NO_MEMORY;
	*slot = *f;
	return OK;
}

static struct finding
make(const struct profile *p, const struct body *b, const struct body_row *row,
    const struct rule *r)
{
	struct finding f = { .rule = r, .line = row->number, .start = row->number,
	    .end = row->number, .source = row->source,
	    .function = (uint32_t)(b->function - p->functions) };

	if (row->line != NULL) {
		memcpy(f.metric, row->line->metric, sizeof(f.metric));
		f.line_cpu_percent = metric_cpu(f.metric);
	}
	if (r->place == PLACE_LOOP) {
		const struct body_loop *loop = &b->loops[row->loop];

		memcpy(f.metric, loop->metric, sizeof(f.metric));
		f.start = b->rows[loop->first].number;
		f.end = b->rows[loop->last].number;
	}
	f.weight = metric_cpu(f.metric);
	if (r->metric == RULE_PEAK && p->peak_mb > 0)
		f.weight = f.metric[METRIC_PEAK] / p->peak_mb * 100;
	return f;
}

/* A rule speaks once for a region: of the pattern's lines, the costliest stands for it. */
static enum err
add_once(struct findings *all, uint32_t first, const struct finding *f)
{
	for (uint32_t i = first; i < all->count; i++) {
		struct finding *known = &all->at[i];

		if (known->rule != f->rule || known->start != f->start || known->end != f->end)
			continue;
		if (f->line_cpu_percent > known->line_cpu_percent)
			*known = *f;
		return OK;
	}
	return add(all, f);
}

static enum err
apply_to_row(const struct profile *p, const struct body *b, const struct body_row *row,
    uint32_t first, struct findings *all)
{
	enum err e = OK;

	for (size_t i = 0; e == OK && i < rule_count; i++) {
		struct finding f;

		if (!has_pattern(&rule_table[i], b, row))
			continue;
		f = make(p, b, row, &rule_table[i]);
		if (!metric_holds(p, all, &f))
			continue;
		f.confidence = confidence_of(p, &f);
		e = add_once(all, first, &f);
	}
	return e;
}

static bool
is_hot(const struct profile *p, const struct findings *all, const struct profile_function *f)
{
	return !all->too_few_samples
	    && share_at_least(p, metric_cpu(f->metric)) >= RULES_HOT_PERCENT;
}

static enum err
add_unknown(const struct profile *p, const struct profile_function *f, struct findings *all)
{
	struct finding found = { .function = (uint32_t)(f - p->functions), .start = f->start,
	    .end = f->end, .weight = metric_cpu(f->metric) };

	memcpy(found.metric, f->metric, sizeof(found.metric));
	return add(all, &found);
}

static enum err
apply_to_function(const struct profile *p, const struct profile_function *f,
    struct findings *all)
{
	uint32_t first = all->count;
	struct body b;
	enum err e = body_read(p, f, &b);

	for (uint32_t i = 0; e == OK && i < b.row_count; i++)
		e = apply_to_row(p, &b, &b.rows[i], first, all);
	if (e == OK && all->count == first && is_hot(p, all, f))
		e = add_unknown(p, f, all);
	body_fini(&b);
	return e;
}

static bool
waits_by_itself(struct text source)
{
	for (size_t i = 0; i < rule_count; i++)
		if (rule_table[i].metric == RULE_WAIT && has_word(&rule_table[i], source))
			return true;
	return false;
}

/* G2: where lines that have no reason to wait wait too, the machine was busy. */
static bool
was_busy(const struct profile *p)
{
	double wait = 0, cpu = 0;

	for (uint32_t i = 0; i < p->line_count; i++) {
		const double *metric = p->lines[i].metric;

		if (waits_by_itself(p->lines[i].source))
			continue;
		wait += metric[METRIC_WAIT];
		cpu += metric_cpu(metric);
	}
	return cpu > 0 && wait / cpu * 100 > RULES_BUSY_PERCENT;
}

static int
weightiest_first(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if ((x->rule == NULL) != (y->rule == NULL))
		return x->rule == NULL ? 1 : -1;
	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

/* What is worth looking at: CPU time, or a peak that a rule could speak of. */
static double
rank_worth(const double metric[METRIC_COUNT])
{
	return metric_cpu(metric) + metric[METRIC_PEAK] + metric[METRIC_COPY];
}

enum err
rules_apply(const struct profile *p, const bool *wanted, struct findings *ret_findings)
{
	struct findings all = { .at = NULL };
	struct ranking r = { .at = NULL };
	enum err e = rank_functions(p, rank_worth, wanted, &r);

	all.too_few_samples = !p->has_samples || p->samples < SAMPLES_FEW;
	all.busy = was_busy(p);
	for (uint32_t i = 0; e == OK && i < r.count && i < FUNCTIONS_MAX; i++)
		e = apply_to_function(p, &p->functions[r.at[i].index], &all);
	ranking_fini(&r);
	if (e != OK) {
		findings_fini(&all);
		return e;
	}
	if (all.count > 1)
		qsort(all.at, all.count, sizeof(*all.at), weightiest_first);
	*ret_findings = all;
	return OK;
}

void
findings_fini(struct findings *f)
{
	free(f->at);
	f->at = NULL;
	f->count = 0;
}
