#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "workers/analyzer/scopes.h"
#include "workers/analyzer/spans.h"

#define LINES_MAX 32

/* A source whose lines are JSON string literals; NULL: the profile does not list that line. */
static struct source
source_of(const char *const *lines, struct source_row rows[LINES_MAX])
{
	struct source s = { .rows = rows };

	for (uint32_t i = 0; i < LINES_MAX && (lines[i] == NULL || lines[i][0] != '\0'); i++) {
		if (lines[i] == NULL)
			continue;
		rows[s.row_count++] = (struct source_row){
			.number = i + 1, .text = { lines[i], strlen(lines[i]) },
		};
	}
	return s;
}

/* "name:start-end name:start-end ..." */
static void
describe(const struct scopes *s, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < s->count && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%.*s:%u-%u", i == 0 ? "" : " ",
		    (int)s->at[i].name.len, s->at[i].name.at, s->at[i].start, s->at[i].end);
}

static const struct {
	const char *lines[LINES_MAX];   /* ends with "" */
	const char *expected;
} inferred[] = {
	{ { "" }, "" },
	{ { "\"x = 1\\n\"", "" }, "" },
	{ { "\"def f():\\n\"", "\"    return 1\\n\"", "" }, "f:1-2" },
	{ { "\"def f(): return 1\\n\"", "\"x = 2\\n\"", "" }, "f:1-1" },
	{ { "\"async def f():\\n\"", "\"\\tpass\\n\"", "\"\\n\"", "\"x\\n\"", "" }, "f:1-2" },
	{ { "\"class A(B):\\n\"", "\"    def m(self):\\n\"", "\"        pass\\n\"",
	    "\"    x = 1\\n\"", "\"y\\n\"", "" },
	  "A:1-4 A.m:2-3" },
	{ { "\"def f():\\n\"", "\"    def g():\\n\"", "\"        pass\\n\"", "\"    return g\\n\"",
	    "" },
	  "f:1-4 f.<locals>.g:2-3" },
	/* the closing bracket of a header is no deeper than its def */
	{ { "\"def f(\\n\"", "\"    a,\\n\"", "\"):\\n\"", "\"    return a\\n\"", "\"x\\n\"", "" },
	    "f:1-4" },
	/* text in a string is not code */
	{ { "\"def f():\\n\"", "\"    x = '''\\n\"", "\"def g():\\n\"", "\"'''\\n\"",
	    "\"    return x\\n\"", "\"y\\n\"", "" },
	  "f:1-5" },
	{ { "\"def f():\\n\"", "\"    s = \\\"it's ( \\\\\\\" [\\\"\\n\"", "\"x\\n\"", "" },
	    "f:1-2" },
	{ { "\"def f():\\n\"", "\"    a = 1 + \\\\\\n\"", "\"2\\n\"", "\"    b\\n\"", "\"x\\n\"",
	    "" }, "f:1-4" },
	{ { "\"def f():\\n\"", "\"    pass\\n\"", "\"# about x (\\n\"", "\"x\\n\"",
	    "\"def g():\\n\"", "\"    y\\n\"", "" },
	  "f:1-2 g:5-6" },
	{ { "\"@cache\\n\"", "\"def f():\\n\"", "\"    pass\\n\"", "\"@cache\\n\"",
	    "\"def g(): pass\\n\"", "" },
	  "f:2-3 g:5-5" },
	{ { "\"define = 1\\n\"", "\"classes = 2\\n\"", "\"default()\\n\"", "" }, "" },
	{ { "\"if x:\\n\"", "\"    def f():\\n\"", "\"        pass\\n\"", "\"else:\\n\"",
	    "\"    f = None\\n\"", "" }, "f:2-3" },
};

static void
test_inferred(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(inferred) / sizeof(inferred[0]); i++) {
		struct source_row rows[LINES_MAX];
		struct source s = source_of(inferred[i].lines, rows);
		struct arena a;
		struct scopes scopes;
		char found[256];

		arena_init(&a);
		assert_int_equal(scopes_find(&s, &a, &scopes), OK);
		assert_true(scopes.inferred);
		describe(&scopes, found, sizeof(found));
		assert_string_equal(found, inferred[i].expected);
		scopes_fini(&scopes);
		arena_fini(&a);
	}
}

/* Where lines are left out, functions[] tells that one begins in the gap. */
static void
test_reduced_profile(void **state)
{
	static const char *const lines[] = { "\"x = 1\\n\"", NULL, NULL, "\"        a\\n\"", NULL,
	    "\"    b\\n\"",
		"\"y\\n\"", NULL, "\"    c\\n\"", "" };
	struct source_row rows[LINES_MAX];
	struct source_function functions[] = { { 3, text_of("f") }, { 4,
	    text_of("f.<locals>.<listcomp>") } };
	struct source s = source_of(lines, rows);
	struct arena a;
	struct scopes scopes;
	char found[256];

	(void)state;
	s.functions = functions;
	s.function_count = 2;
	arena_init(&a);
	assert_int_equal(scopes_find(&s, &a, &scopes), OK);
	describe(&scopes, found, sizeof(found));
	assert_string_equal(found, "f:3-4");
	scopes_fini(&scopes);
	arena_fini(&a);
}

