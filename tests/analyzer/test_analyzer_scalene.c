#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/analyzer/help.h"
#include "workers/analyzer/scalene.h"

static bool
same(struct text t, const char *s)
{
	return text_is(t, s);
}

static void
test_small_profile(void **state)
{
	struct profile p;

	(void)state;
	assert_int_equal(scalene_read(small_profile, strlen(small_profile), &p, NULL, NULL), OK);
	assert_int_equal(p.notes, 0);
	assert_true(same(p.program, "/p/main.py"));
	assert_true(p.elapsed_s == 2.5 && p.peak_mb == 80.125 && p.growth_percent == -3.5);
	assert_true(p.has_memory && p.has_async && !p.has_gpu);
	assert_true(p.has_samples);
	assert_int_equal(p.samples, 200);
	assert_int_equal(p.alloc_samples, 12);
	assert_true(p.python_percent == 45 && p.native_percent == 50 && p.wait_percent == 5);
	assert_true(p.allocated_mb == 70.5 && p.copy_peak_mb_s == 1.5);
	assert_int_equal(p.timeline_count, 2);
	assert_true(p.timeline[1].at_s == 2 && p.timeline[1].memory_mb == 80.125);
	profile_fini(&p);
}

static void
test_files_and_lines(void **state)
{
	struct profile p;

	(void)state;
	assert_int_equal(scalene_read(small_profile, strlen(small_profile), &p, NULL, NULL), OK);
	assert_int_equal(p.file_count, 2);
	assert_true(same(p.files[0].name, "main.py") && same(p.files[1].name, "my lib/util.py"));
	assert_true(same(p.files[1].path, "/p/my lib/util.py"));
	assert_true(p.files[0].cpu_percent == 25 && p.files[1].cpu_percent == 75);
	assert_int_equal(p.files[1].lines, 3);
	assert_int_equal(p.line_count, 4);
	assert_true(same(p.lines[0].source, "if 1 < 2 & 3: run(\"\xc3\xa9\")"));
	assert_int_equal(p.lines[2].loop_start, 3);
	assert_true(p.lines[3].metric[METRIC_PEAK] == 60.25);
	assert_int_equal(p.leak_count, 1);
	assert_int_equal(p.leaks[0].file, 1);
	assert_int_equal(p.leaks[0].line, 4);
	assert_true(p.leaks[0].likelihood == 0.97);
	profile_fini(&p);
}

static void
test_functions(void **state)
{
	struct profile p;

	(void)state;
	assert_int_equal(scalene_read(small_profile, strlen(small_profile), &p, NULL, NULL), OK);
	assert_int_equal(p.function_count, 2);
	assert_true(same(p.functions[0].name, "<module>") && p.functions[0].is_module);
	assert_int_equal(p.functions[0].end, 9);
	assert_true(same(p.functions[1].name, "Box.fill") && !p.functions[1].is_class);
	assert_int_equal(p.functions[1].start, 2);
	assert_int_equal(p.functions[1].end, 4);
	assert_true(metric_cpu(p.functions[1].metric) == 75);
	assert_true(p.functions[1].metric[METRIC_PEAK] == 60.25);
	profile_fini(&p);
}

static void
test_stacks(void **state)
{
	struct profile p;
	const struct profile_frame *leaf;

	(void)state;
	assert_int_equal(scalene_read(small_profile, strlen(small_profile), &p, NULL, NULL), OK);
	assert_int_equal(p.stack_count, 2);
	assert_int_equal(p.stacks[0].count, 150);
	assert_int_equal(p.stacks[0].depth, 2);
	assert_int_equal(p.frame_count, 2);
	leaf = &p.frames[p.stack_frames[p.stacks[0].first + 1]];
	assert_true(same(leaf->file, "/p/my lib/util.py") && same(leaf->function, "Box.fill"));
	assert_int_equal(leaf->line, 3);
	assert_int_equal(p.stack_frames[p.stacks[1].first], p.stack_frames[p.stacks[0].first]);
	profile_fini(&p);
}

/* Without stacks the distinct times count; one time on two lines is one sample. */
static void
test_samples_without_stacks(void **state)
{
	static const char text[] =
	    "{\"stacks\":[],\"elapsed_time_sec\":1,\"files\":{\"a.py\":{\"lines\":["
	    "{\"lineno\":1,\"n_cpu_percent_c\":50,\"cpu_samples_list\":[1.5,2.5,3]},"
	    "{\"lineno\":2,\"n_cpu_percent_c\":50,\"cpu_samples_list\":[2.5,4,\"x\",null]}]}}}";
	struct profile p;

	(void)state;
	assert_int_equal(scalene_read(text, strlen(text), &p, NULL, NULL), OK);
	assert_true(p.has_samples);
	assert_int_equal(p.samples, 4);
	profile_fini(&p);
}

