#include <stdio.h>

#include "workers/analyzer/items.h"
#include "workers/analyzer/rule_table.h"
#include "workers/analyzer/samples.h"

#define BOUND_MAX_PERCENT 99.5  /* of a larger share the bound says nothing */

static const char unknown_advice[] = "hot, no known pattern";

static const char *
confidence_word(enum confidence c)
{
	static const char *const words[] = {
		[CONFIDENCE_NONE] = "none", [CONFIDENCE_LOW] = "low",
		[CONFIDENCE_MEDIUM] = "medium", [CONFIDENCE_HIGH] = "high",
	};

	return words[c];
}

/* The figures that made the rule speak. */
static void
put_evidence(struct map *m, const struct profile *p, const struct finding *f)
{
	const double *metric = f->metric;
	double cpu = metric_cpu(metric);
	char text[240];

	if (f->rule->metric == RULE_PEAK)
		snprintf(text, sizeof(text), "peak_mb %.1f of the run's %.1f; rule: >= %.0f %%",
		    metric[METRIC_PEAK], p->peak_mb, f->rule->least_part);
	else if (f->rule->metric == RULE_COPY)
		snprintf(text, sizeof(text), "copy_mb_s %.0f; rule: >= %.0f", metric[METRIC_COPY],
		    f->rule->least_part);
	else
		snprintf(text, sizeof(text), "about %.0f of %llu samples: python %.0f %%, native "
		    "%.0f %%, wait %.0f %% of the region; rule: >= %.0f %% of the CPU time",
		    cpu / 100 * (double)p->samples, (unsigned long long)p->samples,
		    metric[METRIC_PYTHON] / cpu * 100, metric[METRIC_NATIVE] / cpu * 100,
		    metric[METRIC_WAIT] / cpu * 100, f->rule->least_percent);
	map_text(m, "evidence", text_of(text));
}

static const char *
verify_text(const struct finding *f)
{
	if (rule_is_about_memory(f->rule))
		return "profile again with memory true: this line's figure has to fall";
	return "same results, then several profiles of each version with memory false, compared "
	    "in CPU seconds";
}

static void
put_details(struct map *m, const struct profile *p, const struct finding *f)
{
	double share = metric_cpu(f->metric);

	map_text(m, "source", item_excerpt(f->source));
	put_evidence(m, p, f);
	map_text(m, "reason", text_of(f->rule->reason));
	if (!rule_is_about_memory(f->rule) && share > 0 && share < BOUND_MAX_PERCENT)
		map_figure(m, "speedup_at_most", 1 / (1 - share / 100), 2);
	map_text(m, "verify", text_of(verify_text(f)));
}

void
finding_write(struct value_writer *w, const struct profile *p, const struct finding *f, bool brief)
{
	const struct profile_function *function = &p->functions[f->function];
	double share = metric_cpu(f->metric);
	struct map m;

	map_open(&m, w);
	map_text(&m, "rule", text_of(f->rule == NULL ? "none" : f->rule->name));
	map_text(&m, "file", p->files[function->file].name);
	map_text(&m, "function", function->name);
	if (!brief) {
		map_int(&m, "start_line", f->start);
		map_int(&m, "end_line", f->end);
	}
	if (f->rule != NULL)
		map_int(&m, "line", f->line);
	map_figure(&m, "cpu_percent", share, DECIMALS_PERCENT);
	if (!brief)
		map_figure(&m, "plus_minus_percent", share_plus_minus(p, share),
		    DECIMALS_PERCENT);
	map_text(&m, "advice", text_of(f->rule == NULL ? unknown_advice : f->rule->advice));
	map_text(&m, "confidence", text_of(confidence_word(f->confidence)));
	if (!brief && f->rule != NULL)
		put_details(&m, p, f);
	map_close(&m);
}