/* Names with stated extents: from functions[] also above a decorator, else from the text. */
static void
test_stated(void **state)
{
	static const char *const lines[] = { "\"class A:\\n\"", "\"    @property\\n\"",
	    "\"    def m(self):\\n\"",
		"\"        return [i for i in x]\\n\"", "\"    def n(self):\\n\"",
		    "\"        pass\\n\"", NULL, NULL, "" };
	static const struct extent extents[] = { { 1, 6 }, { 1, 6 }, { 3, 4 }, { 3, 4 }, { 5, 6 },
	    { 5, 6 } };
	struct source_function functions[] = {
		{ 2, text_of("Sub.m") }, { 4, text_of("Sub.m.<locals>.<listcomp>") }, { 5,
		    text_of("other") },
	};
	struct source_row rows[LINES_MAX];
	struct source s = source_of(lines, rows);
	struct arena a;
	struct scopes scopes;
	char found[256];

	(void)state;
	s.functions = functions;
	s.function_count = 3;
	s.has_extents = true;
	for (unsigned i = 0; i < 6; i++) {
		rows[i].function_start = extents[i].start;
		rows[i].function_end = extents[i].end;
	}
	arena_init(&a);
	assert_int_equal(scopes_find(&s, &a, &scopes), OK);
	describe(&scopes, found, sizeof(found));
	assert_string_equal(found, "A:1-6 Sub.m:3-4 A.n:5-6");
	assert_true(scopes.at[0].is_class && !scopes.at[1].is_class);
	assert_int_equal(scopes.at[1].first, 2);
	assert_int_equal(scopes.at[2].first, 5);
	assert_int_equal(scopes_of_row(&scopes, &rows[0]), 0);
	assert_int_equal(scopes_of_row(&scopes, &rows[1]), 1);     /* the decorator */
	assert_int_equal(scopes_of_row(&scopes, &rows[3]), 1);
	assert_int_equal(scopes_of_row(&scopes, &rows[5]), 2);
	scopes_fini(&scopes);
	arena_fini(&a);
}

static void
test_definitions(void **state)
{
	static const struct { const char *line, *name; bool is_class; } cases[] = {
		{ "def f():", "f", false }, { "  async  def gr\xc3\xb6\xc3\x9f" "e (x):",
		    "gr\xc3\xb6\xc3\x9f" "e", false },
		{ "\tclass A_1(B):", "A_1", true }, { "async class x", "x", true }, { "def", NULL,
		    false },
		{ "def (", NULL, false }, { "defx f", NULL, false }, { "", NULL, false },
		    { "x = def f", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text name = { NULL, 0 };
		bool is_class = false, found;

		found = source_definition(cases[i].line, strlen(cases[i].line), &name, &is_class);
		assert_int_equal(found, cases[i].name != NULL);
		if (!found)
			continue;
		assert_true(text_is(name, cases[i].name));
		assert_int_equal(is_class, cases[i].is_class);
	}
}

static void
test_text(void **state)
{
	static const struct { const char *json; size_t size; const char *expected; } cases[] = {
		{ "\"\"", 100, "" },
		{ "\"a b\\n\"", 100, "a b" },
		{ "\"a\\r\\n\"", 100, "a" },
		{ "\"\\\\u003cx\\\\u003e \\\\u0026\"", 100, "<x> &" },
		{ "\"\\\\u003d \\\\u00\"", 100, "\\u003d \\u00" },
		{ "\"\\\"\\\\\\/\\t\"", 100, "\"\\/\t" },
		{ "\"\\u00e9\\ud83d\\ude00\"", 100, "\xc3\xa9\xf0\x9f\x98\x80" },
		{ "\"\xc3\xa9\xc3\xa9\"", 3, "\xc3\xa9" },
		{ "\"a\\ud83d\\ude00\"", 4, "a" },
		{ "12", 100, "" },
		{ "null", 100, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source_row row = { .text = { cases[i].json, strlen(cases[i].json) } };
		char buf[100];
		size_t len = source_row_text(&row, buf, cases[i].size);

		assert_int_equal(len, strlen(cases[i].expected));
		assert_memory_equal(buf, cases[i].expected, len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inferred),
		cmocka_unit_test(test_reduced_profile),
		cmocka_unit_test(test_stated),
		cmocka_unit_test(test_definitions),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
