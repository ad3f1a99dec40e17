#include "workers/analyzer/items.h"

#include "workers/analyzer/samples.h"

static const char def_note[] =
    "a function's first line: may be time of a loop in it, or of calling it";

struct text
item_source(const struct profile_line *l)
{
	struct text t = l->source;

	while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t')) {
		t.at++;
		t.len--;
	}
	while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
		t.len--;
	t.len = text_prefix(t, ITEM_SOURCE_BYTES);
	return t;
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
	map_text(&m, "file", p->files[l->file].name);
	map_int(&m, "line", l->number);
	if (!brief)
		map_text(&m, "function", p->functions[l->function].name);
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
