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
#include "workers/analyzer/handlers.h"
#include "workers/runtime/json.h"

static const char facts[] =
    "{\"profile_id\":\"01J0000000000000000000000A\",\"job_id\":\"01J0000000000000000000000B\","
    "\"outcome\":\"ok\",\"label\":null,\"program\":\"/p/main.py\",\"tool\":\"profile_script\","
    "\"created\":\"2026-11-22T14:00:00Z\",\"elapsed_s\":9,\"run\":{\"exit_code\":0,\"wall_s\":3.1,"
    "\"max_rss_mb\":90,"
    "\"stdout_tail\":\"x\",\"warnings\":[\"from the run\",7]},\"summary\":{\"samples\":1},"
    "\"provenance\":{\"interpreter\":\"/venv/bin/python\",\"scalene_version\":\"2.4.0\","
    "\"options\":{\"a\":1}}}";

static struct view_query
query(const char *view, int64_t top_n)
{
	return (struct view_query){ .view = text_of(view), .top_n = top_n, .cpu_threshold = NAN,
	    .memory_threshold_mb = NAN };
}

static void
test_cpu_hotspots(void **state)
{
	cJSON *a = view_of(small_profile, facts, query("cpu_hotspots", 10), NULL, NULL);
	const cJSON *spots = json_get(a, "hotspots");
	static const int lines[] = { 3, 9, 4, 2 };

	(void)state;
	assert_string_equal(string_at(a, "profile_id"), "01J0000000000000000000000A");
	assert_true(number_at(a, "elapsed_s") == 2.5 && number_at(a, "samples") == 200);
	assert_int_equal(cJSON_GetArraySize(spots), 4);
	for (int i = 0; i < 4; i++)
		assert_true(number_at(cJSON_GetArrayItem(spots, i), "line") == lines[i]);
	assert_string_equal(string_at(cJSON_GetArrayItem(spots, 0), "function"), "Box.fill");
	assert_string_equal(string_at(cJSON_GetArrayItem(spots, 1), "source"),
	    "if 1 < 2 & 3: run(\"\xc3\xa9\")");
	assert_non_null(json_get(cJSON_GetArrayItem(spots, 3), "note"));
	assert_int_equal(cJSON_GetArraySize(json_get(a, "functions")), 2);
	assert_null(json_get(a, "next_cursor"));
	cJSON_Delete(a);
}

/* All pages together are the whole list, once. */
static void
test_pages(void **state)
{
	static const int lines[] = { 3, 9, 4, 2 };
	struct view_query q = query("cpu_hotspots", 1);
	char cursor[64];
	unsigned page = 0;

	(void)state;
	for (;; page++) {
		cJSON *a = view_of(small_profile, facts, q, NULL, NULL);
		const cJSON *spots = json_get(a, "hotspots");
		bool more = json_get(a, "next_cursor") != NULL;

		assert_in_range(page, 0, 3);
		assert_int_equal(cJSON_GetArraySize(spots), 1);
		assert_true(number_at(cJSON_GetArrayItem(spots, 0), "line") == lines[page]);
		assert_int_equal(cJSON_GetArraySize(json_get(a, "functions")), page == 0 ? 2 : 0);
		assert_true(strlen(string_at(a, "next_cursor")) < sizeof(cursor));
		strcpy(cursor, string_at(a, "next_cursor"));
		q.cursor = text_of(cursor);
		cJSON_Delete(a);
		if (!more)
			break;
	}
	assert_int_equal(page, 3);
}

/* A cursor of one filter is refused with another. */
static void
test_foreign_cursor(void **state)
{
	struct view_query q = query("cpu_hotspots", 1);
	struct view_problem problem;
	cJSON *a = view_of(small_profile, facts, q, NULL, NULL);
	enum err e;

	(void)state;
	q.cursor = text_of(string_at(a, "next_cursor"));
	q.filename = text_of("util.py");
	assert_null(view_of(small_profile, facts, q, &e, &problem));
	assert_int_equal(e, ERR_INVALID_ARGUMENT);
	assert_non_null(strstr(problem.message, "cursor"));
	assert_non_null(problem.hint);
	cJSON_Delete(a);
}

