#include "workers/analyzer/scalene_file.h"

#include <string.h>

#include "workers/analyzer/context.h"
#include "workers/analyzer/functions.h"
#include "workers/analyzer/spans.h"

/* The members of a file object that are read. */
enum part { PART_LINES, PART_FUNCTIONS, PART_LEAKS, PART_COUNT };

static const char *const part_keys[PART_COUNT] = {
	[PART_LINES] = "lines", [PART_FUNCTIONS] = "functions", [PART_LEAKS] = "leaks",
};

/* The line numbers of a line object. */
enum place { PLACE_LINE, PLACE_FUNCTION_START, PLACE_FUNCTION_END, PLACE_LOOP_START, PLACE_LOOP_END,
	PLACE_REGION_START, PLACE_REGION_END, PLACE_COUNT };

static const char *const place_keys[PLACE_COUNT] = {
	[PLACE_LINE] = "lineno",
	[PLACE_FUNCTION_START] = "start_function_line", [PLACE_FUNCTION_END] = "end_function_line",
	[PLACE_LOOP_START] = "start_outermost_loop", [PLACE_LOOP_END] = "end_outermost_loop",
	[PLACE_REGION_START] = "start_region_line", [PLACE_REGION_END] = "end_region_line",
};

struct raw_line {
	struct json_span text, times;
	uint32_t place[PLACE_COUNT];
	bool has_extents;
	double metric[METRIC_COUNT];
};

bool
scalene_figure(struct profile *p, struct json_span value, double max, double *ret_figure)
{
	double figure;

	if (!span_number(value, &figure))
		return false;
	if (figure > max * 1.001 || figure < -0.001)
		p->notes |= NOTE_NUMBERS;
	*ret_figure = figure > max ? max : figure > 0 ? figure : 0;
	return true;
}

/* 0 for what is no line number of a file that anybody could have. */
static uint32_t
line_number(struct profile *p, struct json_span value)
{
	double number;

	if (!span_number(value, &number))
		return 0;
	if (number < 0 || number > PROFILE_LINE_NUMBER_MAX) {
		p->notes |= NOTE_NUMBERS;
		return 0;
	}
	return (uint32_t)number;
}

static bool
read_metric(struct profile *p, struct raw_line *raw, struct json_span key, struct json_span value)
{
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		if (!span_key_is(key, metric_infos[i].key))
			continue;
		scalene_figure(p, value, metric_infos[i].max, &raw->metric[i]);
		return true;
	}
	return false;
}

static bool
read_place(struct profile *p, struct raw_line *raw, struct json_span key, struct json_span value)
{
	for (unsigned i = 0; i < PLACE_COUNT; i++) {
		if (!span_key_is(key, place_keys[i]))
			continue;
		raw->place[i] = line_number(p, value);
		raw->has_extents |= i == PLACE_FUNCTION_START;
		return true;
	}
	return false;
}

/* A line or an entry of functions[]. False when it is no object or has no line number. */
static bool
read_line(struct profile *p, struct json_span object, struct raw_line *ret_line)
{
	struct json_span key, value;
	size_t cursor = 0;

	*ret_line = (struct raw_line){ .text = { NULL, 0 } };
	if (!span_is_object(object))
		return false;
	while (json_next_member(object.at, object.len, &cursor, &key, &value)) {
		if (span_key_is(key, "line"))
			ret_line->text = value;
		else if (span_key_is(key, "cpu_samples_list"))
			ret_line->times = value;
		else if (!read_metric(p, ret_line, key, value))
			read_place(p, ret_line, key, value);
	}
	return ret_line->place[PLACE_LINE] > 0;
}

static enum err
add_row(struct profile *p, struct source *source, const struct raw_line *raw)
{
	struct source_row *row;
	uint32_t start = raw->place[PLACE_FUNCTION_START], end = raw->place[PLACE_FUNCTION_END];

	if (source->row_count == SOURCE_ROWS_MAX) {
		p->notes |= NOTE_LINES_CUT;
		return OK;
	}
	row = profile_grow(&source->rows, &source->row_count, sizeof(*row));
	if (row == NULL)
		return ERR_NO_MEMORY;
	row->number = raw->place[PLACE_LINE];
	row->text = raw->text;
	source->has_extents |= raw->has_extents;
	if (start > 0 && start <= row->number && end >= row->number) {
		row->function_start = start;
		row->function_end = end;
	}
	return OK;
}

static void
add_totals(struct profile *p, struct profile_file *file, const struct raw_line *raw)
{
	p->python_percent += raw->metric[METRIC_PYTHON];
	p->native_percent += raw->metric[METRIC_NATIVE];
	p->wait_percent += raw->metric[METRIC_WAIT];
	p->allocated_mb += raw->metric[METRIC_ALLOCATED];
	if (raw->metric[METRIC_COPY] > p->copy_peak_mb_s)
		p->copy_peak_mb_s = raw->metric[METRIC_COPY];
	file->cpu_percent += metric_cpu(raw->metric);
	file->lines++;
}

static struct text
line_source(struct profile *p, const struct raw_line *raw)
{
	struct source_row row = { .text = raw->text };
	char buf[SOURCE_LINE_BYTES];
	struct text t = { buf, source_row_text(&row, buf, sizeof(buf)) };

	return arena_text(&p->arena, t, PROFILE_SOURCE_BYTES);
}

