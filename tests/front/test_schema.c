#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/front/schema.h"
#include "workers/runtime/json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char tool[] = "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
    "\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"script_path\"],"
    "\"properties\":{"
    "\"script_path\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":6,"
    "\"description\":\"what\"},"
    "\"top_n\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":10},"
    "\"timeout\":{\"type\":\"number\",\"exclusiveMinimum\":0,\"maximum\":60},"
    "\"rate\":{\"type\":\"number\",\"exclusiveMinimum\":0},"
    "\"at_least\":{\"type\":\"integer\",\"minimum\":5},"
    "\"at_most\":{\"type\":\"integer\",\"maximum\":5},"
    "\"any_number\":{\"type\":\"number\"},"
    "\"any_integer\":{\"type\":\"integer\"},"
    "\"memory\":{\"type\":\"boolean\",\"default\":true},"
    "\"metric\":{\"type\":\"string\",\"enum\":[\"cpu\",\"memory\"],\"default\":\"cpu\"},"
    "\"level\":{\"enum\":[1,2.5,true,\"x\"]},"
    "\"version\":{\"const\":2},"
    "\"profile_id\":{\"type\":\"string\",\"x-ulid\":true},"
    "\"ids\":{\"type\":[\"string\",\"array\"],\"x-ulid\":true,"
    "\"items\":{\"type\":\"string\",\"x-ulid\":true}},"
    "\"cursor\":{\"type\":[\"string\",\"null\"],\"maxLength\":1},"
    "\"args\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":1,\"maxItems\":3},"
    "\"env\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"},"
    "\"maxProperties\":2},"
    "\"options\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"name\"],"
    "\"properties\":{\"name\":{\"type\":[\"string\",\"null\"]},"
    "\"deep\":{\"type\":\"array\",\"items\":"
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":"
    "{\"n\":{\"type\":\"integer\",\"default\":7}}}}}},"
    "\"free\":{\"type\":\"object\"},"
    "\"whatever\":{}"
    "}}";

static cJSON *
parse(const char *text)
{
	const struct json_limits limits = { 64, 200000 };
	cJSON *json = NULL;

	if (json_parse(text, strlen(text), &limits, &json) != OK)
		fail_msg("not JSON: %s", text);
	return json;
}

static void
good_arguments_pass(void **state)
{
	static const char *const cases[] = {
		"{\"script_path\":\"a.py\"}",
		"{\"script_path\":\"123456\"}",
		"{\"script_path\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9\xc3\xa9\"}",
		"{\"script_path\":\"a\",\"top_n\":1}",
		"{\"script_path\":\"a\",\"top_n\":1000}",
		"{\"script_path\":\"a\",\"top_n\":3.0}",
		"{\"script_path\":\"a\",\"top_n\":1e3}",
		"{\"script_path\":\"a\",\"timeout\":60}",
		"{\"script_path\":\"a\",\"timeout\":0.001}",
		"{\"script_path\":\"a\",\"rate\":1e300}",
		"{\"script_path\":\"a\",\"any_number\":-1.5}",
		"{\"script_path\":\"a\",\"any_integer\":-9007199254740992}",
		"{\"script_path\":\"a\",\"memory\":false,\"metric\":\"memory\"}",
		"{\"script_path\":\"a\",\"level\":1.0}",
		"{\"script_path\":\"a\",\"level\":2.5}",
		"{\"script_path\":\"a\",\"level\":true}",
		"{\"script_path\":\"a\",\"level\":\"x\"}",
		"{\"script_path\":\"a\",\"version\":2.0}",
		"{\"script_path\":\"a\",\"profile_id\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"}",
		"{\"script_path\":\"a\",\"ids\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"}",
		"{\"script_path\":\"a\",\"ids\":[\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"]}",
		"{\"script_path\":\"a\",\"ids\":[]}",
		"{\"script_path\":\"a\",\"cursor\":null}",
		"{\"script_path\":\"a\",\"args\":[\"\"]}",
		"{\"script_path\":\"a\",\"args\":[\"1\",\"2\",\"3\"]}",
		"{\"script_path\":\"a\",\"env\":{}}",
		"{\"script_path\":\"a\",\"env\":{\"A\":\"1\",\"B\":\"2\"}}",
		"{\"script_path\":\"a\",\"env\":{\"A\":null}}",
		"{\"script_path\":\"a\",\"options\":{\"name\":null}}",
		"{\"script_path\":\"a\",\"options\":{\"name\":\"x\",\"deep\":[{},{\"n\":1}]}}",
		"{\"script_path\":\"a\",\"options\":{\"name\":\"x\",\"deep\":[{\"n\":null}]}}",
		"{\"script_path\":\"a\",\"free\":{\"x\":[1,{}],\"y\":null}}",
		"{\"script_path\":\"a\",\"whatever\":[null]}",
		/* null is not given */
		("{\"script_path\":\"a\",\"top_n\":null,\"metric\":null,\"profile_id\":null,"
		 "\"args\":null,\"version\":null,\"timeout\":null,\"options\":null}"),
	};
	cJSON *schema = parse(tool);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct schema_problem p = { "" };
		cJSON *arguments = parse(cases[i]);

		if (schema_check(schema, arguments, &p) != OK)
			fail_msg("%s: %s", cases[i], p.text);
		assert_string_equal(p.text, "");
		cJSON_Delete(arguments);
	}
	cJSON_Delete(schema);
}

