#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "workers/client/layout.h"

static void
test_layout(void **state)
{
	static const struct { const char *json, *compact, *indented; } cases[] = {
		{ " 1.10 ", "1.10", "1.10" },
		{ "{ }", "{}", "{}" },
		{ "[\n]", "[]", "[]" },
		{ "{\"a\" : 12345678901234567890,\n \"b c\\\"\": [ 1 , \"x, {y}\" ] }",
		    "{\"a\":12345678901234567890,\"b c\\\"\":[1,\"x, {y}\"]}",
		    "{\n  \"a\": 12345678901234567890,\n  \"b c\\\"\": [\n    1,\n    \"x, {y}\"\n  ]\n}" },
		{ "[{},[[]],{\"a\":{}}]", "[{},[[]],{\"a\":{}}]",
		    "[\n  {},\n  [\n    []\n  ],\n  {\n    \"a\": {}\n  }\n]" },
		{ "\"a\xc2\x9b\x7f\xe2\x80\xae\xc3\xa9\\u001b\"",
		    "\"a\xc2\x9b\x7f\xe2\x80\xae\xc3\xa9\\u001b\"",
		    "\"a\\u009b\\u007f\\u202e\xc3\xa9\\u001b\"" },
		{ "\"\\\\\"", "\"\\\\\"", "\"\\\\\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_text compact, indented;
		struct json_limits limits = { 20, 100 };

		json_text_init(&compact);
		json_text_init(&indented);
		layout_compact(cases[i].json, strlen(cases[i].json), &compact);
		layout_indent(cases[i].json, strlen(cases[i].json), &indented);
		assert_int_equal(compact.len, strlen(cases[i].compact));
		assert_memory_equal(compact.at, cases[i].compact, compact.len);
		assert_int_equal(indented.len, strlen(cases[i].indented));
		assert_memory_equal(indented.at, cases[i].indented, indented.len);
		assert_int_equal(json_scan(compact.at, compact.len, &limits, NULL, NULL), OK);
		assert_int_equal(json_scan(indented.at, indented.len, &limits, NULL, NULL), OK);
		json_text_fini(&compact);
		json_text_fini(&indented);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
