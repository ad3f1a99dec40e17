#include "tests/supervisor/test_support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "supervisor/process.h"

static int
launch_and_wait(const struct launch *l, int *ret_error)
{
	int report = -1, status = -1;
	pid_t pid = 0;

	assert_true(process_launch(l, &pid, &report));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	*ret_error = process_exec_error(report);
	close(report);
	return status;
}

static char not_executable[] = "/tmp/test-launch-XXXXXX";
static char no_program[] = "/tmp/test-launch-XXXXXX";
static char still_written[] = "/tmp/test-launch-XXXXXX";

static int
make_file(char *name, mode_t mode)
{
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(write(fd, "nothing", 7), 7);
	return fd;
}

static void
tells_why_exec_failed(void **state)
{
	const struct {
		const char *path;
		int error, code;
	} cases[] = {
		{ "/nonexistent/program", ENOENT, EXIT_CODE_CANNOT_START },
		{ "/", EACCES, EXIT_CODE_CANNOT_START },
		{ "/dev/null/x", ENOTDIR, EXIT_CODE_CANNOT_START },
		{ not_executable, EACCES, EXIT_CODE_CANNOT_START },
		{ no_program, ENOEXEC, EXIT_CODE_CANNOT_START },
		{ still_written, ETXTBSY, EXIT_CODE_FAILED },
	};
	char *argv[] = { (char *)"x", NULL };
	int status, error, writer = make_file(still_written, 0700);

	(void)state;
	close(make_file(not_executable, 0600));
	close(make_file(no_program, 0700));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct launch l = { cases[i].path, argv, { -1, -1, -1, -1, -1, -1, -1 } };

		status = launch_and_wait(&l, &error);
		assert_int_equal(error, cases[i].error);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), cases[i].code);
	}
	close(writer);
	unlink(still_written);
	unlink(not_executable);
	unlink(no_program);
}

/* Runs a shell script; its exit status is the answer. */
static int
run(const char *script, const int fds[PROCESS_FD_COUNT])
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	struct launch l = { .path = "/bin/sh", .argv = argv };
	int status, error;

	memcpy(l.fds, fds, sizeof(l.fds));
	status = launch_and_wait(&l, &error);
	assert_int_equal(error, 0);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
hands_on_what_is_named_and_nothing_else(void **state)
{
	static const int none[PROCESS_FD_COUNT] = { -1, -1, -1, -1, -1, -1, -1 };
	int fds[PROCESS_FD_COUNT];
	int leaks[40];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(leaks); i++)
		leaks[i] = open("/dev/null", O_RDONLY);         /* no O_CLOEXEC: meant to leak */
	assert_int_equal(run("n=3; while test $n -lt 64; do test ! -e /proc/$$/fd/$n || exit 1; "
			     "n=$((n + 1)); done",
			     none),
	    0);
	/* crossed over: sources that lie on each other's targets */
	for (int i = 0; i < PROCESS_FD_COUNT; i++)
		fds[i] = PROCESS_FD_FIRST + PROCESS_FD_COUNT - 1 - i;
	fds[2] = -1;
	assert_int_equal(run("for n in 3 4 6 7 8 9; do test -e /proc/$$/fd/$n || exit 1; done; "
			     "test ! -e /proc/$$/fd/5",
			     fds),
	    0);
	for (size_t i = 0; i < COUNT_OF(leaks); i++)
		close(leaks[i]);
}

static void
order_is_kept_when_sources_cross(void **state)
{
	int fds[PROCESS_FD_COUNT] = { -1, -1, -1, -1, -1, -1, -1 };
	int first = open("/proc/self/stat", O_RDONLY), second = open("/dev/null", O_RDONLY);

	(void)state;
	fds[0] = second;
	fds[1] = first;
	assert_int_equal(run("test $(readlink /proc/$$/fd/3) = /dev/null && readlink /proc/$$/fd/4 "
			     "| grep -q stat",
			     fds),
	    0);
	close(first);
	close(second);
}

static void
starts_with_clean_signals_in_its_own_session(void **state)
{
	static const int none[PROCESS_FD_COUNT] = { -1, -1, -1, -1, -1, -1, -1 };
	sigset_t set, old;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, &old);
	assert_int_equal(run("grep -qE '^SigBlk:.0+$' /proc/self/status && grep -qE '^SigIgn:.0+$' "
			     "/proc/self/status && "
			     "test $(cut -d' ' -f6 /proc/$$/stat) = $$",
			     none),
	    0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_why_exec_failed),
		cmocka_unit_test(hands_on_what_is_named_and_nothing_else),
		cmocka_unit_test(order_is_kept_when_sources_cross),
		cmocka_unit_test(starts_with_clean_signals_in_its_own_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