struct bad {
	const char *arguments, *problem;
};

static void
expect_problems(const struct bad *cases, size_t count)
{
	cJSON *schema = parse(tool);

	for (size_t i = 0; i < count; i++) {
		struct schema_problem p = { "" };
		cJSON *arguments = parse(cases[i].arguments);

		assert_int_equal(schema_check(schema, arguments, &p), ERR_INVALID_ARGUMENT);
		assert_string_equal(p.text, cases[i].problem);
		cJSON_Delete(arguments);
	}
	cJSON_Delete(schema);
}

static void
wrong_types_are_refused(void **state)
{
	static const struct bad cases[] = {
		{ "[]", "the arguments must be an object, not an array" },
		{ "null", "the arguments must be an object, not null" },
		{ "\"x\"", "the arguments must be an object, not \"x\"" },
		{ "{\"script_path\":7}", "argument 'script_path' must be a string, not 7" },
		{ "{\"script_path\":{}}",
		    "argument 'script_path' must be a string, not an object" },
		{ "{\"script_path\":\"a\",\"any_integer\":\"5\"}",
		    "argument 'any_integer' must be an integer, not \"5\"" },
		{ "{\"script_path\":\"a\",\"any_integer\":0.5}",
		    "argument 'any_integer' must be an integer, not 0.5" },
		{ "{\"script_path\":\"a\",\"any_integer\":9007199254740994}",
		    "argument 'any_integer' must be an integer, not 9007199254740994" },
		{ "{\"script_path\":\"a\",\"any_integer\":1e400}",
		    "argument 'any_integer' must be an integer, not a number beyond all range" },
		{ "{\"script_path\":\"a\",\"any_number\":-1e400}",
		    "argument 'any_number' must be a number, not a number beyond all range" },
		{ "{\"script_path\":\"a\",\"any_number\":true}",
		    "argument 'any_number' must be a number, not true" },
		{ "{\"script_path\":\"a\",\"memory\":1}",
		    "argument 'memory' must be true or false, not 1" },
		{ "{\"script_path\":\"a\",\"memory\":\"yes\"}",
		    "argument 'memory' must be true or false, not \"yes\"" },
		{ "{\"script_path\":\"a\",\"args\":\"x\"}",
		    "argument 'args' must be an array, not \"x\"" },
		{ "{\"script_path\":\"a\",\"args\":{}}",
		    "argument 'args' must be an array, not an object" },
		{ "{\"script_path\":\"a\",\"args\":[\"x\",5]}",
		    "argument 'args[1]' must be a string, not 5" },
		{ "{\"script_path\":\"a\",\"args\":[null]}",
		    "argument 'args[0]' must be a string, not null" },
		{ "{\"script_path\":\"a\",\"env\":{\"A\":1}}",
		    "argument 'env.A' must be a string, not 1" },
		{ "{\"script_path\":\"a\",\"ids\":5}",
		    "argument 'ids' must be an array or a string, not 5" },
		{ "{\"script_path\":\"a\",\"cursor\":5}",
		    "argument 'cursor' must be a string, not 5" },
		{ "{\"script_path\":\"a\",\"options\":{\"name\":\"\",\"deep\":[{},{\"n\":\"x\"}]}}",
		    "argument 'options.deep[1].n' must be an integer, not \"x\"" },
	};

	(void)state;
	expect_problems(cases, COUNT(cases));
}

