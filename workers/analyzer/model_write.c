#include <stdlib.h>

#include "workers/analyzer/model.h"

/* Most figures are 0, which is one byte as an integer and nine as a float. */
static void
write_figure(struct value_writer *w, double v)
{
	if (v == 0)
		value_int(w, 0);
	else
		value_real(w, v);
}

static void
write_metrics(struct value_writer *w, const double metric[METRIC_COUNT])
{
	for (unsigned i = 0; i < METRIC_COUNT; i++)
		write_figure(w, metric[i]);
}

static void
write_head(struct value_writer *w, const struct profile *p)
{
	const double figures[] = {
		p->elapsed_s, p->peak_mb, p->peak_python_fraction, p->growth_percent,
		p->native_mb, p->start_time, p->python_percent, p->native_percent,
		p->wait_percent, p->allocated_mb, p->copy_peak_mb_s,
	};

	value_array(w, MODEL_HEAD);
	value_text(w, p->program);
	value_text(w, p->directory);
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		write_figure(w, figures[i]);
	value_int(w, p->alloc_samples);
	if (p->has_samples)
		value_int(w, (int64_t)p->samples);
	else
		value_nil(w);
	value_bool(w, p->has_memory);
	value_bool(w, p->has_gpu);
	value_bool(w, p->has_async);
	value_int(w, p->notes);
	value_int(w, METRIC_COUNT);
}

static void
write_files(struct value_writer *w, const struct profile *p)
{
	value_array(w, p->file_count);
	for (uint32_t i = 0; i < p->file_count; i++) {
		const struct profile_file *f = &p->files[i];

		value_array(w, MODEL_FILE);
		value_text(w, f->path);
		write_figure(w, f->cpu_percent);
		value_int(w, f->lines);
		value_int(w, f->last_line);
	}
}

static void
write_functions(struct value_writer *w, const struct profile *p)
{
	value_array(w, p->function_count);
	for (uint32_t i = 0; i < p->function_count; i++) {
		const struct profile_function *f = &p->functions[i];

		value_array(w, MODEL_FUNCTION + METRIC_COUNT);
		value_int(w, f->file);
		value_int(w, f->start);
		value_int(w, f->end);
		value_int(w, f->is_module ? 2 : f->is_class);
		value_text(w, f->name);
		write_metrics(w, f->metric);
	}
}

static void
write_lines(struct value_writer *w, const struct profile *p)
{
	value_array(w, p->line_count);
	for (uint32_t i = 0; i < p->line_count; i++) {
		const struct profile_line *l = &p->lines[i];

		value_array(w, MODEL_LINE + METRIC_COUNT);
		value_int(w, l->file);
		value_int(w, l->function);
		value_int(w, l->number);
		value_int(w, l->loop_start);
		value_int(w, l->loop_end);
		value_int(w, l->region_start);
		value_int(w, l->region_end);
		value_text(w, l->source);
		write_metrics(w, l->metric);
	}
}

static void
write_leaks(struct value_writer *w, const struct profile *p)
{
	value_array(w, p->leak_count);
	for (uint32_t i = 0; i < p->leak_count; i++) {
		value_array(w, MODEL_LEAK);
		value_int(w, p->leaks[i].file);
		value_int(w, p->leaks[i].line);
		write_figure(w, p->leaks[i].likelihood);
		write_figure(w, p->leaks[i].velocity_mb_s);
	}
}

static void
write_stacks(struct value_writer *w, const struct profile *p)
{
	value_array(w, p->frame_count);
	for (uint32_t i = 0; i < p->frame_count; i++) {
		value_array(w, MODEL_FRAME);
		value_text(w, p->frames[i].file);
		value_text(w, p->frames[i].function);
		value_int(w, p->frames[i].line);
	}
	value_array(w, p->stack_count);
	for (uint32_t i = 0; i < p->stack_count; i++) {
		const struct profile_stack *s = &p->stacks[i];

		value_array(w, s->depth + 1);
		value_int(w, (int64_t)s->count);
		for (uint32_t j = 0; j < s->depth; j++)
			value_int(w, p->stack_frames[s->first + j]);
	}
}

static void
write_timeline(struct value_writer *w, const struct profile *p)
{
	value_array(w, p->timeline_count);
	for (uint32_t i = 0; i < p->timeline_count; i++) {
		value_array(w, MODEL_POINT);
		write_figure(w, p->timeline[i].at_s);
		write_figure(w, p->timeline[i].memory_mb);
	}
}

