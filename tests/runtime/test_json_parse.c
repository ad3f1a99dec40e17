#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/limits.h"
#include "workers/runtime/json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct json_limits limits = { 64, 100000 };

static cJSON *
parse(const char *text)
{
	cJSON *json = NULL;

	assert_int_equal(json_parse(text, strlen(text), &limits, &json), OK);
	assert_non_null(json);
	return json;
}

static void
members_are_case_sensitive(void **state)
{
	cJSON *json = parse("{\"A\":1,\"a\":2,\"b\":{\"c\":3,\"c\":4},\"\\u0064\":5}");
	const cJSON *b = json_get(json, "b");

	(void)state;
	assert_true(cJSON_GetNumberValue(json_get(json, "a")) == 2);
	assert_true(cJSON_GetNumberValue(json_get(json, "A")) == 1);
	assert_true(cJSON_GetNumberValue(json_get(b, "c")) == 3);
	assert_true(cJSON_GetNumberValue(json_get(json, "d")) == 5);
	assert_null(json_get(json, "B"));
	assert_null(json_get(json, ""));
	assert_null(json_get(json_get(json, "a"), "a"));
	assert_null(json_get(NULL, "a"));
	cJSON_Delete(json);

	json = parse("[{\"a\":1}]");
	assert_null(json_get(json, "a"));
	cJSON_Delete(json);
}

/* Up to 1.7.18 cJSON alone takes 63 characters of a number and stumbles over the rest. */
static void
long_numbers_keep_their_value(void **state)
{
	static const char *const numbers[] = {
		"0.1000000000000000055511151231257827021181583404541015625000000000",
		"123456789012345678901234567890123456789012345678901234567890123",
		"1234567890123456789012345678901234567890123456789012345678901234",
		"-1234567890123456789012345678901234567890123456789012345678901234.5e-60",
		"0.00000000000000000000000000000000000000000000000000000000000000000000001",
		"1.00000000000000000000000000000000000000000000000000000000000000000000e+5",
		"100000000000000000000000000000000000000000000000000000000000000000000e999",
		"-100000000000000000000000000000000000000000000000000000000000000000000e999",
	};
	char text[400];

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		double expected = strtod(numbers[i], NULL);
		cJSON *json = parse(numbers[i]);

		assert_true(json->valuedouble == expected);
		cJSON_Delete(json);

		snprintf(text, sizeof(text), "{\"%s\":[%s,\"%s\\\"\",%s]}", numbers[i], numbers[i],
		    numbers[i], numbers[i]);
		json = parse(text);
		assert_string_equal(json->child->string, numbers[i]);
		assert_int_equal(cJSON_GetArraySize(json->child), 3);
		assert_true(cJSON_GetArrayItem(json->child, 0)->valuedouble == expected);
		assert_true(cJSON_GetArrayItem(json->child, 2)->valuedouble == expected);
		assert_memory_equal(cJSON_GetArrayItem(json->child, 1)->valuestring, numbers[i],
		    strlen(numbers[i]));
		cJSON_Delete(json);
	}
}

static void
text_needs_no_end(void **state)
{
	static const char *const texts[] = { "12", "true", "[1]", "\"ab\"", "{\"a\":0.5}" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		size_t len = strlen(texts[i]);
		char *exact = malloc(len);
		cJSON *json = NULL;

		assert_non_null(exact);
		memcpy(exact, texts[i], len);
		assert_int_equal(json_parse(exact, len, &limits, &json), OK);
		cJSON_Delete(json);
		free(exact);
	}
}

static void
refusals_leave_the_result_alone(void **state)
{
	static const struct {
		const char *text;
		enum err expected;
	} cases[] = {
		{ "", ERR_MALFORMED },
		{ "[1,]", ERR_MALFORMED },
		{ "\"a\\u0000b\"", ERR_MALFORMED },
		{ "[1] x", ERR_MALFORMED },
		{ "[[[]]]", ERR_TOO_LARGE },
		{ "[1,2,3,4]", ERR_TOO_LARGE },
	};
	const struct json_limits few = { 2, 4 };
	cJSON mark;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		cJSON *json = &mark;

		assert_int_equal(json_parse(cases[i].text, strlen(cases[i].text), &few, &json),
		    cases[i].expected);
		assert_ptr_equal(json, &mark);
	}
}

