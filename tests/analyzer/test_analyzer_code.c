#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/analyzer/help.h"
#include "workers/analyzer/code.h"

static void
test_strip(void **state)
{
	static const struct { const char *line, *code; } cases[] = {
		{ "", "" },
		{ "   ", "" },
		{ "\tx = 1  # a comment", "x = 1" },
		{ "# only a comment", "" },
		{ "x = 'a # no comment' + b", "x = \"\" + b" },
		{ "x = \"it's\" + 'a \"b\"'", "x = \"\" + \"\"" },
		{ "x = 'escaped \\' quote'  # end", "x = \"\"" },
		{ "x = 'never closed", "x = \"" },
		{ "x = 'ends with a backslash\\", "x = \"" },
		{ "x = '''one line''' + y", "x = \"\" + y" },
		{ "x = f\"{a in b}\"", "x = f\"\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct code_state s = { .brackets = 0 };
		char buf[100];
		size_t len = code_strip(&s, text_of(cases[i].line), buf, sizeof(buf) - 1);

		buf[len] = '\0';
		assert_string_equal(buf, cases[i].code);
		assert_true(code_begins_statement(&s));
	}
}

/* What one line leaves open, the next ones continue. */
static void
test_state(void **state)
{
	static const struct { const char *line, *code; bool begins; } lines[] = {
		{ "call(a,  # first", "call(a,", true },
		{ "     b)", "b)", false },
		{ "x = 1 + \\", "x = 1 + \\", true },
		{ "    2", "2", false },
		{ "'''words", "\"", true },
		{ "for x in y:", "", false },
		{ "''' + z", "\" + z", false },
		{ "done)", "done)", true },     /* a closing bracket too many opens nothing */
		{ "next", "next", true },
	};
	struct code_state s = { .brackets = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char buf[100];
		size_t len;

		assert_int_equal(code_begins_statement(&s), lines[i].begins);
		len = code_strip(&s, text_of(lines[i].line), buf, sizeof(buf) - 1);
		buf[len] = '\0';
		assert_string_equal(buf, lines[i].code);
	}
}

static void
test_small_buffer(void **state)
{
	struct code_state s = { .brackets = 0 };
	char buf[4] = "....";

	(void)state;
	assert_int_equal(code_strip(&s, text_of("abcdef(["), buf, 3), 3);
	assert_memory_equal(buf, "abc.", 4);
	assert_int_equal(s.brackets, 2);
}

static void
test_indent(void **state)
{
	static const struct { const char *line; unsigned indent; } cases[] = {
		{ "", 0 }, { "x", 0 }, { "    x", 4 }, { "\tx", 8 }, { "   \tx", 8 },
		{ " \t x", 9 }, { "  ", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(code_indent(text_of(cases[i].line)), cases[i].indent);
}

static void
test_has(void **state)
{
	static const struct { const char *code, *word; bool has; const char *after; } cases[] = {
		{ "x = open(y)", "open(", true, "y)" },
		{ "x = reopen(y)", "open(", false, NULL },
		{ "x = io.open(y)", "open(", true, "y)" },
		{ "a.pop(0)", ".pop(0)", true, "" },
		{ "a.pop(0", ".pop(0)", false, NULL },
		{ "", "x", false, NULL },
		{ "repopen(open(1))", "open(", true, "1))" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text after = { NULL, 0 };

		assert_int_equal(code_has(text_of(cases[i].code), cases[i].word, &after),
		    cases[i].has);
		if (cases[i].has)
			assert_true(text_is(after, cases[i].after));
	}
}

static void
test_name(void **state)
{
	static const struct { const char *text, *name; } cases[] = {
		{ "seen:", "seen" }, { "self.seen.append(x)", "self.seen.append" }, { "(a)", "" },
		{ "", "" }, { "gr\xc3\xb6\xc3\x9f" "e = 1", "gr\xc3\xb6\xc3\x9f" "e" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(text_is(code_name(text_of(cases[i].text)), cases[i].name));
}

/* Any bytes: nothing is written behind the buffer, and lengths stay within it. */
static void
test_random(void **state)
{
	static const char letters[] = "ab \t\\'\"#()[]{}\n";
	uint32_t seed = 7;

	(void)state;
	for (unsigned n = 0; n < 20000; n++) {
		struct code_state s = { .brackets = 0 };
		char line[40], buf[41];
		size_t len = next_random(&seed) % sizeof(line);

		for (size_t i = 0; i < len; i++)
			line[i] = letters[next_random(&seed) % (sizeof(letters) - 1)];
		buf[len] = '!';
		assert_true(code_strip(&s, (struct text){ line, len }, buf, len) <= len);
		assert_int_equal(buf[len], '!');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strip),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_small_buffer),
		cmocka_unit_test(test_indent),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