static void
wrong_values_are_refused(void **state)
{
	static const struct bad cases[] = {
		{ "{\"script_path\":\"a\",\"top_n\":-1}",
		    "argument 'top_n' must be between 1 and 1000, not -1" },
		{ "{\"script_path\":\"a\",\"top_n\":0}",
		    "argument 'top_n' must be between 1 and 1000, not 0" },
		{ "{\"script_path\":\"a\",\"top_n\":1001}",
		    "argument 'top_n' must be between 1 and 1000, not 1001" },
		{ "{\"script_path\":\"a\",\"top_n\":1e300}",
		    "argument 'top_n' must be between 1 and 1000, not 1e+300" },
		{ "{\"script_path\":\"a\",\"top_n\":2.5}",
		    "argument 'top_n' must be an integer, not 2.5" },
		{ "{\"script_path\":\"a\",\"timeout\":0}",
		    "argument 'timeout' must be more than 0 and at most 60, not 0" },
		{ "{\"script_path\":\"a\",\"timeout\":60.5}",
		    "argument 'timeout' must be more than 0 and at most 60, not 60.5" },
		{ "{\"script_path\":\"a\",\"rate\":0}",
		    "argument 'rate' must be more than 0, not 0" },
		{ "{\"script_path\":\"a\",\"rate\":-0.5}",
		    "argument 'rate' must be more than 0, not -0.5" },
		{ "{\"script_path\":\"a\",\"at_least\":4}",
		    "argument 'at_least' must be at least 5, not 4" },
		{ "{\"script_path\":\"a\",\"at_most\":6}",
		    "argument 'at_most' must be at most 5, not 6" },
		{ "{\"script_path\":\"a\",\"metric\":\"gpu\"}",
		    "argument 'metric' must be one of \"cpu\", \"memory\", not \"gpu\"" },
		{ "{\"script_path\":\"a\",\"metric\":\"CPU\"}",
		    "argument 'metric' must be one of \"cpu\", \"memory\", not \"CPU\"" },
		{ "{\"script_path\":\"a\",\"metric\":3}",
		    "argument 'metric' must be one of \"cpu\", \"memory\", not 3" },
		{ "{\"script_path\":\"a\",\"level\":\"1\"}",
		    "argument 'level' must be one of 1, 2.5, true, \"x\", not \"1\"" },
		{ "{\"script_path\":\"a\",\"level\":false}",
		    "argument 'level' must be one of 1, 2.5, true, \"x\", not false" },
		{ "{\"script_path\":\"a\",\"version\":3}", "argument 'version' must be 2, not 3" },
		{ "{\"script_path\":\"a\",\"version\":[2]}",
		    "argument 'version' must be 2, not an array" },
		{ "{\"script_path\":\"\"}",
		    "argument 'script_path' must have between 1 and 6 characters, not 0" },
		{ "{\"script_path\":\"1234567\"}",
		    "argument 'script_path' must have between 1 and 6 characters, not 7" },
		{ "{\"script_path\":\"a\",\"cursor\":\"ab\"}",
		    "argument 'cursor' must have at most 1 character, not 2" },
		{ "{\"script_path\":\"a\",\"args\":[]}",
		    "argument 'args' must have between 1 and 3 items, not 0" },
		{ "{\"script_path\":\"a\",\"args\":[\"\",\"\",\"\",\"\"]}",
		    "argument 'args' must have between 1 and 3 items, not 4" },
		{ "{\"script_path\":\"a\",\"env\":{\"A\":\"\",\"B\":\"\",\"C\":\"\"}}",
		    "argument 'env' must have at most 2 members, not 3" },
		{ "{\"script_path\":\"a\",\"profile_id\":\"../../x\"}",
		    "argument 'profile_id' must be an id: 26 of 0-9 and A-Z without I, L, O and U, "
		    "not \"../../x\"" },
		{ "{\"script_path\":\"a\",\"profile_id\":\"01arz3ndektsv4rrffq69g5fav\"}",
		    "argument 'profile_id' must be an id: 26 of 0-9 and A-Z without I, L, O and U, "
		    "not \"01arz3ndektsv4rrffq69g5fav\"" },
		{ "{\"script_path\":\"a\",\"ids\":[\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"x\"]}",
		    "argument 'ids[1]' must be an id: 26 of 0-9 and A-Z without I, L, O and U, "
		    "not \"x\"" },
	};

	(void)state;
	expect_problems(cases, COUNT(cases));
}

