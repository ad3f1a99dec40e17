#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/runtime/json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char *
number_text(double v)
{
	struct json_text t;

	json_text_init(&t);
	json_text_number(&t, v);
	assert_false(t.failed);
	return t.at;
}

static void
numbers_are_short(void **state)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ -0.0, "-0" },
		{ 1, "1" },
		{ -1, "-1" },
		{ 100000, "100000" },
		{ 1e15, "1000000000000000" },
		{ 9007199254740992.0, "9007199254740992" },
		{ 1e16, "10000000000000000" },
		{ 1e17, "1e+17" },
		{ -1e21, "-1e+21" },
		{ 0.1, "0.1" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 2.5, "2.5" },
		{ -99.95, "-99.95" },
		{ 0.000001, "1e-06" },
		{ 1e300, "1e+300" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ DBL_MIN, "2.2250738585072014e-308" },
		{ 5e-324, "5e-324" },
		{ 1e-310, "1e-310" },
		{ NAN, "null" },
		{ INFINITY, "null" },
		{ -INFINITY, "null" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = number_text(cases[i].v);
		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

/* Every bit pattern that comes up reads back as itself and is a JSON number. */
static void
numbers_read_back(void **state)
{
	const struct json_limits limits = { 1, 1 };
	uint64_t bits = 0x0123456789abcdefu;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		double v, again;
		char *text;

		bits = bits * 6364136223846793005u + 1442695040888963407u;
		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v))
			continue;
		text = number_text(v);
		again = strtod(text, NULL);
		assert_memory_equal(&again, &v, sizeof(v));
		assert_int_equal(json_scan(text, strlen(text), &limits, NULL, NULL), OK);
		free(text);
	}
}

/* Skipped where no such locale is installed. */
static void
numbers_do_not_follow_the_locale(void **state)
{
	static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR" };
	size_t i = 0;
	char *text;

	(void)state;
	while (i < COUNT(names) && setlocale(LC_NUMERIC, names[i]) == NULL)
		i++;
	if (i == COUNT(names))
		skip();
	text = number_text(-1234.5e-20);
	setlocale(LC_NUMERIC, "C");
	assert_string_equal(text, "-1.2345e-17");
	free(text);
}

static void
strings_are_escaped(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *quoted;
	} cases[] = {
		{ "", 0, "\"\"" },
		{ "abc", 3, "\"abc\"" },
		{ "a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"" },
		{ "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x1f\x7f", 3, "\"\\u0001\\u001f\x7f\"" },
		{ "a\0b", 3, "\"a\\u0000b\"" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		    "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\xe2\x80\xa8", 3, "\"\xe2\x80\xa8\"" },
		{ "a\xff" "b", 3, "\"a\xef\xbf\xbd" "b\"" },
		{ "\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xc3", 1, "\"\xef\xbf\xbd\"" },
		{ "<script>&'", 10, "\"<script>&'\"" },
	};
	const struct json_limits limits = { 1, 1 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_text t;

		json_text_init(&t);
		json_text_quote(&t, cases[i].text, cases[i].len);
		assert_false(t.failed);
		assert_string_equal(t.at, cases[i].quoted);
		assert_int_equal(t.len, strlen(cases[i].quoted));
		if (memchr(cases[i].text, 0, cases[i].len) == NULL)
			assert_int_equal(json_scan(t.at, t.len, &limits, NULL, NULL), OK);
		json_text_fini(&t);
	}
}

static void
texts_grow(void **state)
{
	struct json_text t;
	char expected[64];
	size_t len = 0;

	(void)state;
	json_text_init(&t);
	assert_null(t.at);
	json_text_adds(&t, "");
	assert_false(t.failed);
	for (int i = 0; i < 5000; i++) {
		int n = snprintf(expected, sizeof(expected), "<%d %s>", i, "x");
		json_text_addf(&t, "<%d %s>", i, "x");
		assert_int_equal(t.len, len + (size_t)n);
		assert_string_equal(t.at + len, expected);
		len = t.len;
	}
	json_text_add(&t, "abcdef", 3);
	assert_string_equal(t.at + len, "abc");
	assert_true(t.len < t.size);
	json_text_fini(&t);
	assert_null(t.at);
	json_text_fini(&t);
}