static void
test_filter(void **state)
{
	struct view_query q = query("cpu_hotspots", 10);
	cJSON *a;

	(void)state;
	q.filename = text_of("util.py");
	a = view_of(small_profile, facts, q, NULL, NULL);
	assert_int_equal(cJSON_GetArraySize(json_get(a, "hotspots")), 3);
	assert_int_equal(cJSON_GetArraySize(json_get(a, "functions")), 1);
	cJSON_Delete(a);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *view, *filename, *cursor;
		int64_t top_n;
		enum err e;
		const char *says;
	} cases[] = {
		{ "nonsense", NULL, NULL, 10, ERR_INVALID_ARGUMENT,
		    "'nonsense'; there are: analyze, bottlenecks, cpu_hotspots" },
		{ "", NULL, NULL, 10, ERR_INVALID_ARGUMENT, "there are: analyze" },
		{ "cpu_hotspots", NULL, NULL, 0, ERR_INVALID_ARGUMENT,
		    "between 1 and 1000, not 0" },
		{ "cpu_hotspots", NULL, NULL, -5, ERR_INVALID_ARGUMENT, "-5" },
		{ "cpu_hotspots", NULL, NULL, 1001, ERR_INVALID_ARGUMENT, "1001" },
		{ "cpu_hotspots", NULL, NULL, INT64_MAX, ERR_INVALID_ARGUMENT,
		    "9223372036854775807" },
		{ "cpu_hotspots", "other.py", NULL, 10, ERR_NOT_FOUND,
		    "'other.py'; it has: main.py, my lib/util.py" },
		{ "cpu_hotspots", "", NULL, 10, ERR_NOT_FOUND, "it has: main.py" },
		{ "cpu_hotspots", NULL, "junk", 10, ERR_INVALID_ARGUMENT, "cursor" },
		{ "cpu_hotspots", NULL, "", 10, ERR_INVALID_ARGUMENT, "cursor" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view_query q = query(cases[i].view, cases[i].top_n);
		struct view_problem problem;
		enum err e;

		q.filename = text_of(cases[i].filename);
		q.cursor = text_of(cases[i].cursor);
		assert_null(view_of(small_profile, facts, q, &e, &problem));
		assert_int_equal(e, cases[i].e);
		if (strstr(problem.message, cases[i].says) == NULL)
			fail_msg("'%s' does not say '%s'", problem.message, cases[i].says);
	}
}

/* A megabyte of name must not end up in a message. */
static void
test_long_filename(void **state)
{
	struct view_query q = query("cpu_hotspots", 10);
	struct view_problem problem;
	char *name = malloc(1 << 20);
	enum err e;

	(void)state;
	assert_non_null(name);
	memset(name, 0xc3, 1 << 20);
	for (size_t i = 1; i < 1 << 20; i += 2)
		name[i] = (char)0xa9;
	q.filename = (struct text){ name, 1 << 20 };
	assert_null(view_of(small_profile, facts, q, &e, &problem));
	assert_int_equal(e, ERR_NOT_FOUND);
	assert_in_range(strlen(problem.message), 200, 400);
	assert_non_null(strstr(problem.message, "\xc3\xa9'; it has"));
	free(name);
}

static void
test_profile(void **state)
{
	cJSON *a = view_of(small_profile, facts, query("profile", 0), NULL, NULL);
	const cJSON *file = cJSON_GetArrayItem(json_get(a, "files"), 0), *run = json_get(a, "run");

	(void)state;
	assert_string_equal(string_at(a, "job_id"), "01J0000000000000000000000B");
	assert_string_equal(string_at(a, "created"), "2026-11-22T14:00:00Z");
	assert_null(json_get(a, "label"));
	assert_true(number_at(a, "elapsed_s") == 2.5);      /* the model's, not the fact's */
	assert_string_equal(string_at(file, "file"), "my lib/util.py");
	assert_true(number_at(file, "cpu_percent") == 75 && number_at(file, "lines") == 3);
	assert_true(number_at(run, "exit_code") == 0 && number_at(run, "max_rss_mb") == 90);
	assert_null(json_get(run, "signal"));
	assert_null(json_get(run, "stdout_tail"));
	assert_string_equal(string_at(json_get(a, "provenance"), "scalene_version"), "2.4.0");
	assert_null(json_get(json_get(a, "provenance"), "options"));
	assert_true(has_warning(a, "from the run") && has_warning(a, "leaks are hints"));
	cJSON_Delete(a);
}

/* Facts of another shape than expected cost their members, not the answer. */
static void
test_strange_facts(void **state)
{
	static const char *const strange[] = {
		"{}", "null", "[]", "3", "{\"run\":3,\"provenance\":[],\"profile_id\":{}}",
		    "{\"run\":{\"warnings\":{\"a\":1}}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		cJSON *a = view_of(small_profile, strange[i], query("profile", 1), NULL, NULL);
		cJSON *b = view_of(small_profile, strange[i], query("cpu_hotspots", 1), NULL, NULL);

		assert_true(number_at(a, "samples") == 200 && number_at(b, "samples") == 200);
		cJSON_Delete(a);
		cJSON_Delete(b);
	}
}

static void
test_bad_model(void **state)
{
	static const uint8_t map[] = { 0x80 }, nil[] = { 0xc0 };
	static const struct value models[] = { { map, 1 }, { nil, 1 }, { NULL, 0 }, { map, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		struct view_problem problem;
		struct value_writer w;

		value_writer_init(&w);
		assert_int_equal(analysis_view(models[i], (struct value){ map, 1 }, query("profile",
		    1), &w, &problem),
		    ERR_CORRUPT);
		assert_int_equal(value_done(&w).len, 0);
		value_writer_fini(&w);
	}
}

static void
test_handlers(void **state)
{
	unsigned found = 0;

	(void)state;
	for (const struct handler *h = analyzer_handlers; h->type != MSG_NONE; h++) {
		assert_non_null(h->run);
		assert_int_equal(msg_info(h->type)->owner, ROLE_ANALYZER);
		found++;
	}
	assert_int_equal(found, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpu_hotspots),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_foreign_cursor),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_filename),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_strange_facts),
		cmocka_unit_test(test_bad_model),
		cmocka_unit_test(test_handlers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
