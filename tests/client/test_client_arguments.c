#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workers/client/arguments.h"

#define WORDS 16

static char *
arguments_for(const char *const *words, const char **ret_tool)
{
	static char *argv[WORDS + 2];
	struct options o;
	char *json = NULL;
	int n = 0;

	argv[n++] = (char *)(uintptr_t)"scalene-mcp";
	for (; words[n - 1]; n++)
		argv[n] = (char *)(uintptr_t)words[n - 1];
	argv[n] = NULL;
	assert_int_equal(options_parse(n, argv, &o), OK);
	assert_int_equal(arguments_make(&o, &json), OK);
	*ret_tool = arguments_profile_tool(&o);
	options_fini(&o);
	return json;
}

static void
test_arguments(void **state)
{
	static const struct { const char *words[WORDS]; const char *tool, *json; } cases[] = {
		{ { "profile", "a.py" }, "profile_script",
		    "{\"script_path\":\"/tmp/a.py\",\"cwd\":\"/tmp\",\"wait_s\":45}" },
		{ { "profile", "././a b\".py", "--x", "" }, "profile_script",
		    "{\"script_path\":\"/tmp/a b\\\".py\",\"script_args\":[\"--x\",\"\"],\"cwd\":\"/tmp\",\"wait_s\":45}" },
		{ { "profile", "/x/a.py" }, "profile_script",
		    "{\"script_path\":\"/x/a.py\",\"cwd\":\"/tmp\",\"wait_s\":45}" },
		{ { "profile", "-c", "print(1)", "z" }, "profile_code",
		    "{\"script_args\":[\"z\"],\"cwd\":\"/tmp\",\"wait_s\":45,\"code\":\"print(1)\"}" },
		{ { "profile", "-m", "a.b" }, "profile_script",
		    "{\"cwd\":\"/tmp\",\"wait_s\":45,\"module\":\"a.b\"}" },
		{ { "profile", "--cwd", "d", "--python", "v/bin/python", "a.py" }, "profile_script",
		    "{\"script_path\":\"/tmp/a.py\",\"wait_s\":45,\"python\":\"/tmp/v/bin/python\",\"cwd\":\"/tmp/d\"}" },
		{ { "profile", "--python", "python3.11", "--no-memory", "--no-stacks", "--gpu",
		    "a.py" }, "profile_script",
		    "{\"script_path\":\"/tmp/a.py\",\"cwd\":\"/tmp\",\"wait_s\":45,\"memory\":false,\"gpu\":true,"
		    "\"stacks\":false,\"python\":\"python3.11\"}" },
		{ { "profile", "--timeout", "2.50", "--max-memory-mb", "512", "--quiet", "--json",
		    "--state", "s", "a.py" },
		    "profile_script",
		        "{\"script_path\":\"/tmp/a.py\",\"cwd\":\"/tmp\",\"wait_s\":45,\"timeout\":2.5,"
		    "\"max_memory_mb\":512}" },
		{ { "profile", "--env", "A=1", "--env", "B=x=\"y", "--env", "A=2", "a.py" },
		    "profile_script",
		    "{\"script_path\":\"/tmp/a.py\",\"cwd\":\"/tmp\",\"wait_s\":45,"
		    "\"env\":{\"B\":\"x=\\\"y\",\"A\":\"2\"}}" },
		{ { "list" }, "profile_script", "{}" },
		{ { "list", "--search", "x", "--limit", "7" }, "profile_script",
		    "{\"limit\":7,\"search\":\"x\"}" },
	};

	(void)state;
	assert_int_equal(chdir("/tmp"), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *tool;
		char *json = arguments_for(cases[i].words, &tool);

		assert_string_equal(json, cases[i].json);
		assert_string_equal(tool, cases[i].tool);
		free(json);
	}
}

static void
test_at_the_root_directory(void **state)
{
	static const char *const words[] = { "profile", "a.py", NULL };
	const char *tool;
	char *json;

	(void)state;
	assert_int_equal(chdir("/"), 0);
	json = arguments_for(words, &tool);
	assert_string_equal(json, "{\"script_path\":\"/a.py\",\"cwd\":\"/\",\"wait_s\":45}");
	free(json);
}

static void
test_of_id(void **state)
{
	char *with = arguments_of_id("job_id", "a\"b", 45), *without = arguments_of_id("profile_id",
	    "x", 0);

	(void)state;
	assert_string_equal(with, "{\"job_id\":\"a\\\"b\",\"wait_s\":45}");
	assert_string_equal(without, "{\"profile_id\":\"x\"}");
	free(with);
	free(without);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_at_the_root_directory),
		cmocka_unit_test(test_of_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
