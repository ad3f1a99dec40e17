#include "tests/supervisor/test_support.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "supervisor/options.h"

static void
takes_and_refuses_values(void **state)
{
	static const struct {
		const char *name, *value;
		bool accepted;
	} cases[] = {
		{ "profilers", "1", true },
		{ "profilers", "32", true },
		{ "profilers", "0", false },
		{ "profilers", "33", false },
		{ "profilers", "-1", false },
		{ "profilers", "", false },
		{ "profilers", "2x", false },
		{ "profilers", " 2", false },
		{ "profilers", "99999999999999999999999", false },
		{ "analyzers", "8", true },
		{ "analyzers", "9", false },
		{ "http", "unix:/run/x", true },
		{ "http", "unix:", false },
		{ "http", "127.0.0.1:80", false },
		{ "root", "/tmp", true },
		{ "root", "/nonexistent", false },
		{ "root", "/dev/null", false },
		{ "log-level", "debug", true },
		{ "log-level", "loud", false },
		{ "log-level", "panic", false },
		{ "restarts", "10/60", true },
		{ "restarts", "0/1", true },
		{ "restarts", "10", false },
		{ "restarts", "10/0", false },
		{ "restarts", "1001/60", false },
		{ "restarts", "/60", false },
		{ "restarts", "10/60/1", false },
		{ "restarts", "-1/60", false },
		{ "toolset", "core", true },
		{ "toolset", "", false },
		{ "toolset", "a b", false },
		{ "read-only", "1", true },
		{ "read-only", "0", true },
		{ "read-only", "yes", false },
		{ "stdio", "1", true },
		{ "state", "", false },
		{ "runtime", "", false },
		{ "nonsense", "1", false },
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		options_defaults(&o);
		print_message("--%s %s\n", cases[i].name, cases[i].value);
		assert_int_equal(
		    options_set(&o, cases[i].name, cases[i].value) == NULL, cases[i].accepted);
		if (o.root_count > 0)
			free((char *)o.roots[0]);
	}
}

static void
has_the_documented_defaults(void **state)
{
	char *argv[] = { (char *)"scalene-mcp", NULL };
	struct options o;

	(void)state;
	options_parse(1, argv, &o);
	assert_true(o.stdio);
	assert_null(o.http_path);
	assert_true(o.profilers >= 1 && o.profilers <= 32);
	assert_int_equal(o.analyzers, 1);
	assert_int_equal(o.restarts, 10);
	assert_int_equal(o.restart_window_ms, 60000);
	assert_string_equal(o.log_level, "info");
	assert_false(o.read_only);
	assert_int_equal(o.root_count, 0);
}

static void
http_alone_means_no_stdio(void **state)
{
	char *one[] = { (char *)"scalene-mcp", (char *)"--http", (char *)"unix:/x", NULL };
	char *both[] = { (char *)"scalene-mcp", (char *)"--http=unix:/x", (char *)"--stdio", NULL };
	struct options o;

	(void)state;
	options_parse(3, one, &o);
	assert_false(o.stdio);
	assert_string_equal(o.http_path, "/x");
	options_parse(3, both, &o);
	assert_true(o.stdio);
}

static void
the_command_line_wins_over_the_environment(void **state)
{
	char *argv[] = { (char *)"scalene-mcp", (char *)"--profilers=3", (char *)"--root=/usr",
		NULL };
	struct options o;

	(void)state;
	setenv("SCALENE_MCP_PROFILERS", "5", 1);
	setenv("SCALENE_MCP_LOG_LEVEL", "warn", 1);
	setenv("SCALENE_MCP_READ_ONLY", "1", 1);
	setenv("SCALENE_MCP_ROOT", "/tmp:/var", 1);
	options_parse(1, argv, &o);
	assert_int_equal(o.profilers, 5);
	assert_string_equal(o.log_level, "warn");
	assert_true(o.read_only);
	assert_int_equal(o.root_count, 2);
	assert_string_equal(o.roots[1], "/var");
	for (unsigned i = 0; i < o.root_count; i++)
		free((char *)o.roots[i]);
	unsetenv("SCALENE_MCP_ROOT");
	options_parse(3, argv, &o);
	assert_int_equal(o.profilers, 3);
	assert_int_equal(o.root_count, 1);
	assert_string_equal(o.roots[0], "/usr");
	free((char *)o.roots[0]);
	unsetenv("SCALENE_MCP_PROFILERS");
	unsetenv("SCALENE_MCP_LOG_LEVEL");
	unsetenv("SCALENE_MCP_READ_ONLY");
}

/* Parses in a child, because refusal ends the process; returns its exit status and what it said. */
static int
refused(const char *argument, char *said, size_t size)
{
	char *argv[] = { (char *)"scalene-mcp", (char *)argument, NULL };
	int out[2], status;
	struct options o;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (pid == 0) {
		dup2(out[1], STDERR_FILENO);
		options_parse(2, argv, &o);
		_exit(0);
	}
	close(out[1]);
	waitpid(pid, &status, 0);
	n = read(out[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	close(out[0]);
	return WEXITSTATUS(status);
}

static void
refusal_names_the_option_and_the_next_step(void **state)
{
	static const struct {
		const char *argument, *phrase;
	} cases[] = {
		{ "--profilers=99", "--profilers takes a number from 1 to 32, not '99'" },
		{ "--http=8080", "--http takes unix:PATH" },
		{ "--root=/nonexistent", "--root takes an existing directory, not '/nonexistent'" },
		{ "--wrong", "--wrong" },
		{ "surplus", "surplus" },
	};
	char said[1024];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(refused(cases[i].argument, said, sizeof(said)), EXIT_CODE_USAGE);
		assert_non_null(strstr(said, cases[i].phrase));
		assert_non_null(strstr(said, "--help"));
	}
}

static void
finds_the_executables(void **state)
{
	char folder[LIMIT_PATH];

	(void)state;
	setenv("SCALENE_MCP_LIBEXEC", "/opt/x", 1);
	assert_true(options_libexec(folder, sizeof(folder)));
	assert_string_equal(folder, "/opt/x");
	unsetenv("SCALENE_MCP_LIBEXEC");
	assert_true(options_libexec(folder, sizeof(folder)));
	assert_non_null(strstr(folder, "/../libexec/scalene-mcp"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_and_refuses_values),
		cmocka_unit_test(has_the_documented_defaults),
		cmocka_unit_test(http_alone_means_no_stdio),
		cmocka_unit_test(the_command_line_wins_over_the_environment),
		cmocka_unit_test(refusal_names_the_option_and_the_next_step),
		cmocka_unit_test(finds_the_executables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