static void
missing_and_doubled_are_refused(void **state)
{
	static const struct bad cases[] = {
		{ "{}", "argument 'script_path' is missing" },
		{ "{\"script_path\":null}", "argument 'script_path' is missing" },
		{ "{\"top_n\":-1}", "argument 'script_path' is missing" },
		{ "{\"script_path\":\"a\",\"options\":{}}", "argument 'options.name' is missing" },
		{ "{\"script_path\":\"a\",\"script_path\":\"b\"}",
		    "argument 'script_path' is given twice" },
		{ "{\"script_path\":\"a\",\"top_n\":null,\"top_n\":5}",
		    "argument 'top_n' is given twice" },
	};
	cJSON *schema = parse(tool), *twice;
	struct schema_problem p = { "" };

	(void)state;
	expect_problems(cases, 4);
	for (size_t i = 4; i < COUNT(cases); i++) {
		char text[200];

		/* json_parse refuses it at the top of a text */
		snprintf(text, sizeof(text), "[%s]", cases[i].arguments);
		twice = parse(text);
		assert_int_equal(schema_check(schema, twice->child, &p), ERR_INVALID_ARGUMENT);
		assert_string_equal(p.text, cases[i].problem);
		cJSON_Delete(twice);
	}
	assert_int_equal(schema_check(schema, NULL, &p), ERR_INVALID_ARGUMENT);
	assert_string_equal(p.text, "argument 'script_path' is missing");
	cJSON_Delete(schema);
}

