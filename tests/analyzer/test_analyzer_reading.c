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
#include "workers/analyzer/warnings.h"
#include "workers/runtime/json.h"

static const char no_files[] =
    "{\"elapsed_time_sec\":0.5,\"files\":{},\"memory\":true,\"max_footprint_mb\":3.5}";
static const char idle[] =
    "{\"elapsed_time_sec\":0.5,\"files\":{\"a.py\":{\"lines\":[{\"lineno\":1}]}}}";

static void
test_outcomes(void **state)
{
	static const struct { const char *run, *profile,
	    *outcome; bool has_model; const char *warning; } cases[] = {
		{ "ok", small_profile, "ok", true, "leaks are hints" },
		{ "nonzero_exit", small_profile, "nonzero_exit", true, "leaks are hints" },
		{ "timeout", small_profile, "timeout", true, "leaks are hints" },
		{ "ok", NULL, "bad_profile", false, "no profile" },
		{ "signal", NULL, "signal", false, "no profile" },
		{ "ok", "", "bad_profile", false, "cannot be read" },
		{ "ok", "{\"files\":", "bad_profile", false, "at byte" },
		{ "ok", "{\"other\":1}", "bad_profile", false, "cannot be read" },
		{ "cancelled", "[", "cancelled", false, "cannot be read" },
		{ "ok", "{}", "no_samples", false, "no sample" },
		{ "ok", " {}\n", "no_samples", false, "no sample" },
		{ "oom", "{}", "oom", false, "no sample" },
		{ "ok", no_files, "no_samples", true, "no sample" },
		{ "ok", idle, "no_samples", true, "no sample" },
		{ "nonzero_exit", idle, "nonzero_exit", true, "no sample" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].profile;
		struct reading r;
		cJSON *summary;

		assert_int_equal(reading_make(text_of(cases[i].run), text,
		    text == NULL ? 0 : strlen(text), &r), OK);
		assert_true(text_is(r.outcome, cases[i].outcome));
		assert_int_equal(r.has_model, cases[i].has_model);
		assert_int_equal(isnan(r.elapsed_s), !cases[i].has_model);
		summary = json_of(value_done(&r.summary));
		assert_true(has_warning(summary, cases[i].warning));
		cJSON_Delete(summary);
		reading_fini(&r);
	}
}

/* Members by name and number, as the answers promise them. */
static void
test_summary(void **state)
{
	cJSON *s = summary_of(small_profile);
	const cJSON *f = cJSON_GetArrayItem(json_get(s, "top_functions"), 0);
	const cJSON *l = cJSON_GetArrayItem(json_get(s, "top_lines"), 0);

	(void)state;
	assert_true(number_at(s, "elapsed_s") == 2.5 && number_at(s, "peak_memory_mb") == 80.125);
	assert_true(number_at(s, "samples") == 200 && number_at(s, "allocated_mb") == 70.5);
	assert_true(number_at(s, "cpu_s") == 2.375);        /* 2.5 s x (45 + 50) % */
	assert_string_equal(string_at(f, "file"), "my lib/util.py");
	assert_string_equal(string_at(f, "function"), "Box.fill");
	assert_true(number_at(f, "start_line") == 2 && number_at(f, "end_line") == 4);
	assert_true(number_at(f, "cpu_percent") == 75 && number_at(f, "python_percent") == 25);
	assert_true(number_at(f, "native_percent") == 45 && number_at(f, "wait_percent") == 5);
	assert_true(number_at(f, "cpu_s") == 1.781 && number_at(f, "plus_minus_percent") == 8.66);
	assert_true(number_at(f, "peak_mb") == 60.25 && number_at(f, "allocated_mb") == 70.5);
	assert_true(number_at(l, "line") == 3 && number_at(l, "cpu_percent") == 45);
	assert_string_equal(string_at(l, "source"), "for i in self:");
	assert_int_equal(cJSON_GetArraySize(json_get(s, "leaks")), 1);
	cJSON_Delete(s);
}

