#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "workers/client/help.h"
#include "workers/client/options.h"

#define WORDS 12

static int
count(const char *const *words)
{
	int n = 0;

	while (n < WORDS && words[n])
		n++;
	return n;
}

static enum err
parse(const char *const *words, struct options *o)
{
	static char *argv[WORDS + 2];
	int argc = count(words);

	argv[0] = (char *)(uintptr_t)"scalene-mcp";
	for (int i = 0; i < argc; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	argv[argc + 1] = NULL;
	return options_parse(argc + 1, argv, o);
}

static void
test_accepted(void **state)
{
	static const struct {
		const char *words[WORDS];
		const char *target;
		size_t rest;
		enum option_id option;
		const char *text;
		double number;
	} cases[] = {
		{ { "profile", "a.py" }, "a.py", 0, OPTION_COUNT, NULL, 0 },
		{ { "profile", "--timeout", "2.5", "a.py", "--json", "-q" }, "a.py", 2,
		    OPTION_TIMEOUT, "2.5", 2.5 },
		{ { "profile", "--timeout=1e2", "a.py" }, "a.py", 0, OPTION_TIMEOUT, "1e2", 100 },
		{ { "profile", "-q", "-c", "print(1)", "--json" }, NULL, 1, OPTION_CODE, "print(1)",
		    0 },
		{ { "profile", "-m", "pkg.mod", "-v" }, NULL, 1, OPTION_MODULE, "pkg.mod", 0 },
		{ { "profile", "--", "-a.py", "--", "x" }, "-a.py", 2, OPTION_COUNT, NULL, 0 },
		{ { "profile", "--no-memory", "--memory", "a.py" }, "a.py", 0, OPTION_MEMORY, NULL,
		    1 },
		{ { "profile", "--memory", "--no-memory", "a.py" }, "a.py", 0, OPTION_NO_MEMORY,
		    NULL, 1 },
		{ { "profile", "--env", "A=", "--env", "B=c=d", "a.py" }, "a.py", 0, OPTION_ENV,
		    "B=c=d", 0 },
		{ { "profile", "--label", "", "a.py" }, "a.py", 0, OPTION_LABEL, "", 0 },
		{ { "list", "-n", "3", "--json" }, NULL, 0, OPTION_LIMIT, "3", 3 },
		{ { "show", "ID", "--json" }, "ID", 0, OPTION_JSON, NULL, 1 },
		{ { "call", "tool", "{}" }, "tool", 1, OPTION_COUNT, NULL, 0 },
		{ { "call", "tool", "-", "--json" }, "tool", 1, OPTION_JSON, NULL, 1 },
		{ { "status" }, NULL, 0, OPTION_COUNT, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options o;

		assert_int_equal(parse(cases[i].words, &o), OK);
		if (cases[i].target)
			assert_string_equal(o.target, cases[i].target);
		else
			assert_null(o.target);
		assert_int_equal(o.rest_count, cases[i].rest);
		for (unsigned id = 0; id < OPTION_COUNT; id++)
			if (id == OPTION_MEMORY || id == OPTION_NO_MEMORY)
				assert_int_equal(o.values[id].given, id == cases[i].option);
		if (cases[i].option != OPTION_COUNT) {
			assert_true(options_has(&o, cases[i].option));
			assert_true(o.values[cases[i].option].number == cases[i].number);
		}
		if (cases[i].text)
			assert_string_equal(o.values[cases[i].option].text, cases[i].text);
		options_fini(&o);
	}
}

static void
test_refused(void **state)
{
	static const char *const cases[][WORDS] = {
		{ NULL }, { "nonsense" }, { "profile" }, { "profile", "--bogus", "a.py" },
		{ "profile", "--timeout", "abc", "a.py" }, { "profile", "--timeout", "0x10",
		    "a.py" },
		{ "profile", "--timeout", "nan", "a.py" }, { "profile", "--timeout", "1e999",
		    "a.py" },
		{ "profile", "--timeout", "", "a.py" }, { "profile", "--timeout", "1 ", "a.py" },
		{ "profile", "--max-memory-mb", "1.5", "a.py" }, { "profile", "--env", "A",
		    "a.py" },
		{ "profile", "--env", "=b", "a.py" }, { "profile", "--memory=1", "a.py" },
		{ "profile", "--cwd", "", "a.py" }, { "profile", "--label" }, { "profile",
		    "\xff.py" },
		{ "profile", "a.py", "\xff" }, { "profile", "--label", "\xc0\x80", "a.py" },
		{ "list", "x" }, { "list", "--timeout", "3" }, { "show" }, { "show", "a", "b" },
		{ "call" }, { "call", "a", "{}", "b" }, { "status", "x" }, { "status", "--root",
		    "/" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options o;

		assert_int_equal(parse(cases[i], &o), ERR_INVALID_ARGUMENT);
		options_fini(&o);
	}
}

static void
test_environment(void **state)
{
	static const struct {
		const char *name, *value;
		enum err e;
		enum option_id option;
		bool given;
		double number;
	} cases[] = {
		{ "SCALENE_MCP_TIMEOUT", "3", OK, OPTION_TIMEOUT, true, 3 },
		{ "SCALENE_MCP_TIMEOUT", "", OK, OPTION_TIMEOUT, false, 0 },
		{ "SCALENE_MCP_TIMEOUT", "x", ERR_INVALID_ARGUMENT, OPTION_TIMEOUT, false, 0 },
		{ "SCALENE_MCP_CPU_SAMPLING_RATE", "0.5", OK, OPTION_CPU_SAMPLING_RATE, true, 0.5 },
		{ "SCALENE_MCP_JSON", "Yes", OK, OPTION_JSON, true, 1 },
		{ "SCALENE_MCP_JSON", "off", OK, OPTION_JSON, false, 0 },
		{ "SCALENE_MCP_JSON", "maybe", ERR_INVALID_ARGUMENT, OPTION_JSON, false, 0 },
		{ "SCALENE_MCP_MEMORY", "0", OK, OPTION_MEMORY, true, 0 },
		{ "SCALENE_MCP_ENV", "A=b", OK, OPTION_ENV, true, 0 },
		{ "SCALENE_MCP_LIMIT", "x", OK, OPTION_LIMIT, false, 0 },
		      /* not an option of profile */
		{ "SCALENE_MCP_STATE", "/s", OK, OPTION_STATE, false, 0 },  /* the server's own */
	};
	static const char *const words[WORDS] = { "profile", "a.py" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options o;

		setenv(cases[i].name, cases[i].value, 1);
		assert_int_equal(parse(words, &o), cases[i].e);
		assert_int_equal(o.values[cases[i].option].given, cases[i].given);
		if (cases[i].given)
			assert_true(o.values[cases[i].option].number == cases[i].number);
		options_fini(&o);
		unsetenv(cases[i].name);
	}
}

static void
test_command_line_wins(void **state)
{
	static const char *const words[WORDS] = { "profile", "--env", "C=d", "--timeout", "4",
	    "--memory", "a.py" };
	struct options o;

	(void)state;
	setenv("SCALENE_MCP_ENV", "A=b", 1);
	setenv("SCALENE_MCP_TIMEOUT", "3", 1);
	setenv("SCALENE_MCP_NO_MEMORY", "1", 1);
	assert_int_equal(parse(words, &o), OK);
	assert_int_equal(o.values[OPTION_ENV].count, 1);
	assert_string_equal(o.values[OPTION_ENV].list[0], "C=d");
	assert_true(o.values[OPTION_TIMEOUT].number == 4);
	assert_true(options_has(&o, OPTION_MEMORY));
	assert_false(options_has(&o, OPTION_NO_MEMORY));
	options_fini(&o);
	unsetenv("SCALENE_MCP_ENV");
	unsetenv("SCALENE_MCP_TIMEOUT");
	unsetenv("SCALENE_MCP_NO_MEMORY");
}

/* Every row is usable, and no two of one subcommand have the same name or letter. */
static void
test_table(void **state)
{
	(void)state;
	for (unsigned a = 0; a < OPTION_COUNT; a++) {
		const struct option_row *row = option_row(a);
		bool flag = row->kind == OPTION_ON || row->kind == OPTION_OFF;

		assert_true(row->name || row->letter);
		assert_non_null(row->help);
		assert_int_equal(flag, row->value == NULL);
		assert_int_not_equal(row->commands, 0);
		for (unsigned b = 0; b < a; b++) {
			if (!(row->commands & option_row(b)->commands))
				continue;
			if (row->name && option_row(b)->name)
				assert_string_not_equal(row->name, option_row(b)->name);
			if (row->letter)
				assert_int_not_equal(row->letter, option_row(b)->letter);
		}
	}
}

static void
test_help_has_every_exit_code(void **state)
{
	char *help = help_filter(ARGP_KEY_HELP_EXTRA, NULL, NULL), number[16];

	(void)state;
	assert_non_null(help);
	for (unsigned i = 0; exit_row(i); i++) {
		snprintf(number, sizeof(number), "\n  %3d  ", exit_row(i)->number);
		assert_non_null(strstr(help, number));
	}
	free(help);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_command_line_wins),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_help_has_every_exit_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