static void
unknown_names_are_refused_with_a_hint(void **state)
{
	static const struct bad cases[] = {
		{ "{\"top_m\":5}", "there is no argument 'top_m'; did you mean 'top_n'?" },
		{ "{\"topn\":5}", "there is no argument 'topn'; did you mean 'top_n'?" },
		{ "{\"Script_Path\":5}",
		    "there is no argument 'Script_Path'; did you mean 'script_path'?" },
		{ "{\"scriptpath\":\"a\"}",
		    "there is no argument 'scriptpath'; did you mean 'script_path'?" },
		{ "{\"evn\":{}}", "there is no argument 'evn'; did you mean 'env'?" },
		{ "{\"script_path\":\"a\",\"metrics\":null}",
		    "there is no argument 'metrics'; did you mean 'metric'?" },
		{ "{\"script_path\":\"a\",\"options\":{\"name\":\"x\",\"nam\":1}}",
		    "there is no argument 'options.nam'; did you mean 'name'?" },
		{ "{\"script_path\":\"a\",\"options\":{\"name\":\"x\",\"zzzz\":1}}",
		    "there is no argument 'options.zzzz'; allowed: name, deep" },
		{ "{\"script_path\":\"a\",\"options\":{\"name\":\"x\",\"\":1}}",
		    "there is no argument 'options.'; allowed: name, deep" },
		{ "{\"script_path\":\"a\",\"options\":{\"name\":\"x\",\"ab\":1}}",
		    "there is no argument 'options.ab'; allowed: name, deep" },
		{ "{\"script_path\":\"a\",\"options\":{\"name\":\"x\",\"nameab\":1}}",
		    "there is no argument 'options.nameab'; did you mean 'name'?" },
		{ "{\"script_path\":\"a\",\"options\":{\"name\":\"x\",\"nameabc\":1}}",
		    "there is no argument 'options.nameabc'; allowed: name, deep" },
		{ "{\"script_path\":\"a\",\"options\":{\"name\":\"x\",\"de\":1}}",
		    "there is no argument 'options.de'; allowed: name, deep" },
	};
	static const char *const none[] = { "{\"type\":\"object\",\"additionalProperties\":false}",
		"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{}}" };
	struct schema_problem p;
	cJSON *arguments = parse("{\"x\":1}");

	(void)state;
	expect_problems(cases, COUNT(cases));
	for (size_t i = 0; i < COUNT(none); i++) {
		cJSON *schema = parse(none[i]);
		assert_int_equal(schema_check(schema, arguments, &p), ERR_INVALID_ARGUMENT);
		assert_string_equal(p.text, "there is no argument 'x'; none is allowed");
		cJSON_Delete(schema);
	}
	cJSON_Delete(arguments);
}

/* ---- what strangers send does not get into the text as it is ---- */

/* {"<before><fill x count><after>...": as one text. */
static char *
long_text(const char *before, const char *fill, size_t count, const char *after)
{
	struct json_text t;

	json_text_init(&t);
	json_text_adds(&t, before);
	for (size_t i = 0; i < count; i++)
		json_text_adds(&t, fill);
	json_text_adds(&t, after);
	assert_false(t.failed);
	return t.at;
}

static void
long_and_strange_values_are_cut_and_quoted(void **state)
{
	static const struct {
		const char *before, *fill;
		size_t count;
		const char *after, *expected;
	} cases[] = {
		{ "{\"script_path\":\"a\",\"top_n\":\"", "A", 1000000, "\"}",
		    "argument 'top_n' must be an integer, not "
		    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA...\"" },
		{ "{\"script_path\":\"a\",\"top_n\":\"x", "\xe2\x82\xac", 30, "\"}",
		    "argument 'top_n' must be an integer, not "
		    "\"x\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac...\"" },
		{ "{\"script_path\":\"a\",\"top_n\":\"\\n\\u001b[31m\\\"'", "", 0, "\"}",
		    "argument 'top_n' must be an integer, not \"\\n\\u001b[31m\\\"'\"" },
		{ "{\"a\\nb", "", 0, "\":1}", "there is no argument 'a\\nb'; allowed: " },
		{ "{\"", "B", 1000000, "\":1}",
		    "there is no argument 'BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB...'; "
		    "allowed: script_path, top_n, " },
		{ "{\"script_path\":\"", "C", 1000000, "\"}",
		    "argument 'script_path' must have between 1 and 6 characters, not 1000000" },
		{ "{\"script_path\":\"a\",\"env\":{\"", "D", 5000, "\":1}}",
		    "argument 'env.DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD...' "
		    "must be a string, not 1" },
		{ "{\"script_path\":\"a\",\"profile_id\":\"", "0", 1000000, "\"}",
		    "argument 'profile_id' must be an id: 26 of 0-9 and A-Z without I, L, O and U, "
		    "not \"000000000000000000000000000000000000000000000000...\"" },
	};
	cJSON *schema = parse(tool);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text =
		    long_text(cases[i].before, cases[i].fill, cases[i].count, cases[i].after);
		cJSON *arguments = parse(text);
		struct schema_problem p;

		assert_int_equal(schema_check(schema, arguments, &p), ERR_INVALID_ARGUMENT);
		assert_memory_equal(p.text, cases[i].expected, strlen(cases[i].expected));
		assert_non_null(memchr(p.text, 0, sizeof(p.text)));
		cJSON_Delete(arguments);
		free(text);
	}
	cJSON_Delete(schema);
}

