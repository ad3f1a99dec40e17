#include "workers/analyzer/bottlenecks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "workers/analyzer/growth.h"
#include "workers/analyzer/items.h"
#include "workers/analyzer/samples.h"

#define WAITING_PERCENT 50.0    /* of a function's share, which is then called waiting */

const char *
severity_word(enum severity s)
{
	static const char *const words[SEVERITY_COUNT] = {
		[SEVERITY_HIGH] = "high", [SEVERITY_MEDIUM] = "medium", [SEVERITY_LOW] = "low",
	};

	return words[s];
}

double
share_at_least(const struct profile *p, double share_percent)
{
	double margin = share_plus_minus(p, share_percent);

	if (isnan(margin))
		return share_percent;
	return share_percent > margin ? share_percent - margin : 0;
}

static enum severity
cpu_severity(const struct profile *p, double share_percent)
{
	double least = share_at_least(p, share_percent);

	if (least >= BOTTLENECK_HIGH_PERCENT)
		return SEVERITY_HIGH;
	return least >= BOTTLENECK_MEDIUM_PERCENT ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

static double
part_of_peak(const struct profile *p, double peak_mb)
{
	return p->peak_mb > 0 ? peak_mb / p->peak_mb * 100 : 0;
}

double
bottleneck_memory_mb(const struct profile *p, const struct profile_line *l)
{
	double part = p->growth_percent < 100 ? p->growth_percent / 100 : 1;
	double kept = l->metric[METRIC_ALLOCATED] * part;

	if (p->growth_percent < GROWTH_RATE_PERCENT || kept < l->metric[METRIC_PEAK])
		return l->metric[METRIC_PEAK];
	return kept;
}

static enum severity
memory_severity(const struct profile *p, double peak_mb)
{
	bool large = peak_mb >= BOTTLENECK_PEAK_MB;
	bool prominent = part_of_peak(p, peak_mb) >= BOTTLENECK_PEAK_PERCENT;

	if (large && prominent)
		return SEVERITY_HIGH;
	return large || prominent ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

static int
gravest_first(const void *a, const void *b)
{
	const struct bottleneck *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity < y->severity ? -1 : 1;
	if (x->is_memory != y->is_memory)
		return x->is_memory ? 1 : -1;
	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return (x->index > y->index) - (x->index < y->index);
}

static enum err
add(struct bottlenecks *found, struct bottleneck b)
{
	struct bottleneck *slot = profile_grow(&found->at, &found->count, sizeof(*slot));

	if (slot == NULL)
		return ERR_NO_MEMORY;
	*slot = b;
	return OK;
}

static enum err
find_functions(const struct profile *p, const bool *wanted, double threshold,
    struct bottlenecks *found)
{
	enum err e = OK;

	for (uint32_t i = 0; e == OK && i < p->function_count; i++) {
		double cpu = metric_cpu(p->functions[i].metric);

		if (cpu <= 0 || (wanted != NULL && !wanted[p->functions[i].file]))
			continue;
		if (cpu < threshold)
			found->hidden_functions++;
		else
			e = add(found, (struct bottleneck){ cpu_severity(p, cpu), false, cpu, i });
	}
	return e;
}

static enum err
find_lines(const struct profile *p, const bool *wanted, double threshold,
    struct bottlenecks *found)
{
	enum err e = OK;

	for (uint32_t i = 0; e == OK && i < p->line_count; i++) {
		double peak = bottleneck_memory_mb(p, &p->lines[i]);

		if (peak <= 0 || (wanted != NULL && !wanted[p->lines[i].file]))
			continue;
		if (peak < threshold)
			found->hidden_lines++;
		else
			e = add(found, (struct bottleneck){ memory_severity(p, peak), true, peak,
			    i });
	}
	return e;
}

enum err
bottlenecks_find(const struct profile *p, const bool *wanted, double cpu_threshold,
    double memory_threshold_mb, struct bottlenecks *ret_found)
{
	struct bottlenecks found = { .at = NULL };
	enum err e = find_functions(p, wanted, cpu_threshold, &found);

	if (e == OK)
		e = find_lines(p, wanted, memory_threshold_mb, &found);
	if (e != OK) {
		bottlenecks_fini(&found);
		return e;
	}
	if (found.count > 1)
		qsort(found.at, found.count, sizeof(*found.at), gravest_first);
	*ret_found = found;
	return OK;
}

void
bottlenecks_fini(struct bottlenecks *b)
{
	free(b->at);
	*b = (struct bottlenecks){ .at = NULL };
}

/* ---- writing ---- */

static const struct profile_line *
costliest_line(const struct profile *p, uint32_t function)
{
	const struct profile_line *found = NULL;

	for (uint32_t i = 0; i < p->line_count; i++) {
		const struct profile_line *l = &p->lines[i];

		if (l->function == function
		    && (found == NULL || metric_cpu(l->metric) > metric_cpu(found->metric)))
			found = l;
	}
	return found;
}

static void
put_cpu_evidence(struct map *m, const struct profile *p, const struct profile_function *f)
{
	double share = metric_cpu(f->metric), wait = f->metric[METRIC_WAIT] / share * 100;
	char text[200], waiting[40] = "";

	if (wait >= WAITING_PERCENT)
		snprintf(waiting, sizeof(waiting), ", %.0f %% of it waiting", wait);
	if (p->has_samples)
		snprintf(text, sizeof(text),
		    "at least %.1f %% of %llu samples, at 95 %% confidence%s",
		    share_at_least(p, share), (unsigned long long)p->samples, waiting);
	else
		snprintf(text, sizeof(text), "%.1f %% of the samples, whose number is unknown%s",
		    share, waiting);
	map_text(m, "evidence", text_of(text));
}

static void
write_cpu(struct map *m, const struct profile *p, const struct bottleneck *b, bool brief)
{
	const struct profile_function *f = &p->functions[b->index];
	const struct profile_line *l = costliest_line(p, b->index);

	map_text(m, "file", p->files[f->file].name);
	map_text(m, "function", f->name);
	map_int(m, "start_line", f->start);
	if (!brief)
		map_int(m, "end_line", f->end);
	map_int(m, "line", l == NULL ? f->start : l->number);
	map_figure(m, "cpu_percent", b->size, DECIMALS_PERCENT);
	map_figure(m, "plus_minus_percent", share_plus_minus(p, b->size), DECIMALS_PERCENT);
	if (brief)
		return;
	map_figure(m, "cpu_s", profile_cpu_s(p, b->size), DECIMALS_S);
	map_text(m, "source", l == NULL ? text_of("") : item_source(l));
	put_cpu_evidence(m, p, f);
}

static void
write_memory(struct map *m, const struct profile *p, const struct bottleneck *b, bool brief)
{
	const struct profile_line *l = &p->lines[b->index];
	char text[160];

	item_put_place(m, p, l, false);
	map_figure(m, "peak_mb", l->metric[METRIC_PEAK], DECIMALS_MB);
	map_figure(m, "allocated_mb", l->metric[METRIC_ALLOCATED], DECIMALS_MB);
	if (brief)
		return;
	map_text(m, "source", item_source(l));
	if (b->size > l->metric[METRIC_PEAK])
		snprintf(text, sizeof(text), "the run kept %.0f %% of what it allocated, here "
		    "%.1f MiB: %.0f %% of the peak of %.1f", p->growth_percent, b->size,
		    part_of_peak(p, b->size), p->peak_mb);
	else
		snprintf(text, sizeof(text),
		    "one visit of the line held %.0f %% of the peak of %.1f MiB",
		    part_of_peak(p, b->size), p->peak_mb);
	map_text(m, "evidence", text_of(text));
}

void
bottleneck_write(struct value_writer *w, const struct profile *p, const struct bottleneck *b,
    bool brief)
{
	struct map m;

	map_open(&m, w);
	map_text(&m, "severity", text_of(severity_word(b->severity)));
	map_text(&m, "kind", text_of(b->is_memory ? "memory" : "cpu"));
	if (b->is_memory)
		write_memory(&m, p, b, brief);
	else
		write_cpu(&m, p, b, brief);
	map_close(&m);
}