/* Without the option Scalene still records stacks of other threads; the times know better then. */
static void
test_samples_with_few_stacks(void **state)
{
	static const char text[] =
	    "{\"stacks\":[[[\"a.py f:1;\"],{\"count\":2}]],\"elapsed_time_sec\":1,"
	    "\"files\":{\"a.py\":{\"lines\":[{\"lineno\":1,\"n_cpu_percent_c\":50,"
	    "\"cpu_samples_list\":[1,2,3]}]}}}";
	struct profile p;

	(void)state;
	assert_int_equal(scalene_read(text, strlen(text), &p, NULL, NULL), OK);
	assert_int_equal(p.samples, 3);
	profile_fini(&p);
}

/* Scalene 1.5.16 has neither stacks nor times, no memory flag, and relative names. */
static void
test_oldest_schema(void **state)
{
	static const char text[] =
	    "{\"program\":\"a.py\",\"elapsed_time_sec\":1,\"max_footprint_mb\":12.5,\"files\":{"
	    "\"a.py\":{\"percent_cpu_time\":100,\"lines\":[{\"lineno\":1,\"line\":\"def f():\\n\"},"
	    "{\"lineno\":2,\"line\":\"    pass\\n\",\"n_cpu_percent_c\":99}]}}}";
	struct profile p;

	(void)state;
	assert_int_equal(scalene_read(text, strlen(text), &p, NULL, NULL), OK);
	assert_false(p.has_samples);
	assert_true(p.has_memory && p.peak_mb == 12.5);
	assert_true(same(p.functions[0].name, "f"));
	assert_true((p.notes & NOTE_FUNCTIONS_INFERRED) != 0);
	profile_fini(&p);
}