static void
the_list_of_names_is_bounded(void **state)
{
	cJSON *schema = parse("{\"additionalProperties\":false,\"properties\":{\"a\":{}}}");
	cJSON *arguments = parse("{\"zzzzzz\":1}");
	cJSON *properties = cJSON_GetObjectItem(schema, "properties");
	struct schema_problem p;
	char name[64];

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "argument_number_%d", i);
		cJSON_AddItemToObject(properties, name, cJSON_CreateObject());
	}
	assert_int_equal(schema_check(schema, arguments, &p), ERR_INVALID_ARGUMENT);
	assert_string_equal(p.text + strlen(p.text) - 5, ", ...");
	assert_true(strlen(p.text) < 450);
	cJSON_Delete(arguments);
	cJSON_Delete(schema);
}

/* ---- defaults ---- */

static void
defaults_are_filled_in(void **state)
{
	static const struct {
		const char *arguments, *filled;
	} cases[] = {
		{ "{\"script_path\":\"a\"}",
		    "{\"script_path\":\"a\",\"top_n\":10,\"memory\":true,\"metric\":\"cpu\"}" },
		{ "{\"script_path\":\"a\",\"top_n\":5,\"memory\":false,\"metric\":\"memory\"}",
		    "{\"script_path\":\"a\",\"top_n\":5,\"memory\":false,\"metric\":\"memory\"}" },
		{ "{\"top_n\":null,\"script_path\":\"a\",\"cursor\":null,\"memory\":null}",
		    "{\"script_path\":\"a\",\"top_n\":10,\"memory\":true,\"metric\":\"cpu\"}" },
		{ "{\"script_path\":\"a\",\"top_n\":1,\"memory\":true,\"metric\":\"cpu\","
		  "\"env\":{\"A\":null,\"B\":\"b\"},\"free\":{\"x\":null},\"whatever\":[null]}",
		    "{\"script_path\":\"a\",\"top_n\":1,\"memory\":true,\"metric\":\"cpu\","
		    "\"env\":{\"B\":\"b\"},\"free\":{\"x\":null},\"whatever\":[null]}" },
		{ "{\"script_path\":\"a\",\"top_n\":1,\"memory\":true,\"metric\":\"cpu\","
		  "\"options\":{\"name\":null,\"deep\":[{},{\"n\":null},{\"n\":3}]}}",
		    "{\"script_path\":\"a\",\"top_n\":1,\"memory\":true,\"metric\":\"cpu\","
		    "\"options\":{\"name\":null,\"deep\":[{\"n\":7},{\"n\":7},{\"n\":3}]}}" },
		{ "{}", "{\"top_n\":10,\"memory\":true,\"metric\":\"cpu\"}" },
	};
	cJSON *schema = parse(tool);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		cJSON *arguments = parse(cases[i].arguments);
		char *filled;

		assert_int_equal(schema_fill(schema, arguments), OK);
		filled = cJSON_PrintUnformatted(arguments);
		assert_string_equal(filled, cases[i].filled);
		assert_int_equal(schema_fill(schema, arguments), OK);   /* changes nothing more */
		cJSON_free(filled);
		filled = cJSON_PrintUnformatted(arguments);
		assert_string_equal(filled, cases[i].filled);
		cJSON_free(filled);
		cJSON_Delete(arguments);
	}
	cJSON_Delete(schema);
}

