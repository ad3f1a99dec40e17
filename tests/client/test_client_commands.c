/* The executable as a person uses it: what is printed where, exit codes, Ctrl-C. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/client/double.h"

#define WORDS 8

static void
redirect(int fd, const char *path, int flags)
{
	int file = open(path, flags, 0600);

	if (file < 0 || dup2(file, fd) < 0)
		_exit(99);
}

/* Starts the client; out_fd: its standard output, -1 for a file. */
static pid_t
start(const char *const *words, const char *input, int out_fd)
{
	char *argv[WORDS + 2] = { (char *)(uintptr_t)"scalene-mcp" };
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (int i = 0; i < WORDS; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	redirect(STDIN_FILENO, input ? input : "/dev/null", O_RDONLY);
	if (out_fd >= 0)
		dup2(out_fd, STDOUT_FILENO);
	else
		redirect(STDOUT_FILENO, double_path("stdout"), O_WRONLY | O_CREAT | O_TRUNC);
	redirect(STDERR_FILENO, double_path("stderr"), O_WRONLY | O_CREAT | O_TRUNC);
	execv(CLIENT_PATH, argv);
	_exit(98);
}

static int
await_exit(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Every line of `parts` must be in the text; one that begins with ! must not. */
static void
check_parts(const char *what, const char *text, const char *parts)
{
	char *copy = strdup(parts ? parts : "");

	for (char *part = strtok(copy, "\n"); part; part = strtok(NULL, "\n"))
		if ((part[0] == '!') == (strstr(text, part + (part[0] == '!')) != NULL))
			fail_msg("%s: expected '%s' in:\n%s", what, part, text);
	free(copy);
}

static void
test_commands(void **state)
{
	static const struct {
		const char *part, *words[WORDS];
		int code;
		const char *out, *err;
	} cases[] = {
		{ "normal", { "profile", "a.py" }, 0,
		    "out \033[1mbold\033[0m, no line end\n\norders.py: ok\nelapsed 3.46 s, peak 45.2 MiB, samples 346\n"
		    "dedupe\norders.py:3-9\nif row not in seen:\norders.py:12\n96 %\nwarning: memory prof\n"
		    "scalene-mcp show 01JD00000000000000000PR0F1\n!err", "err\n!error" },
		{ "normal", { "profile", "-q", "a.py" }, 0, "!bold\norders.py: ok", "!err" },
		{ "normal", { "profile", "--json", "a.py" }, 0,
		    "{\"profile_id\":\n3.456\n!bold\n!warning:", "bold\nerr" },
		{ "normal", { "profile", "-c", "print()" }, 0, "orders.py: ok", "!error" },
		{ "slow", { "profile", "a.py" }, 0, "late\norders.py: ok", "!error" },
		{ "order", { "profile", "a.py" }, 0, "orders.py: ok\n!wrong", "!error" },
		{ "nonzero", { "profile", "-q", "a.py" }, 1,
		    "nonzero_exit: the program exited with 3\nValueError: no", "!error" },
		{ "killed", { "profile", "a.py" }, 1, "signal: the program was ended by SIGSEGV",
		    "!error" },
		{ "killed", { "profile", "--json", "a.py" }, 1, "\"SIGSEGV\"", "ended by SIGSEGV" },
		{ "lost", { "profile", "a.py" }, 7, "!ok", "has no outcome" },
		{ "not_found", { "profile", "a.py" }, 3, "!ok",
		    "error: no such \xef\xbf\xbd]0;title\xef\xbf\xbdthing\nhint: call list_profiles\n!\033" },
		{ "busy", { "profile", "a.py" }, 1, "!ok", "error: no such" },
		{ "not_found", { "show", "X" }, 3, "!ok", "error: no such" },
		{ "not_found", { "show", "--json", "X" }, 3, "{\"error\":\"not_found\"",
		    "!no such" },
		{ "rpc_error", { "list" }, 1, "!ok", "error: unknown tool" },
		{ "unstructured", { "list" }, 1, "!ok", "error: plain words" },
		{ "normal", { "list" }, 0, "orders.py\n3.46 s\nb\xef\xbf\xbd[31mad\n1 of 30\n!\033",
		    "!e" },
		{ "normal", { "list", "--json" }, 0, "{\"profiles\":[{", "!e" },
		{ "normal", { "show", "X" }, 0, "orders.py: ok\norders.py:99", "!e" },
		{ "normal", { "status" }, 0, "scalene-mcp 9.9\nstore\nready\n1.50 s\nSIGKILL",
		    "!e" },
		{ "normal", { "call", "big" }, 0, "{\"n\":12345678901234567890,\"t\":0.1}", "!e" },
		{ "busy", { "call", "list_profiles", "{}" }, 1, "{\"error\":\"busy\"", "!e" },
		{ "rpc_error", { "call", "x" }, 1, "{\"code\":-32602,", "!e" },
		{ "unstructured", { "call", "x" }, 1, "\"plain words\"", "!e" },
		{ "echo", { "call", "x", " { \"a\" : [ 1.50 ,\n\"b c\" ] } " }, 0,
		    "\"got\":{\"a\":[1.5,\"b c\"]}", "!e" },
		{ "normal", { "call", "x", "[1]" }, 2, "!1", "must be a JSON object" },
		{ "normal", { "call", "x", "{\"a\":01}" }, 2, "!1", "at byte" },
		{ "normal", { "call", "x", "" }, 2, "!1", "no JSON" },
		{ "normal", { "profile" }, 2, "!1", "SCRIPT is missing" },
		{ "normal", { "profile", "--bogus" }, 2, "!1", "--bogus" },
		{ "normal", { "nonsense" }, 2, "!1", "nonsense" },
		{ "normal", { "show", "--help" }, 0, "Usage: scalene-mcp show\nExit codes:", "!e" },
		{ "eof", { "list" }, 8, "!1",
		    "error: the server is gone: exit status 8: the database\n"
		    "server: the reason\xef\xbf\xbd[31m stands here\n!\033" },
		{ "cannot_start", { "list" }, 4, "!1",
		    "exit status 4\nserver: line 5\nserver: line 24\n!line 4" },
		{ "cannot_start", { "list", "-v" }, 4, "!1",
		    "exit status 4\nline 4\n!server: line 5" },
		{ "crash", { "list" }, 1, "!1", "the server is gone: SIGSEGV" },
		{ "garbage", { "list" }, 7, "!1", "no message" },
		{ "huge", { "list" }, 7, "!1", "16 MiB" },
		{ "bad_end", { "show", "--json", "X" }, 0, "\"ok\"",
		    "warning: the server ended badly: exit status 7" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char what[64], *out, *err;
		int code;

		double_play(cases[i].part);
		code = await_exit(start(cases[i].words, NULL, -1));
		snprintf(what, sizeof(what), "case %zu (%s %s)", i, cases[i].part,
		    cases[i].words[0]);
		out = double_read_file(double_path("stdout"));
		err = double_read_file(double_path("stderr"));
		if (code != cases[i].code)
			fail_msg("%s: exit status %d\n%s\n%s", what, code, out, err);
		check_parts(what, out, cases[i].out);
		check_parts(what, err, cases[i].err);
		free(out);
		free(err);
	}
}

static void
test_json_from_standard_input(void **state)
{
	static const char *const words[WORDS] = { "call", "x", "-" };
	FILE *input = fopen(double_path("input"), "w");
	char path[128], *out;

	(void)state;
	for (int i = 0; i < 30000; i++)
		fprintf(input, "%s\n\"k%d\": %d", i ? "," : "{", i, i);
	fputs("}\n", input);
	fclose(input);
	snprintf(path, sizeof(path), "%s", double_path("input"));
	double_play("echo");
	assert_int_equal(await_exit(start(words, path, -1)), 0);
	out = double_read_file(double_path("stdout"));
	assert_non_null(strstr(out, "\"k29999\":29999}"));
	free(out);
	unlink(path);
}

static void
test_server_options(void **state)
{
	static const char *const words[WORDS] = { "profile", "--state", "s d", "--root", "/a",
	    "--root=/b", "x.py" };
	char *log;

	(void)state;
	double_play("normal");
	assert_int_equal(await_exit(start(words, NULL, -1)), 0);
	log = double_log();
	check_parts("log", log,
	    "[\"serve\", \"--stdio\", \"--state\", \"s d\", \"--root\", \"/a\", \"--root\", \"/b\"]");
	free(log);
}

/* Starts a run and returns once the program's first line has come through. */
static pid_t
start_run(const char *part)
{
	static const char *const words[WORDS] = { "profile", "a.py" };
	char text[16] = "";
	int fds[2];
	pid_t pid;

	double_play(part);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = start(words, NULL, fds[1]);
	close(fds[1]);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "ready\n");
	close(fds[0]);
	return pid;
}

static void
test_interrupt(void **state)
{
	static const struct { const char *part; int number; const char *log; } cases[] = {
		{ "cancel", SIGINT,
		    "notifications/cancelled\n\"cancel_job\"\n\"job_id\":\"01JD0000000000000000000J0B\"" },
		{ "cancel_unknown_job", SIGINT, "notifications/cancelled\n!cancel_job" },
		{ "cancel", SIGTERM, "notifications/cancelled\n\"cancel_job\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t pid = start_run(cases[i].part);
		char *log;

		kill(pid, cases[i].number);
		assert_int_equal(await_exit(pid), 130);
		assert_true(double_is_gone());
		log = double_log();
		check_parts(cases[i].part, log, cases[i].log);
		free(log);
	}
}

/* Polls, because nothing tells when another process has written to a file. */
static void
await_text(const char *path, const char *text)
{
	for (int i = 0; i < 500; i++) {
		char *found = double_read_file(path);
		bool there = strstr(found, text) != NULL;

		free(found);
		if (there)
			return;
		usleep(20000);
	}
	fail_msg("'%s' never came", text);
}

static void
test_second_interrupt_kills(void **state)
{
	pid_t pid = start_run("stubborn");

	(void)state;
	kill(pid, SIGINT);
	await_text(double_path("stderr"), "Ctrl-C again");
	kill(pid, SIGINT);
	assert_int_equal(await_exit(pid), 130);
	assert_true(double_is_gone());
}

/* A reader that has gone away ends the run, as it would end the program itself. */
static void
test_closed_output(void **state)
{
	static const char *const words[WORDS] = { "profile", "a.py" };
	int fds[2];
	char *err, *log;
	pid_t pid;

	(void)state;
	double_play("flood");
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = start(words, NULL, fds[1]);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(await_exit(pid), 1);
	assert_true(double_is_gone());
	err = double_read_file(double_path("stderr"));
	check_parts("stderr", err, "cannot be written: Broken pipe");
	log = double_log();
	check_parts("log", log, "notifications/cancelled");
	free(err);
	free(log);
}

/* Nothing of the server's lands in a standard stream that whoever started us had closed. */
static void
test_closed_streams(void **state)
{
	char *argv[] = { (char *)(uintptr_t)"scalene-mcp", (char *)(uintptr_t)"list", NULL };
	pid_t pid;

	(void)state;
	double_play("normal");
	pid = fork();
	if (pid == 0) {
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		execv(CLIENT_PATH, argv);
		_exit(98);
	}
	assert_int_equal(await_exit(pid), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_json_from_standard_input),
		cmocka_unit_test(test_server_options),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_second_interrupt_kills),
		cmocka_unit_test(test_closed_output),
		cmocka_unit_test(test_closed_streams),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, double_setup, double_teardown);
}