static void
test_without_memory(void **state)
{
	char *text = replaced(small_profile, "\"memory\":true", "\"memory\":false");
	cJSON *s = summary_of(text);

	(void)state;
	assert_true(cJSON_IsNull(json_get(s, "peak_memory_mb")) && cJSON_IsNull(json_get(s,
	    "allocated_mb")));
	assert_null(json_get(s, "leaks"));
	assert_null(json_get(cJSON_GetArrayItem(json_get(s, "top_functions"), 0), "peak_mb"));
	assert_false(has_warning(s, "leak"));
	cJSON_Delete(s);
	free(text);
}

static void
test_warnings(void **state)
{
	static const struct { const char *from, *to, *warning; } cases[] = {
		{ "\"count\":150", "\"count\":49", "too few samples (99)" },
		{ "\"n_copy_mb_s\":1.5", "\"n_copy_mb_s\":120", "120 MiB/s were copied" },
		{ "\"n_malloc_mb\":70.5", "\"n_malloc_mb\":5000", "5000 MiB) than held (80 MiB)" },
		{ "\"n_cpu_percent_c\":40", "\"n_cpu_percent_c\":4", "only 64 % of the samples" },
		{ "self.x.append(i)", "self.x += str(i)", NULL },   /* mostly Python code */
		{ "        for i in self", "        t = t + str(i)",
		    "line 3 of my lib/util.py copies" },
		{ "\"lineno\":9", "\"lineno\":-9", "out of range" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = replaced(small_profile, cases[i].from, cases[i].to);
		cJSON *before = summary_of(small_profile), *after = summary_of(text);

		if (cases[i].warning != NULL) {
			assert_false(has_warning(before, cases[i].warning));
			assert_true(has_warning(after, cases[i].warning));
		} else {
			assert_false(has_warning(after, "copies its value"));
		}
		cJSON_Delete(before);
		cJSON_Delete(after);
		free(text);
	}
}

static void
test_exactly_enough_samples(void **state)
{
	char *text = replaced(small_profile, "\"count\":150", "\"count\":50");
	cJSON *s = summary_of(text);

	(void)state;
	assert_true(number_at(s, "samples") == 100);
	assert_false(has_warning(s, "too few"));
	cJSON_Delete(s);
	free(text);
}

static void
test_grows_value(void **state)
{
	static const struct { const char *line; bool grows; } cases[] = {
		{ "text = text + \"x\"", true }, { "  text += x", true }, { "a.b[i]=a.b[i]+c",
		    true }, { "x\t+=\t1", true },
		{ "text = texts + x", false }, { "text = other + text", false },
		    { "text == text + x", false },
		{ "return text + x", false }, { "f(x) += 1", false }, { "", false }, { "+= 1",
		    false }, { "x", false },
		{ "x =", false }, { "x = x", false }, { "# x += 1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (source_grows_value(text_of(cases[i].line)) != cases[i].grows)
			fail_msg("%s", cases[i].line);
}

static void
test_def_line_note(void **state)
{
	size_t len;
	char *text = fixture_text("orders_before", &len);
	cJSON *s = summary_of(text);
	const cJSON *line;
	unsigned notes = 0;

	(void)state;
	cJSON_ArrayForEach(line, json_get(s, "top_lines")) {
		if (json_get(line, "note") == NULL)
			continue;
		notes++;
		assert_true(number_at(line, "line") == 16);
	}
	assert_int_equal(notes, 1);
	cJSON_Delete(s);
	free(text);
}

/* A path longer than is kept is cut, and the summary still fits its message. */
static void
test_long_names(void **state)
{
	char name[3100], *text;
	struct reading r;

	(void)state;
	memset(name, 'x', sizeof(name));
	snprintf(name + 3000, sizeof(name) - 3000, "\":{\"percent_cpu_time\":75");
	text = replaced(small_profile, "/p/my lib/util.py\":{\"percent_cpu_time\":75", name);
	assert_int_equal(reading_make(text_of("ok"), text, strlen(text), &r), OK);
	assert_true(r.has_model);
	assert_in_range(value_done(&r.summary).len, 2 * 1024, 20000);
	reading_fini(&r);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_exactly_enough_samples),
		cmocka_unit_test(test_grows_value),
		cmocka_unit_test(test_def_line_note),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
