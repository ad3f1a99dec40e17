#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/analyzer/help.h"
#include "workers/analyzer/model.h"
#include "workers/analyzer/scalene.h"

static void
assert_same_text(struct text a, struct text b)
{
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.at, b.at, a.len);
}

static void
assert_same_metrics(const double *a, const double *b)
{
	assert_memory_equal(a, b, METRIC_COUNT * sizeof(*a));
}

static void
assert_same_head(const struct profile *a, const struct profile *b)
{
	assert_same_text(a->program, b->program);
	assert_same_text(a->directory, b->directory);
	assert_true(a->elapsed_s == b->elapsed_s && a->peak_mb == b->peak_mb
	    && a->native_mb == b->native_mb);
	assert_true(a->peak_python_fraction == b->peak_python_fraction
	    && a->growth_percent == b->growth_percent);
	assert_true(a->start_time == b->start_time && a->alloc_samples == b->alloc_samples);
	assert_true(a->has_memory == b->has_memory && a->has_gpu == b->has_gpu
	    && a->has_async == b->has_async);
	assert_true(a->has_samples == b->has_samples && a->samples == b->samples
	    && a->notes == b->notes);
	assert_true(a->python_percent == b->python_percent
	    && a->native_percent == b->native_percent);
	assert_true(a->wait_percent == b->wait_percent && a->allocated_mb == b->allocated_mb);
	assert_true(a->copy_peak_mb_s == b->copy_peak_mb_s);
}

static void
assert_same_files(const struct profile *a, const struct profile *b)
{
	assert_int_equal(a->file_count, b->file_count);
	for (uint32_t i = 0; i < a->file_count; i++) {
		assert_same_text(a->files[i].path, b->files[i].path);
		assert_same_text(a->files[i].name, b->files[i].name);
		assert_true(a->files[i].cpu_percent == b->files[i].cpu_percent);
		assert_int_equal(a->files[i].lines, b->files[i].lines);
		assert_int_equal(a->files[i].last_line, b->files[i].last_line);
	}
}

static void
assert_same_functions(const struct profile *a, const struct profile *b)
{
	assert_int_equal(a->function_count, b->function_count);
	for (uint32_t i = 0; i < a->function_count; i++) {
		const struct profile_function *x = &a->functions[i], *y = &b->functions[i];

		assert_true(x->file == y->file && x->start == y->start && x->end == y->end);
		assert_true(x->is_class == y->is_class && x->is_module == y->is_module);
		assert_same_text(x->name, y->name);
		assert_same_metrics(x->metric, y->metric);
	}
}

static void
assert_same_lines(const struct profile *a, const struct profile *b)
{
	assert_int_equal(a->line_count, b->line_count);
	for (uint32_t i = 0; i < a->line_count; i++) {
		const struct profile_line *x = &a->lines[i], *y = &b->lines[i];

		assert_true(x->file == y->file && x->function == y->function
		    && x->number == y->number);
		assert_true(x->loop_start == y->loop_start && x->loop_end == y->loop_end);
		assert_true(x->region_start == y->region_start && x->region_end == y->region_end);
		assert_same_text(x->source, y->source);
		assert_same_metrics(x->metric, y->metric);
	}
}

static void
assert_same_rest(const struct profile *a, const struct profile *b)
{
	assert_int_equal(a->leak_count, b->leak_count);
	for (uint32_t i = 0; i < a->leak_count; i++)
		assert_true(a->leaks[i].file == b->leaks[i].file
		    && a->leaks[i].line == b->leaks[i].line
		    && a->leaks[i].likelihood == b->leaks[i].likelihood
		    && a->leaks[i].velocity_mb_s == b->leaks[i].velocity_mb_s);
	assert_int_equal(a->timeline_count, b->timeline_count);
	for (uint32_t i = 0; i < a->timeline_count; i++)
		assert_true(a->timeline[i].at_s == b->timeline[i].at_s
		    && a->timeline[i].memory_mb == b->timeline[i].memory_mb);
	assert_int_equal(a->frame_count, b->frame_count);
	for (uint32_t i = 0; i < a->frame_count; i++) {
		assert_same_text(a->frames[i].file, b->frames[i].file);
		assert_same_text(a->frames[i].function, b->frames[i].function);
		assert_int_equal(a->frames[i].line, b->frames[i].line);
	}
	assert_int_equal(a->stack_count, b->stack_count);
	for (uint32_t i = 0; i < a->stack_count; i++)
		assert_true(a->stacks[i].count == b->stacks[i].count
		    && a->stacks[i].first == b->stacks[i].first
		    && a->stacks[i].depth == b->stacks[i].depth);
	assert_int_equal(a->stack_frame_count, b->stack_frame_count);
	for (uint32_t i = 0; i < a->stack_frame_count; i++)
		assert_int_equal(a->stack_frames[i], b->stack_frames[i]);
	assert_int_equal(a->row_count, b->row_count);
	for (uint32_t i = 0; i < a->row_count; i++) {
		assert_int_equal(a->rows[i].file, b->rows[i].file);
		assert_int_equal(a->rows[i].number, b->rows[i].number);
		assert_same_text(a->rows[i].source, b->rows[i].source);
	}
}

static void
assert_survives(const struct profile *p)
{
	struct value_writer w;
	struct profile again;

	value_writer_init(&w);
	model_write(p, &w);
	assert_int_equal(model_read(value_done(&w), &again), OK);
	value_writer_fini(&w);
	assert_same_head(p, &again);
	assert_same_files(p, &again);
	assert_same_functions(p, &again);
	assert_same_lines(p, &again);
	assert_same_rest(p, &again);
	profile_fini(&again);
}

