/* How a program is started: descriptors, signals, limits, and why it was not. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "workers/profiler/spawn.h"

static char *const environment[] = { "PATH=/usr/bin:/bin", NULL };

/* Runs a shell script and returns its exit status; what it wrote goes to ret_text. */
static int
run_script(const char *script, const char *input, int64_t address_space, char *ret_text,
    size_t size)
{
	char *argv[] = { "/bin/sh", "-c", (char *)script, NULL };
	int ends[2], in = -1, status;
	struct child child;
	const char *step;
	size_t len = 0;
	ssize_t n;

	assert_int_equal(spawn_pipe(ends), OK);
	if (input != NULL)
		assert_int_equal(spawn_input(input, strlen(input), &in), OK);
	struct spawn_spec spec = { .path = "/bin/sh", .argv = argv, .envp = environment, .cwd =
	    "/usr",
		.stdin_fd = in, .stdout_fd = ends[1], .stderr_fd = ends[1], .address_space =
		    address_space };
	assert_int_equal(spawn(&spec, &child, &step), OK);
	close(ends[1]);
	while ((n = read(ends[0], ret_text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	ret_text[len] = '\0';
	assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
	close(ends[0]);
	if (in >= 0)
		close(in);
	child_close(&child);
	return status;
}

static const struct {
	const char *script, *input;
	int64_t address_space;
	const char *printed;
} scripts[] = {
	{ "cat; echo end", NULL, 0, "end\n" },
	{ "cat", "given\n", 0, "given\n" },
	{ "pwd", NULL, 0, "/usr\n" },
	{ "ls /proc/self/fd | wc -l", NULL, 0, "4\n" },         /* 0, 1, 2 and the folder itself */
	{ "ulimit -c", NULL, 0, "0\n" },
	{ "ulimit -v", NULL, 512ll << 20, "524288\n" },
	{ "grep -c '^Sig\\(Blk\\|Ign\\):.0000000000000000$' /proc/self/status", NULL, 0, "2\n" },
	{ "[ $(ps -o sid= -p $$ 2>/dev/null || cut -d' ' -f6 /proc/$$/stat) = $$ ] && echo own",
	    NULL, 0, "own\n" },
};

static void
surroundings(void **state)
{
	char text[1024];
	sigset_t blocked;
	int extra = open("/", O_RDONLY);         /* not close-on-exec */

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&blocked);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		assert_int_equal(run_script(scripts[i].script, scripts[i].input,
		    scripts[i].address_space, text, sizeof text), 0);
		assert_string_equal(text, scripts[i].printed);
	}
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	close(extra);
}

static void
reasons(void **state)
{
	static const struct {
		const char *path, *cwd;
		enum err expected;
		const char *step;
	} cases[] = {
		{ "/no/such/program", "/", ERR_NOT_FOUND, "exec" },
		{ "/etc/passwd", "/", ERR_NOT_READABLE, "exec" },
		{ "/bin/sh", "/no/such/folder", ERR_NOT_FOUND, "chdir" },
	};
	char *argv[] = { "x", NULL };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct spawn_spec spec = { .path = cases[i].path, .argv = argv, .envp = environment,
			.cwd = cases[i].cwd, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
		struct child child;
		const char *step;
		assert_int_equal(spawn(&spec, &child, &step), cases[i].expected);
		assert_string_equal(step, cases[i].step);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	}
}

/* The program dies with the process that started it. */
static void
no_orphans(void **state)
{
	int alive[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(alive), 0);
	pid_t starter = fork();
	if (starter == 0) {
		char *argv[] = { "/bin/sh", "-c", "trap '' INT TERM HUP; echo x; exec sleep 1000",
		    NULL };
		struct spawn_spec spec = { .path = "/bin/sh", .argv = argv, .envp = environment,
		    .cwd = "/",
			.stdin_fd = -1, .stdout_fd = alive[1], .stderr_fd = -1 };
		struct child child;
		const char *step;
		_exit(spawn(&spec, &child, &step) == OK ? pause() : 1);
	}
	close(alive[1]);
	assert_int_equal(read(alive[0], &byte, 1), 1);
	assert_int_equal(kill(starter, SIGKILL), 0);
	assert_int_equal(waitpid(starter, NULL, 0), starter);
	struct pollfd end = { .fd = alive[0], .events = 0 };
	while (read(alive[0], &byte, 1) == 1)
		;
	assert_int_equal(poll(&end, 1, 5000), 1);
	close(alive[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(surroundings),
		cmocka_unit_test(reasons),
		cmocka_unit_test(no_orphans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
