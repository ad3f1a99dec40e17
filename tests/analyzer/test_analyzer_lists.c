#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/analyzer/help.h"
#include "workers/runtime/json.h"

static const char facts[] = "{\"profile_id\":\"01J0000000000000000000000A\",\"outcome\":\"ok\","
    "\"program\":\"/p/main.py\",\"run\":{\"max_rss_mb\":90}}";

static struct view_query
query(const char *view)
{
	return (struct view_query){ .view = text_of(view), .top_n = 10, .cpu_threshold = NAN,
	    .memory_threshold_mb = NAN };
}

static cJSON *
answer_of(const char *text, struct view_query q)
{
	return view_of(text, facts, q, NULL, NULL);
}

static const cJSON *
item_at(const cJSON *answer, const char *list, int index)
{
	return cJSON_GetArrayItem(json_get(answer, list), index);
}

static int
count_of(const cJSON *answer, const char *list)
{
	assert_true(cJSON_IsArray(json_get(answer, list)));
	return cJSON_GetArraySize(json_get(answer, list));
}

static cJSON *
of_fixture(const char *name, struct view_query q)
{
	size_t len;
	char *text = fixture_text(name, &len);
	cJSON *answer = answer_of(text, q);

	free(text);
	return answer;
}

static void
test_memory(void **state)
{
	cJSON *a = answer_of(small_profile, query("memory_hotspots"));
	const cJSON *spot = item_at(a, "hotspots", 0);

	(void)state;
	assert_int_equal(count_of(a, "hotspots"), 1);
	assert_true(number_at(spot, "line") == 4 && number_at(spot, "peak_mb") == 60.25);
	assert_true(number_at(spot, "allocated_mb") == 70.5 && number_at(spot, "copy_mb_s") == 1.5);
	assert_string_equal(string_at(spot, "source"), "self.x.append(i)");
	assert_true(number_at(a, "peak_memory_mb") == 80.125);
	assert_true(number_at(a, "growth_rate_percent") == -3.5);
	assert_true(number_at(a, "max_rss_mb") == 90);
	assert_int_equal(count_of(a, "warnings"), 0);
	cJSON_Delete(a);
}

/* By peak; lines that only allocated or copied come last. */
static void
test_memory_order(void **state)
{
	cJSON *a = of_fixture("leak_log_memory", query("memory_hotspots"));
	double last = 1e300;
	const cJSON *spot;

	(void)state;
	assert_int_equal(count_of(a, "hotspots"), 3);
	cJSON_ArrayForEach(spot, json_get(a, "hotspots")) {
		assert_true(number_at(spot, "peak_mb") <= last);
		last = number_at(spot, "peak_mb");
	}
	assert_true(last == 0);
	assert_true(number_at(item_at(a, "hotspots", 2), "copy_mb_s") > 10);
	assert_null(json_get(item_at(a, "hotspots", 2), "python_fraction"));
	cJSON_Delete(a);
}