static void
test_small_profile(void **state)
{
	struct profile p;

	(void)state;
	assert_int_equal(scalene_read(small_profile, strlen(small_profile), &p, NULL, NULL), OK);
	p.lines[0].region_start = 7;        /* so that no two fields of a line are alike */
	p.lines[0].region_end = 11;
	p.lines[0].loop_start = 8;
	p.lines[0].loop_end = 10;
	p.functions[1].is_class = true;
	p.notes = NOTE_ALL;
	assert_survives(&p);
	p.has_samples = false;
	p.samples = 0;
	assert_survives(&p);
	profile_fini(&p);
}

static void
test_fixtures(void **state)
{
	(void)state;
	for (size_t i = 0; fixture_names[i] != NULL; i++) {
		size_t len;
		char *text = fixture_text(fixture_names[i], &len);
		struct profile p;

		assert_int_equal(scalene_read(text, len, &p, NULL, NULL), OK);
		assert_survives(&p);
		profile_fini(&p);
		free(text);
	}
}

/* `functions` functions of `lines` lines each, the busiest ones last. */
static void
make_profile(struct profile *p, uint32_t functions, uint32_t lines)
{
	struct profile_file *file;

	profile_init(p);
	p->has_samples = true;
	file = profile_grow(&p->files, &p->file_count, sizeof(*p->files));
	assert_non_null(file);
	file->path = text_of("/a.py");
	profile_name_files(p);
	for (uint32_t i = 0; i < functions; i++) {
		struct profile_function *f = profile_grow(&p->functions, &p->function_count,
		    sizeof(*f));

		assert_non_null(f);
		f->name = text_of("f");
		for (uint32_t j = 0; j < lines; j++) {
			struct profile_line *l = profile_grow(&p->lines, &p->line_count,
			    sizeof(*l));

			assert_non_null(l);
			*l = (struct profile_line){ .function = i, .number = i * lines + j + 1,
			    .source = text_of("x") };
			l->metric[METRIC_NATIVE] = (i * lines + j + 1) * 1e-6;
			metric_combine(f->metric, l->metric);
		}
	}
}

static void
test_cut(void **state)
{
	static const struct { uint32_t functions, lines, kept_functions, kept_lines,
	    notes; } cases[] = {
		{ 10, 10, 10, 100, 0 },
		{ PROFILE_MODEL_FUNCTIONS, 5, PROFILE_MODEL_FUNCTIONS, PROFILE_MODEL_LINES, 0 },
		{ 3000, 10, 3000, PROFILE_MODEL_LINES, NOTE_LINES_CUT },
		{ 5000, 2, PROFILE_MODEL_FUNCTIONS, 8000, NOTE_LINES_CUT | NOTE_FUNCTIONS_CUT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct profile p;

		make_profile(&p, cases[i].functions, cases[i].lines);
		assert_int_equal(model_cut(&p), OK);
		assert_int_equal(p.function_count, cases[i].kept_functions);
		assert_int_equal(p.line_count, cases[i].kept_lines);
		assert_int_equal(p.notes, cases[i].notes);
		assert_int_equal(p.lines[p.line_count - 1].number,
		    cases[i].functions * cases[i].lines);
		assert_int_equal(p.lines[p.line_count - 1].function, p.function_count - 1);
		assert_survives(&p);
		profile_fini(&p);
	}
}

/* The largest model that may be written can be read. */
static void
test_largest(void **state)
{
	struct profile p;

	(void)state;
	make_profile(&p, PROFILE_MODEL_FUNCTIONS, PROFILE_MODEL_LINES / PROFILE_MODEL_FUNCTIONS);
	while (p.file_count < PROFILE_FILES_MAX)
		((struct profile_file *)profile_grow(&p.files, &p.file_count,
		    sizeof(*p.files)))->path = text_of("/a.py");
	while (p.leak_count < PROFILE_LEAKS_MAX)
		assert_non_null(profile_grow(&p.leaks, &p.leak_count, sizeof(*p.leaks)));
	while (p.timeline_count < PROFILE_TIMELINE_MAX)
		assert_non_null(profile_grow(&p.timeline, &p.timeline_count, sizeof(*p.timeline)));
	for (uint32_t i = 0; i < PROFILE_FRAMES_MAX; i++) {
		struct profile_frame *f = profile_grow(&p.frames, &p.frame_count, sizeof(*f));
		struct profile_stack *s = profile_grow(&p.stacks, &p.stack_count, sizeof(*s));
		uint32_t *index = profile_grow(&p.stack_frames, &p.stack_frame_count,
		    sizeof(*index));

		assert_true(f != NULL && s != NULL && index != NULL);
		*f = (struct profile_frame){ .file = text_of("/a.py"), .function = text_of("f"),
		    .line = 1 };
		*s = (struct profile_stack){ .count = 1, .first = i, .depth = 1 };
		*index = i;
	}
	for (uint32_t i = 0; i < PROFILE_ROWS_MAX; i++) {
		struct profile_row *row = profile_grow(&p.rows, &p.row_count, sizeof(*row));

		assert_non_null(row);
		*row = (struct profile_row){ .number = i + 1, .source = text_of("x") };
	}
	profile_name_files(&p);
	assert_survives(&p);
	profile_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_profile),
		cmocka_unit_test(test_fixtures),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
