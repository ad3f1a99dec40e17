#include "workers/analyzer/items.h"

#include <math.h>

#include "workers/analyzer/samples.h"

static const char def_note[] =
    "a function's first line: may be time of a loop in it, or of calling it";

struct text
item_excerpt(struct text t)
{
	while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t')) {
		t.at++;
		t.len--;
	}
	while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
		t.len--;
	t.len = text_prefix(t, ITEM_SOURCE_BYTES);
	return t;
}

struct text
item_source(const struct profile_line *l)
{
	return item_excerpt(l->source);
}

void
item_put_place(struct map *m, const struct profile *p, const struct profile_line *l, bool brief)
{
	map_text(m, "file", p->files[l->file].name);
	map_int(m, "line", l->number);
	if (!brief)
		map_text(m, "function", p->functions[l->function].name);
}

static void
put_shares(struct map *m, const struct profile *p, const double metric[METRIC_COUNT])
{
	double cpu = metric_cpu(metric);

	map_figure(m, "cpu_percent", cpu, DECIMALS_PERCENT);
	map_figure(m, "python_percent", metric[METRIC_PYTHON], DECIMALS_PERCENT);
	map_figure(m, "native_percent", metric[METRIC_NATIVE], DECIMALS_PERCENT);
	map_figure(m, "wait_percent", metric[METRIC_WAIT], DECIMALS_PERCENT);
	map_figure(m, "cpu_s", profile_cpu_s(p, cpu), DECIMALS_S);
	map_figure(m, "plus_minus_percent", share_plus_minus(p, cpu), DECIMALS_PERCENT);
}

static bool
is_def_line(const struct profile *p, const struct profile_line *l)
{
	const struct profile_function *f = &p->functions[l->function];

	return !f->is_module && !f->is_class && l->number == f->start && metric_cpu(l->metric) > 0;
}

void
item_line(struct value_writer *w, const struct profile *p, const struct profile_line *l, bool brief)
{
	struct map m;

	map_open(&m, w);
	item_put_place(&m, p, l, brief);
	put_shares(&m, p, l->metric);
	map_text(&m, "source", item_source(l));
	if (is_def_line(p, l))
		map_text(&m, "note", text_of(def_note));
	map_close(&m);
}

void
item_function(struct value_writer *w, const struct profile *p, const struct profile_function *f)
{
	struct map m;

	map_open(&m, w);
	map_text(&m, "file", p->files[f->file].name);
	map_text(&m, "function", f->name);
	map_int(&m, "start_line", f->start);
	map_int(&m, "end_line", f->end);
	put_shares(&m, p, f->metric);
	if (p->has_memory) {
		map_figure(&m, "peak_mb", f->metric[METRIC_PEAK], DECIMALS_MB);
		map_figure(&m, "allocated_mb", f->metric[METRIC_ALLOCATED], DECIMALS_MB);
	}
	map_close(&m);
}

void
item_memory_line(struct value_writer *w, const struct profile *p, const struct profile_line *l,
    bool brief)
{
	struct map m;

	map_open(&m, w);
	item_put_place(&m, p, l, brief);
	map_figure(&m, "peak_mb", l->metric[METRIC_PEAK], DECIMALS_MB);
	map_figure(&m, "allocated_mb", l->metric[METRIC_ALLOCATED], DECIMALS_MB);
	if (!brief)
		map_figure(&m, "average_mb", l->metric[METRIC_AVERAGE], DECIMALS_MB);
	map_figure(&m, "copy_mb_s", l->metric[METRIC_COPY], DECIMALS_MB);
	if (!brief && l->metric[METRIC_ALLOCATED] > 0)
		map_figure(&m, "python_fraction", l->metric[METRIC_PYTHON_FRACTION], 3);
	map_text(&m, "source", item_source(l));
	map_close(&m);
}

void
item_gpu_line(struct value_writer *w, const struct profile *p, const struct profile_line *l,
    bool brief)
{
	struct map m;

	map_open(&m, w);
	item_put_place(&m, p, l, brief);
	map_figure(&m, "gpu_percent", l->metric[METRIC_GPU], DECIMALS_PERCENT);
	map_figure(&m, "gpu_average_mb", l->metric[METRIC_GPU_AVERAGE], DECIMALS_MB);
	map_figure(&m, "gpu_peak_mb", l->metric[METRIC_GPU_PEAK], DECIMALS_MB);
	map_figure(&m, "cpu_percent", metric_cpu(l->metric), DECIMALS_PERCENT);
	map_text(&m, "source", item_source(l));
	map_close(&m);
}

void
item_put_memory_totals(struct map *m, const struct profile *p)
{
	map_exact(m, "peak_memory_mb", p->has_memory ? p->peak_mb : NAN);
	map_figure(m, "allocated_mb", p->has_memory ? p->allocated_mb : NAN, DECIMALS_MB);
	map_figure(m, "growth_rate_percent", p->has_memory ? p->growth_percent : NAN,
	    DECIMALS_PERCENT);
}

void
item_leak(struct value_writer *w, const struct profile *p, const struct profile_leak *l)
{
	struct map m;

	map_open(&m, w);
	map_text(&m, "file", p->files[l->file].name);
	map_int(&m, "line", l->line);
	map_figure(&m, "likelihood", l->likelihood, 3);
	map_figure(&m, "velocity_mb_s", l->velocity_mb_s, DECIMALS_MB);
	map_close(&m);
}