static void
test_not_profiled(void **state)
{
	static const struct { const char *view, *list, *says; } cases[] = {
		{ "memory_hotspots", "hotspots", "profile with memory true" },
		{ "leaks", "leaks", "profile with memory true" },
		{ "gpu_hotspots", "hotspots", "profile with gpu true" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *a = of_fixture("orders_before", query(cases[i].view));

		assert_int_equal(count_of(a, cases[i].list), 0);
		assert_true(has_warning(a, cases[i].says));
		cJSON_Delete(a);
	}
}

static void
test_gpu(void **state)
{
	char *on = replaced(small_profile, "\"gpu\":false", "\"gpu\":true");
	char *text = replaced(on, "\"n_copy_mb_s\":1.5",
	    "\"n_copy_mb_s\":1.5,\"n_gpu_percent\":37.5,"
	    "\"n_gpu_avg_memory_mb\":100,\"n_gpu_peak_memory_mb\":250");
	cJSON *a = answer_of(text, query("gpu_hotspots")), *all;
	struct view_query q = query("analyze");

	(void)state;
	assert_true(cJSON_IsTrue(json_get(a, "gpu")));
	assert_int_equal(count_of(a, "hotspots"), 1);
	assert_true(number_at(item_at(a, "hotspots", 0), "gpu_percent") == 37.5);
	assert_true(number_at(item_at(a, "hotspots", 0), "gpu_peak_mb") == 250);
	assert_int_equal(count_of(a, "warnings"), 0);
	q.metric_type = text_of("all");
	all = answer_of(text, q);
	assert_int_equal(count_of(all, "gpu_hotspots"), 1);
	cJSON_Delete(all);
	cJSON_Delete(a);
	free(text);
	free(on);
}

static void
test_bottlenecks(void **state)
{
	cJSON *a = answer_of(small_profile, query("bottlenecks"));
	const cJSON *cpu = item_at(a, "bottlenecks", 0), *memory;

	(void)state;
	assert_int_equal(count_of(a, "bottlenecks"), 3);
	assert_string_equal(string_at(cpu, "severity"), "high");
	assert_string_equal(string_at(cpu, "function"), "Box.fill");
	assert_true(number_at(cpu, "cpu_percent") == 75 && number_at(cpu, "line") == 3);
	assert_non_null(strstr(string_at(cpu, "evidence"), "at least 66.3 % of 200 samples"));
	assert_string_equal(string_at(item_at(a, "bottlenecks", 1), "function"), "<module>");
	assert_string_equal(string_at(item_at(a, "bottlenecks", 1), "severity"), "medium");
	memory = item_at(a, "bottlenecks", 2);
	assert_string_equal(string_at(memory, "kind"), "memory");
	assert_string_equal(string_at(memory, "severity"), "medium");
	assert_true(number_at(json_get(a, "left_out"), "functions") == 0);
	assert_true(number_at(json_get(a, "thresholds"), "cpu_percent") == 5);
	assert_true(number_at(json_get(a, "thresholds"), "memory_mb") == 10);
	cJSON_Delete(a);
}

static void
test_thresholds(void **state)
{
	static const struct { double cpu, memory_mb; int shown, functions, lines; } cases[] = {
		{ 0, 0, 3, 0, 0 }, { 25, 60.25, 3, 0, 0 }, { 25.1, 60.3, 1, 1, 1 },
		{ 75.1, 10, 1, 2, 0 }, { 100, 1e9, 0, 2, 1 }, { 75, 100, 1, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view_query q = query("bottlenecks");
		cJSON *a;

		q.cpu_threshold = cases[i].cpu;
		q.memory_threshold_mb = cases[i].memory_mb;
		a = answer_of(small_profile, q);
		assert_int_equal(count_of(a, "bottlenecks"), cases[i].shown);
		assert_true(number_at(json_get(a, "left_out"), "functions") == cases[i].functions);
		assert_true(number_at(json_get(a, "left_out"), "lines") == cases[i].lines);
		cJSON_Delete(a);
	}
}

/* A line that keeps 131 MiB bit by bit counts, although no visit of it held more than 5. */
static void
test_kept_memory_counts(void **state)
{
	cJSON *a = of_fixture("leak_log_memory", query("bottlenecks"));
	const cJSON *item, *found = NULL;

	(void)state;
	cJSON_ArrayForEach(item, json_get(a, "bottlenecks"))
		if (strcmp(string_at(item, "kind"), "memory") == 0)
			found = item;
	assert_non_null(found);
	assert_string_equal(string_at(found, "severity"), "high");
	assert_true(number_at(found, "line") == 6 && number_at(found, "peak_mb") == 5);
	assert_true(number_at(found, "allocated_mb") > 130);
	assert_non_null(strstr(string_at(found, "evidence"), "kept 100 %"));
	cJSON_Delete(a);
}

static void
test_leaks(void **state)
{
	cJSON *a = of_fixture("leak_log_memory", query("leaks"));
	const cJSON *leak = item_at(a, "leaks", 0);

	(void)state;
	assert_int_equal(count_of(a, "leaks"), 1);
	assert_true(number_at(leak, "line") == 6);
	assert_true(number_at(leak, "likelihood") == 0.962);
	assert_true(number_at(leak, "velocity_mb_s") == 1.08);
	assert_string_equal(string_at(leak, "function"), "record");
	assert_true(number_at(a, "growth_rate_percent") == 100);
	assert_true(number_at(a, "late_growth_mb") > 30);
	assert_non_null(strstr(string_at(a, "assessment"), "a leak, or data that is still needed"));
	assert_true(has_warning(a, "leaks are hints"));
	cJSON_Delete(a);
	a = of_fixture("alloc_memory", query("leaks"));
	assert_int_equal(count_of(a, "leaks"), 0);
	assert_true(has_warning(a, "does not mean none"));
	assert_non_null(strstr(string_at(a, "assessment"), "undecided"));
	cJSON_Delete(a);
}

static void
test_functions(void **state)
{
	cJSON *a = answer_of(small_profile, query("functions"));
	const cJSON *f = item_at(a, "functions", 0);

	(void)state;
	assert_int_equal(count_of(a, "functions"), 2);
	assert_string_equal(string_at(f, "function"), "Box.fill");
	assert_true(number_at(f, "cpu_percent") == 75 && number_at(f, "allocated_mb") == 70.5);
	cJSON_Delete(a);
}

static void
test_file(void **state)
{
	struct view_query q = query("file_details");
	const cJSON *line;
	cJSON *a;

	(void)state;
	q.filename = text_of("util.py");
	a = answer_of(small_profile, q);
	assert_string_equal(string_at(a, "file"), "my lib/util.py");
	assert_string_equal(string_at(a, "path"), "/p/my lib/util.py");
	assert_true(number_at(a, "cpu_percent") == 75 && number_at(a, "peak_mb") == 60.25);
	assert_int_equal(count_of(a, "lines"), 4);
	line = item_at(a, "lines", 0);
	assert_string_equal(string_at(line, "source"), "class Box:");
	assert_null(json_get(line, "cpu_percent"));
	line = item_at(a, "lines", 2);
	assert_string_equal(string_at(line, "source"), "        for i in self:");
	assert_true(number_at(line, "cpu_percent") == 45);
	assert_int_equal(count_of(line, "loop"), 2);
	assert_null(json_get(line, "peak_mb"));
	cJSON_Delete(a);
}

/* Lines far from any with figures are left out, those near are there once, in order. */
static void
test_file_context(void **state)
{
	struct view_query q = query("file_details");
	double last = 0;
	const cJSON *line;
	cJSON *a;

	(void)state;
	q.filename = text_of("orders_small_before.py");
	q.top_n = 1000;
	a = of_fixture("orders_before", q);
	cJSON_ArrayForEach(line, json_get(a, "lines")) {
		assert_true(number_at(line, "line") > last);
		last = number_at(line, "line");
		assert_true(last != 1 && last != 38);
	}
	assert_true(last >= 29);
	assert_true(number_at(a, "lines_with_figures") == 8);
	cJSON_Delete(a);
}

static void
test_analyze(void **state)
{
	static const struct { const char *metric_type, *view, *list; } cases[] = {
		{ "cpu", "cpu_hotspots", "hotspots" }, { "memory", "memory_hotspots", "hotspots" },
		{ "gpu", "gpu_hotspots", "hotspots" }, { "leaks", "leaks", "leaks" },
		{ "bottlenecks", "bottlenecks", "bottlenecks" },
		{ "file", "file_details", "lines" },
		{ "functions", "functions", "functions" },
		{ "recommendations", "recommendations", "recommendations" },
		{ "all", "overview", "hotspots" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view_query q = query("analyze");
		cJSON *a, *b;

		q.metric_type = text_of(cases[i].metric_type);
		q.filename = text_of("util.py");
		a = answer_of(small_profile, q);
		q.view = text_of(cases[i].view);
		b = answer_of(small_profile, q);
		assert_true(cJSON_IsArray(json_get(a, cases[i].list)));
		assert_true(cJSON_Compare(a, b, true));
		cJSON_Delete(a);
		cJSON_Delete(b);
	}
}

static void
test_overview(void **state)
{
	struct view_query q = query("overview");
	cJSON *a = of_fixture("leak_log_memory", q);

	(void)state;
	assert_string_equal(string_at(a, "outcome"), "ok");
	assert_int_equal(count_of(a, "hotspots"), 2);
	assert_int_equal(count_of(a, "memory_hotspots"), 2);
	assert_int_equal(count_of(a, "leaks"), 1);
	assert_int_equal(count_of(a, "bottlenecks"), 3);
	assert_true(number_at(json_get(a, "left_out"), "bottlenecks") == 0);
	assert_true(number_at(json_get(a, "left_out"), "lines") == 1);
	cJSON_Delete(a);
	q.top_n = 1;
	a = of_fixture("leak_log_memory", q);
	assert_int_equal(count_of(a, "hotspots"), 1);
	assert_int_equal(count_of(a, "memory_hotspots"), 1);
	assert_true(number_at(json_get(a, "left_out"), "bottlenecks") == 2);
	cJSON_Delete(a);
}

/* Every list goes on behind its cursor, and all pages together are the whole list. */
static void
test_pages(void **state)
{
	static const struct { const char *view, *list; } cases[] = {
		{ "cpu_hotspots", "hotspots" }, { "memory_hotspots", "hotspots" },
		{ "bottlenecks", "bottlenecks" }, { "functions", "functions" },
		{ "file_details", "lines" }, { "recommendations", "recommendations" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view_query q = query(cases[i].view);
		cJSON *whole, *pages = cJSON_CreateArray();
		char cursor[64] = "";

		q.top_n = 1000;
		if (strcmp(cases[i].view, "file_details") == 0)
			q.filename = text_of("catalog.py");
		whole = of_fixture("shop_multifile", q);
		assert_true(count_of(whole, cases[i].list) > 1);
		q.top_n = 1;
		for (int n = 0; n < count_of(whole, cases[i].list); n++) {
			cJSON *a = of_fixture("shop_multifile", q);

			assert_int_equal(count_of(a, cases[i].list), 1);
			cJSON_AddItemToArray(pages,
			    cJSON_Duplicate(item_at(a, cases[i].list, 0), true));
			strncpy(cursor, string_at(a, "next_cursor"), sizeof(cursor) - 1);
			q.cursor = text_of(cursor);
			cJSON_Delete(a);
		}
		assert_string_equal(cursor, "");
		assert_true(cJSON_Compare(pages, json_get(whole, cases[i].list), true));
		cJSON_Delete(pages);
		cJSON_Delete(whole);
	}
}

static void
test_refused(void **state)
{
	static const struct {
		const char *view, *metric_type, *filename, *cursor;
		double cpu, memory_mb;
		enum err e;
		const char *says;
	} cases[] = {
		{ "file_details", NULL, NULL, NULL, 5, 10, ERR_INVALID_ARGUMENT,
		  "'filename' is needed" },
		{ "file_details", NULL, "no.py", NULL, 5, 10, ERR_NOT_FOUND,
		  "argument 'filename'" },
		{ "file_details", NULL, "", NULL, 5, 10, ERR_NOT_FOUND,
		  "argument 'filename'" },
		{ "analyze", "file", NULL, NULL, 5, 10, ERR_INVALID_ARGUMENT,
		  "'filename' is needed" },
		{ "analyze", "speed", NULL, NULL, 5, 10, ERR_INVALID_ARGUMENT,
		  "'metric_type' must be" },
		{ "analyze", NULL, NULL, NULL, 5, 10, ERR_INVALID_ARGUMENT,
		  "'metric_type' must be" },
		{ "analyze", "all", NULL, "zzz", 5, 10, ERR_INVALID_ARGUMENT,
		  "'cursor'" },
		{ "bottlenecks", NULL, NULL, NULL, -1, 10, ERR_INVALID_ARGUMENT,
		  "'cpu_threshold'" },
		{ "bottlenecks", NULL, NULL, NULL, 101, 10, ERR_INVALID_ARGUMENT,
		  "between 0 and 100" },
		{ "bottlenecks", NULL, NULL, NULL, INFINITY, 10, ERR_INVALID_ARGUMENT,
		  "'cpu_thr" },
		{ "bottlenecks", NULL, NULL, NULL, 5, -1, ERR_INVALID_ARGUMENT,
		  "'memory_thr" },
		{ "overview", NULL, NULL, NULL, 5, 1e308, ERR_INVALID_ARGUMENT,
		  "'memory_thr" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view_query q = query(cases[i].view);
		struct view_problem problem;
		enum err e;

		q.metric_type = text_of(cases[i].metric_type);
		q.filename = text_of(cases[i].filename);
		q.cursor = text_of(cases[i].cursor);
		q.cpu_threshold = cases[i].cpu;
		q.memory_threshold_mb = cases[i].memory_mb;
		assert_null(view_of(small_profile, facts, q, &e, &problem));
		assert_int_equal(e, cases[i].e);
		if (strstr(problem.message, cases[i].says) == NULL)
			fail_msg("'%s' does not say '%s'", problem.message, cases[i].says);
	}
}

/* One name of two files: the longer path decides. */
static void
test_two_files_of_a_name(void **state)
{
	char *text = replaced(small_profile, "\"/p/main.py\":{", "\"/p/util.py\":{");
	struct view_query q = query("file_details");
	struct view_problem problem;
	enum err e;
	cJSON *a;

	(void)state;
	q.filename = text_of("util.py");
	assert_null(view_of(text, facts, q, &e, &problem));
	assert_int_equal(e, ERR_INVALID_ARGUMENT);
	assert_non_null(strstr(problem.message, "'filename': 2 files"));
	q.filename = text_of("my lib/util.py");
	a = answer_of(text, q);
	assert_string_equal(string_at(a, "file"), "my lib/util.py");
	cJSON_Delete(a);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_order),
		cmocka_unit_test(test_not_profiled),
		cmocka_unit_test(test_gpu),
		cmocka_unit_test(test_bottlenecks),
		cmocka_unit_test(test_thresholds),
		cmocka_unit_test(test_kept_memory_counts),
		cmocka_unit_test(test_leaks),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_context),
		cmocka_unit_test(test_analyze),
		cmocka_unit_test(test_overview),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_two_files_of_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
