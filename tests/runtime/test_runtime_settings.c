#include "tests/runtime/turn.h"

#include <fcntl.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "workers/runtime/log.h"
#include "workers/runtime/settings.h"

#define ALL "--incarnation=3", "--instance=" A_ULID, "--state=/s", "--runtime=/r"

/* In a child, because argp ends the process: EXIT_CODE_OK and the settings kept when it parses. */
static int
parse(const char *const *arguments, struct settings *ret_settings)
{
	char *argv[16] = { (char *)(uintptr_t)"worker" };
	int argc = 1;

	for (; arguments[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
	argp_err_exit_status = EXIT_CODE_USAGE;
	return argp_parse(&settings_argp, argc, argv, 0, NULL, ret_settings) == 0
	    ? EXIT_CODE_OK : -1;
}

static int
parse_apart(const char *const *arguments)
{
	struct settings s = { 0 };
	pid_t child = fork();

	if (child == 0) {
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		_exit(parse(arguments, &s));
	}
	return reap(child);
}

static void
what_the_supervisor_gives_is_taken(void **state)
{
	static const char *const arguments[] = { "--index", "7", "--incarnation", "4294967295",
	    "--instance", A_ULID,
		"--state", "/var/lib/x", "--runtime", "/run/x", "--log-level", "error", NULL };
	struct settings s = { 0 };

	(void)state;
	assert_int_equal(parse(arguments, &s), EXIT_CODE_OK);
	assert_int_equal(s.index, 7);
	assert_int_equal(s.incarnation, UINT32_MAX);
	assert_string_equal(s.instance, A_ULID);
	assert_string_equal(s.state_dir, "/var/lib/x");
	assert_string_equal(s.runtime_dir, "/run/x");
	log_threshold(LOG_INFO);
}

static void
anything_else_ends_with_the_usage_status(void **state)
{
	static const struct {
		const char *arguments[8];
		int status;
	} rows[] = {
		{ { ALL }, EXIT_CODE_OK },
		{ { ALL, "--index=0" }, EXIT_CODE_OK },
		{ { ALL, "--log-level=debug" }, EXIT_CODE_OK },
		{ { NULL }, EXIT_CODE_USAGE },
		{ { ALL, "--incarnation=0" }, EXIT_CODE_USAGE },
		{ { ALL, "--incarnation=4294967296" }, EXIT_CODE_USAGE },
		{ { ALL, "--incarnation=-1" }, EXIT_CODE_USAGE },
		{ { ALL, "--incarnation=-18446744073709551615" }, EXIT_CODE_USAGE },
		{ { ALL, "--incarnation=99999999999999999999" }, EXIT_CODE_USAGE },
		{ { ALL, "--incarnation= 1" }, EXIT_CODE_USAGE },
		{ { ALL, "--incarnation=1x" }, EXIT_CODE_USAGE },
		{ { ALL, "--index=" }, EXIT_CODE_USAGE },
		{ { ALL, "--instance=" }, EXIT_CODE_USAGE },
		{ { ALL, "--instance=../../etc/passwd/0000000000" }, EXIT_CODE_USAGE },
		{ { ALL, "--instance=01hzy3w5k8q2v4x6z8b0c1d2e3" }, EXIT_CODE_USAGE },
		{ { ALL, "--log-level=loud" }, EXIT_CODE_USAGE },
		{ { ALL, "--no-such-option" }, EXIT_CODE_USAGE },
		{ { "--incarnation=3", "--instance=" A_ULID, "--state=/s" }, EXIT_CODE_USAGE },
		{ { "--incarnation=3", "--instance=" A_ULID, "--runtime=/r" }, EXIT_CODE_USAGE },
		{ { "--incarnation=3", "--state=/s", "--runtime=/r" }, EXIT_CODE_USAGE },
		{ { "--instance=" A_ULID, "--state=/s", "--runtime=/r" }, EXIT_CODE_USAGE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (parse_apart(rows[i].arguments) != rows[i].status)
			fail_msg("row %zu does not end with %d", i, rows[i].status);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_supervisor_gives_is_taken),
		cmocka_unit_test(anything_else_ends_with_the_usage_status),
	};

	return cmocka_run_group_tests_name("runtime_settings", tests, NULL, NULL);
}