/* ---- to msgpack ---- */

static void
numbers_become_integers_or_floats(void **state)
{
	static const struct {
		const char *text;
		msgpack_object_type type;
		double value;
	} cases[] = {
		{ "0", MSGPACK_OBJECT_POSITIVE_INTEGER, 0 },
		{ "-0", MSGPACK_OBJECT_POSITIVE_INTEGER, 0 },
		{ "7", MSGPACK_OBJECT_POSITIVE_INTEGER, 7 },
		{ "-7", MSGPACK_OBJECT_NEGATIVE_INTEGER, -7 },
		{ "3.0", MSGPACK_OBJECT_POSITIVE_INTEGER, 3 },
		{ "2147483648", MSGPACK_OBJECT_POSITIVE_INTEGER, 2147483648.0 },
		{ "9007199254740992", MSGPACK_OBJECT_POSITIVE_INTEGER, 9007199254740992.0 },
		{ "-9007199254740992", MSGPACK_OBJECT_NEGATIVE_INTEGER, -9007199254740992.0 },
		{ "9007199254740994", MSGPACK_OBJECT_FLOAT64, 9007199254740994.0 },
		{ "1e300", MSGPACK_OBJECT_FLOAT64, 1e300 },
		{ "-0.25", MSGPACK_OBJECT_FLOAT64, -0.25 },
		{ "1e999", MSGPACK_OBJECT_NIL, 0 },
		{ "null", MSGPACK_OBJECT_NIL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		cJSON *json = parse(cases[i].text);
		struct value_writer w;
		struct value_tree tree;

		value_writer_init(&w);
		assert_int_equal(json_to_value(json, &w), OK);
		assert_int_equal(value_parse(value_done(&w), &tree), OK);
		assert_int_equal(value_root(&tree)->type, cases[i].type);
		if (cases[i].type != MSGPACK_OBJECT_NIL)
			assert_true(value_as_real(value_root(&tree), NAN) == cases[i].value);
		value_tree_fini(&tree);
		value_writer_fini(&w);
		cJSON_Delete(json);
	}
}

static void
trees_survive_the_way_there_and_back(void **state)
{
	static const char *const texts[] = {
		"null", "true", "false", "\"\"", "[]", "{}", "-12", "0.1",
		"{\"a\":[1,2.5,{\"b\":null,\"\":[[],{}]}],\"c\":\"\xc3\xa9\\n\\\"\",\"d\":false}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		cJSON *json = parse(texts[i]);
		struct value_writer w;
		char *back;

		value_writer_init(&w);
		assert_int_equal(json_to_value(json, &w), OK);
		back = json_from_value(value_done(&w));
		assert_non_null(back);
		assert_string_equal(back, texts[i]);
		free(back);
		value_writer_fini(&w);
		cJSON_Delete(json);
	}
}

static enum err
depth_to_value(unsigned depth)
{
	char text[200];
	struct value_writer w;
	cJSON *json;
	enum err e;

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = 0;
	json = parse(text);
	value_writer_init(&w);
	e = json_to_value(json, &w);
	if (e == OK)
		assert_true(value_check(value_done(&w).at, value_done(&w).len));
	value_writer_fini(&w);
	cJSON_Delete(json);
	return e;
}

static void
depth_of_values_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(depth_to_value(LIMIT_MSGPACK_DEPTH), OK);
	assert_int_equal(depth_to_value(LIMIT_MSGPACK_DEPTH + 1), ERR_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_case_sensitive),
		cmocka_unit_test(long_numbers_keep_their_value),
		cmocka_unit_test(text_needs_no_end),
		cmocka_unit_test(refusals_leave_the_result_alone),
		cmocka_unit_test(numbers_become_integers_or_floats),
		cmocka_unit_test(trees_survive_the_way_there_and_back),
		cmocka_unit_test(depth_of_values_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