static void
defaults_reach_members_that_are_not_declared(void **state)
{
	cJSON *schema =
	    parse("{\"additionalProperties\":{\"properties\":{\"n\":{\"default\":1}}}}");
	cJSON *arguments = parse("{\"a\":{},\"b\":{\"n\":2},\"c\":null}");
	char *text;

	(void)state;
	assert_int_equal(schema_fill(schema, arguments), OK);
	text = cJSON_PrintUnformatted(arguments);
	assert_string_equal(text, "{\"a\":{\"n\":1},\"b\":{\"n\":2}}");
	cJSON_free(text);
	cJSON_Delete(arguments);
	cJSON_Delete(schema);
}

static void
defaults_are_copies(void **state)
{
	cJSON *schema = parse("{\"properties\":{\"o\":{\"default\":{\"k\":[1]},"
	    "\"properties\":{\"m\":{\"default\":2}}}}}");
	cJSON *arguments = parse("{}");
	char *text;

	(void)state;
	assert_int_equal(schema_fill(schema, arguments), OK);
	text = cJSON_PrintUnformatted(arguments);
	assert_string_equal(text, "{\"o\":{\"k\":[1],\"m\":2}}");
	cJSON_free(text);
	cJSON_Delete(arguments);
	text = cJSON_PrintUnformatted(schema);
	assert_string_equal(text, "{\"properties\":{\"o\":{\"default\":{\"k\":[1]},"
	    "\"properties\":{\"m\":{\"default\":2}}}}}");
	cJSON_free(text);
	cJSON_Delete(schema);
}

/* ---- schemas ---- */

static void
our_schema_is_supported(void **state)
{
	static const char *const cases[] = { tool, "{}", "{\"type\":\"object\"}",
		"{\"type\":[\"string\",\"null\"],\"title\":\"t\",\"examples\":[1]}" };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		cJSON *schema = parse(cases[i]);
		struct schema_problem p;

		if (!schema_supported(schema, &p))
			fail_msg("%s", p.text);
		cJSON_Delete(schema);
	}
}