static void
test_refused(void **state)
{
	static const struct { const char *text; const char *reason; } cases[] = {
		{ "", "nothing" },
		{ " \n", "white space" },
		{ "[]", "an array" },
		{ "\"files\"", "a string" },
		{ "3", "a number" },
		{ "null", "null" },
		{ "{\"elapsed_time_sec\":NaN}", "NaN" },
		{ "{\"elapsed_time_sec\":Infinity}", "Infinity" },
		{ "{\"elapsed_time_sec\":-}", "half a number" },
		{ "{\"files\":{}", "cut off" },
		{ "{\"files\":{}}x", "something after it" },
		{ "{\"files\":{},\"files\":{}}", "the same key twice" },
		{ "{\"files\":{\"a\":\"\xff\"}}", "not UTF-8" },
		{ "{\"a\":1,\"b\":[]}", "JSON of something else" },
		{ "{\"is_child\":true}", "what Scalene's children say" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct profile p;
		const char *why = NULL;
		enum err e = scalene_read(cases[i].text, strlen(cases[i].text), &p, &why, NULL);

		if (e != ERR_BAD_PROFILE || why == NULL)
			fail_msg("accepted: %s", cases[i].reason);
		profile_fini(&p);
	}
}

static char *
nested(unsigned depth)
{
	size_t size = 2 * (size_t)depth + 64;
	char *text = malloc(size);
	size_t len = strlen("{\"files\":{},\"x\":");

	assert_non_null(text);
	memcpy(text, "{\"files\":{},\"x\":", len);
	memset(text + len, '[', depth);
	memset(text + len + depth, ']', depth);
	text[len + 2 * (size_t)depth] = '}';
	text[len + 2 * (size_t)depth + 1] = '\0';
	return text;
}

static void
test_nesting(void **state)
{
	static const struct { unsigned depth; enum err e; } cases[] = {
		{ 1, OK }, { 150, OK }, { 250, ERR_BAD_PROFILE }, { 1000000, ERR_BAD_PROFILE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = nested(cases[i].depth);
		struct profile p;

		assert_int_equal(scalene_read(text, strlen(text), &p, NULL, NULL), cases[i].e);
		profile_fini(&p);
		free(text);
	}
}

/* Each known key with each kind of value: nothing of it may stop the reading, and figures stay in
 * range. */
static void
test_wrong_types(void **state)
{
	static const char *const members[] = {
		"\"program\":\"/p/main.py\"", "\"filename\":\"/p\"", "\"elapsed_time_sec\":2.5",
		    "\"alloc_samples\":12",
		"\"growth_rate\":-3.5", "\"max_footprint_mb\":80.125", "\"memory\":true",
		"\"samples\":[[1000000000,10],[2000000000,80.125]]", "\"lineno\":9",
		    "\"n_cpu_percent_python\":20",
		"\"n_malloc_mb\":70.5", "\"start_function_line\":2", "\"end_function_line\":4",
		"\"likelihood\":0.97", "\"line\":\"class Box:\\n\"", "\"line\":\"Box.fill\"",
		    "\"count\":150",
		"\"leaks\":{}", "\"functions\":[]", "\"start_outermost_loop\":3",
	};
	static const char *const values[] = {
		"null", "true", "\"\"", "\"text\"", "[]", "[[]]", "[[1]]", "[null,3]", "{}",
		    "{\"a\":{}}", "-1", "0", "0.5", "1e9",
		"1e999", "-1e999", "123456789012345678901234567890", "1e-400",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
			char with[256], *text;
			struct profile p;
			const char *colon = strchr(members[i], ':');

			snprintf(with, sizeof(with), "%.*s:%s", (int)(colon - members[i]),
			    members[i], values[j]);
			text = replaced(small_profile, members[i], with);
			assert_int_equal(scalene_read(text, strlen(text), &p, NULL, NULL), OK);
			assert_true(isfinite(p.elapsed_s) && p.elapsed_s >= 0
			    && isfinite(p.peak_mb));
			assert_true(isfinite(p.growth_percent) && isfinite(p.allocated_mb));
			for (uint32_t k = 0; k < p.line_count; k++)
				assert_true(p.lines[k].number > 0
				    && metric_cpu(p.lines[k].metric) <= 300);
			profile_fini(&p);
			free(text);
		}
	}
}

static void
test_out_of_range(void **state)
{
	static const struct { const char *from,
	    *to; uint32_t notes; uint32_t lines; double python; } cases[] = {
		{ "\"lineno\":9", "\"lineno\":1000000000", NOTE_NUMBERS, 3, 25 },
		{ "\"lineno\":9", "\"lineno\":-9", NOTE_NUMBERS, 3, 25 },
		{ "\"lineno\":9", "\"lineno\":0", 0, 3, 25 },
		{ "\"n_cpu_percent_python\":20", "\"n_cpu_percent_python\":1e300", NOTE_NUMBERS, 4,
		    125 },
		{ "\"n_cpu_percent_python\":20", "\"n_cpu_percent_python\":-20", NOTE_NUMBERS, 4,
		    25 },
		{ "\"n_cpu_percent_python\":20", "\"n_cpu_percent_python\":-1e-9", 0, 4, 25 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = replaced(small_profile, cases[i].from, cases[i].to);
		struct profile p;

		assert_int_equal(scalene_read(text, strlen(text), &p, NULL, NULL), OK);
		assert_int_equal(p.notes, cases[i].notes);
		assert_int_equal(p.line_count, cases[i].lines);
		assert_true(p.python_percent == cases[i].python);
		profile_fini(&p);
		free(text);
	}
}

/* More of everything than is kept. */
static void
test_many_files(void **state)
{
	size_t size = 100000u * 100u, len;
	char *text = malloc(size);
	struct profile p;

	(void)state;
	assert_non_null(text);
	len = (size_t)snprintf(text, size, "{\"elapsed_time_sec\":1,\"files\":{");
	for (unsigned i = 0; i < 100000; i++)
		len += (size_t)snprintf(text + len, size - len,
		    "%s\"/f%u.py\":{\"lines\":[{\"lineno\":1,\"n_cpu_percent_c\":0.001}]}",
		    i == 0 ? "" : ",", i);
	len += (size_t)snprintf(text + len, size - len, "}}");
	assert_true(len < size);
	assert_int_equal(scalene_read(text, len, &p, NULL, NULL), OK);
	assert_int_equal(p.file_count, PROFILE_FILES_MAX);
	assert_true((p.notes & NOTE_FILES_CUT) != 0);
	profile_fini(&p);
	free(text);
}

static void
test_many_frames(void **state)
{
	size_t size = 3000u * 600u, len;
	char *text = malloc(size);
	struct profile p;

	(void)state;
	assert_non_null(text);
	len = (size_t)snprintf(text, size, "{\"files\":{},\"stacks\":[");
	for (unsigned i = 0; i < 3000; i++) {
		len += (size_t)snprintf(text + len, size - len, "%s[[", i == 0 ? "" : ",");
		for (unsigned j = 0; j < 10; j++)
			len += (size_t)snprintf(text + len, size - len, "%s\"/a.py f%u:%u;\"",
			    j == 0 ? "" : ",", i, j + 1);
		len += (size_t)snprintf(text + len, size - len, "],{\"count\":%u}]", i + 1);
	}
	len += (size_t)snprintf(text + len, size - len, "]}");
	assert_true(len < size);
	assert_int_equal(scalene_read(text, len, &p, NULL, NULL), OK);
	assert_int_equal(p.notes, NOTE_STACKS_CUT);
	assert_int_equal(p.stack_count, PROFILE_FRAMES_MAX / 10);
	assert_int_equal(p.stacks[0].count, 3000);
	assert_int_equal(p.samples, 3000u * 3001u / 2);
	profile_fini(&p);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_profile),
		cmocka_unit_test(test_files_and_lines),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_samples_without_stacks),
		cmocka_unit_test(test_samples_with_few_stacks),
		cmocka_unit_test(test_oldest_schema),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_wrong_types),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_many_files),
		cmocka_unit_test(test_many_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