static void
write_rows(struct value_writer *w, const struct profile *p)
{
	value_array(w, p->row_count);
	for (uint32_t i = 0; i < p->row_count; i++) {
		value_array(w, MODEL_ROW);
		value_int(w, p->rows[i].file);
		value_int(w, p->rows[i].number);
		value_text(w, p->rows[i].source);
	}
}

void
model_write(const struct profile *p, struct value_writer *w)
{
	value_array(w, MODEL_TOP);
	value_string(w, MODEL_MAGIC);
	value_int(w, MODEL_VERSION);
	write_head(w, p);
	write_files(w, p);
	write_functions(w, p);
	write_lines(w, p);
	write_leaks(w, p);
	write_stacks(w, p);
	write_timeline(w, p);
	write_rows(w, p);
}

/* ---- cutting ---- */

/* What decides whether an element stays. */
struct weight {
	uint32_t index;
	double cpu, memory;
};

static int
heavier_first(const void *a, const void *b)
{
	const struct weight *x = a, *y = b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? 1 : -1;
	if (x->memory != y->memory)
		return x->memory < y->memory ? 1 : -1;
	return (x->index > y->index) - (x->index < y->index);
}

static struct weight
weigh(uint32_t index, const double metric[METRIC_COUNT])
{
	return (struct weight){ index, metric_cpu(metric), metric[METRIC_ALLOCATED] };
}

/* Marks the `max` heaviest: keep[i] becomes true. */
static void
mark_heaviest(struct weight *weights, uint32_t count, uint32_t max, bool *keep)
{
	qsort(weights, count, sizeof(*weights), heavier_first);
	for (uint32_t i = 0; i < count && i < max; i++)
		keep[weights[i].index] = true;
}

static void
drop_lines(struct profile *p, const bool *keep)
{
	uint32_t to = 0;

	for (uint32_t i = 0; i < p->line_count; i++)
		if (keep[i])
			p->lines[to++] = p->lines[i];
	p->line_count = to;
}

/* Lines of functions that go, go with them. */
static void
drop_functions(struct profile *p, const bool *keep, uint32_t *moved_to)
{
	uint32_t functions = 0, lines = 0;

	for (uint32_t i = 0; i < p->function_count; i++) {
		moved_to[i] = functions;
		if (keep[i])
			p->functions[functions++] = p->functions[i];
	}
	for (uint32_t i = 0; i < p->line_count; i++) {
		uint32_t function = p->lines[i].function;

		if (!keep[function])
			continue;
		p->lines[lines] = p->lines[i];
		p->lines[lines++].function = moved_to[function];
	}
	p->function_count = functions;
	p->line_count = lines;
}

static enum err
cut_functions(struct profile *p)
{
	struct weight *weights = calloc(p->function_count, sizeof(*weights));
	bool *keep = calloc(p->function_count, sizeof(*keep));
	uint32_t *moved_to = calloc(p->function_count, sizeof(*moved_to));
	enum err e = ERR_NO_MEMORY;

	if (weights == NULL || keep == NULL || moved_to == NULL)
		goto out;
	for (uint32_t i = 0; i < p->function_count; i++)
		weights[i] = weigh(i, p->functions[i].metric);
	mark_heaviest(weights, p->function_count, PROFILE_MODEL_FUNCTIONS, keep);
	drop_functions(p, keep, moved_to);
	p->notes |= NOTE_FUNCTIONS_CUT | NOTE_LINES_CUT;
	e = OK;
out:
	free(weights);
	free(keep);
	free(moved_to);
	return e;
}

static enum err
cut_lines(struct profile *p)
{
	struct weight *weights = calloc(p->line_count, sizeof(*weights));
	bool *keep = calloc(p->line_count, sizeof(*keep));
	enum err e = ERR_NO_MEMORY;

	if (weights == NULL || keep == NULL)
		goto out;
	for (uint32_t i = 0; i < p->line_count; i++)
		weights[i] = weigh(i, p->lines[i].metric);
	mark_heaviest(weights, p->line_count, PROFILE_MODEL_LINES, keep);
	drop_lines(p, keep);
	p->notes |= NOTE_LINES_CUT;
	e = OK;
out:
	free(weights);
	free(keep);
	return e;
}

enum err
model_cut(struct profile *p)
{
	enum err e = OK;

	if (p->function_count > PROFILE_MODEL_FUNCTIONS)
		e = cut_functions(p);
	if (e == OK && p->line_count > PROFILE_MODEL_LINES)
		e = cut_lines(p);
	return e;
}