static enum err
add_line(struct profile *p, const struct raw_line *raw)
{
	struct profile_line *line;

	if (p->line_count == PROFILE_LINES_MAX) {
		p->notes |= NOTE_LINES_CUT;
		return OK;
	}
	line = profile_grow(&p->lines, &p->line_count, sizeof(*line));
	if (line == NULL)
		return ERR_NO_MEMORY;
	line->file = p->file_count - 1;
	line->number = raw->place[PLACE_LINE];
	line->loop_start = raw->place[PLACE_LOOP_START];
	line->loop_end = raw->place[PLACE_LOOP_END];
	line->region_start = raw->place[PLACE_REGION_START];
	line->region_end = raw->place[PLACE_REGION_END];
	line->source = line_source(p, raw);
	memcpy(line->metric, raw->metric, sizeof(line->metric));
	return OK;
}

static enum err
read_lines(struct profile *p, struct json_span array, struct source *source,
    struct sample_times *times)
{
	struct profile_file *file = &p->files[p->file_count - 1];
	struct json_span object;
	size_t cursor = 0;
	enum err e = OK;

	while (e == OK && json_next_element(array.at, array.len, &cursor, &object)) {
		struct raw_line raw;

		if (!read_line(p, object, &raw))
			continue;
		if (raw.place[PLACE_LINE] > file->last_line)
			file->last_line = raw.place[PLACE_LINE];
		e = add_row(p, source, &raw);
		if (e == OK)
			e = sample_times_add(times, raw.times);
		if (e != OK || !metric_any(raw.metric))
			continue;
		add_totals(p, file, &raw);
		e = add_line(p, &raw);
	}
	return e;
}

static enum err
read_functions(struct profile *p, struct json_span array, struct source *source)
{
	struct json_span object;
	size_t cursor = 0;

	while (json_next_element(array.at, array.len, &cursor, &object)) {
		struct source_function *f;
		struct raw_line raw;

		if (source->function_count == PROFILE_LINES_MAX || !read_line(p, object, &raw))
			continue;
		f = profile_grow(&source->functions, &source->function_count, sizeof(*f));
		if (f == NULL)
			return ERR_NO_MEMORY;
		f->line = raw.place[PLACE_LINE];
		f->name = span_text(raw.text, PROFILE_NAME_BYTES, &p->arena);
	}
	return OK;
}

static void
read_leak(struct profile *p, struct json_span object, struct profile_leak *leak)
{
	struct json_span key, value;
	size_t cursor = 0;

	while (json_next_member(object.at, object.len, &cursor, &key, &value)) {
		if (span_key_is(key, "likelihood"))
			scalene_figure(p, value, 1, &leak->likelihood);
		else if (span_key_is(key, "velocity_mb_s"))
			scalene_figure(p, value, 1e9, &leak->velocity_mb_s);
	}
}

/* {"LINE": {likelihood, velocity_mb_s}, ...} */
static enum err
read_leaks(struct profile *p, struct json_span object)
{
	struct json_span key, value;
	size_t cursor = 0;

	if (!span_is_object(object))
		return OK;
	while (json_next_member(object.at, object.len, &cursor, &key, &value)) {
		struct profile_leak *leak;
		uint32_t line = line_number(p, key);

		if (line == 0 || !span_is_object(value))
			continue;
		if (p->leak_count == PROFILE_LEAKS_MAX) {
			p->notes |= NOTE_LEAKS_CUT;
			return OK;
		}
		leak = profile_grow(&p->leaks, &p->leak_count, sizeof(*leak));
		if (leak == NULL)
			return ERR_NO_MEMORY;
		leak->file = p->file_count - 1;
		leak->line = line;
		read_leak(p, value, leak);
	}
	return OK;
}

static enum err
add_functions(struct profile *p, uint32_t first_line, struct source *source)
{
	uint32_t first_function = p->function_count;
	struct scopes scopes = { .at = NULL };
	enum err e;

	source_sort(source);
	e = scopes_find(source, &p->arena, &scopes);
	if (e == OK)
		e = functions_sum_file(p, first_line, source, &scopes);
	if (e == OK)
		e = context_keep(p, first_line, first_function, source);
	if (e == OK && scopes.inferred && p->line_count > first_line)
		p->notes |= NOTE_FUNCTIONS_INFERRED;
	scopes_fini(&scopes);
	return e;
}

static void
find_parts(struct json_span file, struct json_span parts[PART_COUNT])
{
	struct json_span key, value;
	size_t cursor = 0;

	while (json_next_member(file.at, file.len, &cursor, &key, &value))
		for (unsigned i = 0; i < PART_COUNT; i++)
			if (span_key_is(key, part_keys[i]))
				parts[i] = value;
}

enum err
scalene_read_file(struct profile *p, struct json_span name, struct json_span file,
    struct sample_times *times)
{
	struct json_span parts[PART_COUNT] = { { NULL, 0 } };
	struct source source = { .rows = NULL };
	uint32_t first_line = p->line_count;
	struct profile_file *f;
	enum err e = OK;

	if (!span_is_object(file))
		return OK;
	f = profile_grow(&p->files, &p->file_count, sizeof(*f));
	if (f == NULL)
		return ERR_NO_MEMORY;
	f->path = span_key(name, PROFILE_PATH_BYTES, &p->arena);
	find_parts(file, parts);
	if (span_is_array(parts[PART_LINES]))
		e = read_lines(p, parts[PART_LINES], &source, times);
	if (e == OK && span_is_array(parts[PART_FUNCTIONS]))
		e = read_functions(p, parts[PART_FUNCTIONS], &source);
	if (e == OK)
		e = add_functions(p, first_line, &source);
	if (e == OK)
		e = read_leaks(p, parts[PART_LEAKS]);
	source_fini(&source);
	return e;
}