static void
other_schemas_are_not(void **state)
{
	static const struct bad cases[] = {
		{ "true", "schema: must be an object" },
		{ "[]", "schema: must be an object" },
		{ "{\"pattern\":\"x\"}", "schema, at 'pattern': there is no such keyword here" },
		{ "{\"$ref\":\"#\"}", "schema, at '$ref': there is no such keyword here" },
		{ "{\"Type\":\"string\"}", "schema, at 'Type': there is no such keyword here" },
		{ "{\"type\":\"text\"}", "schema, at 'type': must be a type or an array of types" },
		{ "{\"type\":[]}", "schema, at 'type': must be a type or an array of types" },
		{ "{\"type\":[\"string\",5]}",
		    "schema, at 'type': must be a type or an array of types" },
		{ "{\"minimum\":\"1\"}", "schema, at 'minimum': must be a number" },
		{ "{\"maximum\":1e999}", "schema, at 'maximum': must be a number" },
		{ "{\"exclusiveMinimum\":true}",
		    "schema, at 'exclusiveMinimum': must be a number" },
		{ "{\"minLength\":-1}",
		    "schema, at 'minLength': must be a whole number, not negative" },
		{ "{\"maxLength\":1.5}",
		    "schema, at 'maxLength': must be a whole number, not negative" },
		{ "{\"maxItems\":null}",
		    "schema, at 'maxItems': must be a whole number, not negative" },
		{ "{\"maxProperties\":\"9\"}",
		    "schema, at 'maxProperties': must be a whole number, not negative" },
		{ "{\"enum\":[]}", "schema, at 'enum': must be an array of scalars, not empty" },
		{ "{\"enum\":[{}]}", "schema, at 'enum': must be an array of scalars, not empty" },
		{ "{\"const\":[]}", "schema, at 'const': must be a scalar" },
		{ "{\"x-ulid\":1}", "schema, at 'x-ulid': must be true" },
		{ "{\"description\":5}", "schema, at 'description': must be text" },
		{ "{\"items\":[]}", "schema, at 'items': must be an object" },
		{ "{\"items\":{\"x\":1}}", "schema, at 'items.x': there is no such keyword here" },
		{ "{\"additionalProperties\":true}",
		    "schema, at 'additionalProperties': must be an object" },
		{ "{\"properties\":{}}",
		    "schema, at 'properties': needs 'additionalProperties' beside it" },
		{ "{\"properties\":[],\"additionalProperties\":false}",
		    "schema, at 'properties': must be an object of schemas" },
		{ "{\"properties\":{\"a\":{\"format\":\"x\"}},\"additionalProperties\":false}",
		    "schema, at 'properties.a.format': there is no such keyword here" },
		{ "{\"properties\":{\"a\":true},\"additionalProperties\":false}",
		    "schema, at 'properties.a': must be an object" },
		{ "{\"required\":[\"a\"]}",
		    "schema, at 'required': must be an array of names that 'properties' declares" },
		{ "{\"properties\":{\"a\":{}},\"additionalProperties\":false,"
		  "\"required\":[\"a\",5]}",
		    "schema, at 'required': must be an array of names that 'properties' declares" },
		{ "{\"properties\":{\"a\":{\"type\":\"integer\",\"maximum\":5,\"default\":6}},"
		  "\"additionalProperties\":false}",
		    "argument 'properties.a.default' must be at most 5, not 6" },
		{ "{\"default\":null}",
		    "schema, at 'default': must not be null, which counts as not given" },
		{ "{\"items\":{\"type\":\"string\",\"type\":\"integer\"}}",
		    "schema, at 'items.type': is there twice" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		cJSON *schema = parse(cases[i].arguments);
		struct schema_problem p = { "" };

		if (schema_supported(schema, &p))
			fail_msg("supported: %s", cases[i].arguments);
		assert_string_equal(p.text, cases[i].problem);
		cJSON_Delete(schema);
	}
}

/* Schemas of others may hold what schema_check does not know; it must not fall over it. */
static void
odd_schemas_do_no_harm(void **state)
{
	static const char *const schemas[] = {
		"null", "true", "[]", "{\"required\":[5,null]}", "{\"required\":\"a\"}",
		"{\"properties\":5,\"additionalProperties\":5}",
		"{\"properties\":[{}],\"items\":true}",
		"{\"minimum\":\"x\",\"maxLength\":[],\"maxItems\":{},\"maxProperties\":\"y\"}",
		"{\"enum\":[[],{}]}", "{\"type\":5}", "{\"const\":{}}", "{\"x-ulid\":7}",
		"{\"properties\":{\"a\":null},\"additionalProperties\":false}",
	};
	static const char *const values[] = { "null", "{}", "{\"a\":1}", "{\"a\":{\"a\":[]}}",
		"[1,[2]]", "\"x\"", "5", "true" };
	struct schema_problem p;

	(void)state;
	for (size_t i = 0; i < COUNT(schemas); i++) {
		for (size_t k = 0; k < COUNT(values); k++) {
			cJSON *schema = parse(schemas[i]), *value = parse(values[k]);
			enum err e = schema_check(schema, value, &p);

			assert_true(e == OK || e == ERR_INVALID_ARGUMENT);
			assert_int_equal(schema_fill(schema, value), OK);
			schema_supported(schema, &p);
			cJSON_Delete(value);
			cJSON_Delete(schema);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_arguments_pass),
		cmocka_unit_test(wrong_types_are_refused),
		cmocka_unit_test(wrong_values_are_refused),
		cmocka_unit_test(missing_and_doubled_are_refused),
		cmocka_unit_test(unknown_names_are_refused_with_a_hint),
		cmocka_unit_test(long_and_strange_values_are_cut_and_quoted),
		cmocka_unit_test(the_list_of_names_is_bounded),
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(defaults_reach_members_that_are_not_declared),
		cmocka_unit_test(defaults_are_copies),
		cmocka_unit_test(our_schema_is_supported),
		cmocka_unit_test(other_schemas_are_not),
		cmocka_unit_test(odd_schemas_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