static void
lengths_do_not_overflow(void **state)
{
	struct json_text t;

	(void)state;
	json_text_init(&t);
	json_text_adds(&t, "kept");
	json_text_add(&t, "x", SIZE_MAX - 2);
	assert_true(t.failed);
	json_text_adds(&t, "y");
	assert_string_equal(t.at, "kept");
	json_text_fini(&t);
}

/* ---- msgpack ---- */

static void
values_are_written(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *json;        /* NULL: refused */
	} cases[] = {
		{ "\xc0", 1, "null" },
		{ "\xc2", 1, "false" },
		{ "\xc3", 1, "true" },
		{ "\x7f", 1, "127" },
		{ "\xff", 1, "-1" },
		{ "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9, "18446744073709551615" },
		{ "\xd3\x80\0\0\0\0\0\0\0", 9, "-9223372036854775808" },
		{ "\xcb\x3f\xe0\0\0\0\0\0\0", 9, "0.5" },
		{ "\xcb\x40\x08\0\0\0\0\0\0", 9, "3" },
		{ "\xca\x3e\x80\0\0", 5, "0.25" },
		{ "\xcb\x7f\xf8\0\0\0\0\0\0", 9, "null" },         /* NaN */
		{ "\xcb\x7f\xf0\0\0\0\0\0\0", 9, "null" },         /* infinity */
		{ "\xa3" "a\"b", 4, "\"a\\\"b\"" },
		{ "\xa1\0", 2, "\"\\u0000\"" },
		{ "\xc4\x02\xff\xfe", 4, "null" },                 /* bin */
		{ "\x90", 1, "[]" },
		{ "\x93\x01\xc0\x91\x02", 5, "[1,null,[2]]" },
		{ "\x80", 1, "{}" },
		{ "\x82\xa1" "a\x01\xa1" "b\x81\xa0\x90", 9, "{\"a\":1,\"b\":{\"\":[]}}" },
		{ "\x81\x01\x02", 3, NULL },                       /* a key that is no text */
		{ "\x91\x81\xc0\x02", 4, NULL },
		{ "\x81\xc4\x01" "a\x02", 5, NULL },
		{ "\xd4\x01\x00", 3, NULL },                       /* extension */
		{ "\x92\x01", 2, NULL },                           /* cut */
		{ "\x01\x01", 2, NULL },                           /* two values */
		{ "\xa1\xff", 2, NULL },                           /* not UTF-8 */
		{ "", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *json = json_from_value((struct value){ (const uint8_t *)cases[i].bytes,
		    cases[i].len });

		if (cases[i].json == NULL) {
			assert_null(json);
			continue;
		}
		assert_non_null(json);
		assert_string_equal(json, cases[i].json);
		free(json);
	}
}

static void
nothing_is_null(void **state)
{
	char *json = json_from_value((struct value){ NULL, 0 });

	(void)state;
	assert_string_equal(json, "null");
	free(json);
	json = json_from_object(NULL);
	assert_string_equal(json, "null");
	free(json);
}

static void
objects_join_other_text(void **state)
{
	struct value_writer w;
	struct value_tree tree;
	struct json_text t;

	(void)state;
	value_writer_init(&w);
	value_map(&w, 1);
	value_put_real(&w, "elapsed_s", 1.25);
	assert_int_equal(value_parse(value_done(&w), &tree), OK);
	json_text_init(&t);
	json_text_adds(&t, "{\"result\":");
	json_text_object(&t, value_root(&tree));
	json_text_addf(&t, ",\"id\":%d}", 7);
	assert_string_equal(t.at, "{\"result\":{\"elapsed_s\":1.25},\"id\":7}");
	json_text_fini(&t);
	value_tree_fini(&tree);
	value_writer_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_short),
		cmocka_unit_test(numbers_read_back),
		cmocka_unit_test(numbers_do_not_follow_the_locale),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(texts_grow),
		cmocka_unit_test(lengths_do_not_overflow),
		cmocka_unit_test(values_are_written),
		cmocka_unit_test(nothing_is_null),
		cmocka_unit_test(objects_join_other_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
