#include "tests/runtime/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 32
#define FIRST_FD 3
#define SPARE_FD 40              /* above every descriptor that a child is given */

/* Read by AddressSanitizer's leak check: nng 1.5.2 may never come to the end of a close. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libnng\nleak:open_mailbox\n";
}

static int64_t patience_ms = 20000;
static int exit_status;          /* 0: the test fails, the next one begins */

void
turn_or_exit(int64_t ms, int status)
{
	patience_ms = ms;
	exit_status = status;
}

static void
out_of_patience(void *arg)
{
	(void)arg;
	if (exit_status != 0)
		_exit(exit_status);
	fail_msg("nothing happened within %d ms", (int)patience_ms);
}

void
turn(struct loop *loop)
{
	struct timer *patience = loop_timer(loop, out_of_patience, NULL);

	assert_non_null(patience);
	timer_start(patience, patience_ms);
	assert_int_equal(loop_run(loop), OK);
	timer_close(&patience);
}

void
scratch_make(char ret_path[64])
{
	strcpy(ret_path, "/tmp/smcp-test-XXXXXX");
	assert_non_null(mkdtemp(ret_path));
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path) == 0 || errno == ENOENT ? 0 : -1;    /* sockets may go by themselves */
}

void
scratch_remove(const char *path)
{
	assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void
file_write(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

/* In the child. The descriptors are moved out of the way first, so that none is overwritten. */
static void
place_fds(const int *fds)
{
	int moved[8], count = 0;

	for (; fds != NULL && fds[count] >= 0; count++)
		moved[count] = fcntl(fds[count], F_DUPFD_CLOEXEC, SPARE_FD);
	for (int i = 0; i < count; i++)
		dup2(moved[i], FIRST_FD + i);
}

pid_t
spawn_self(const char *const *arguments, const int *fds)
{
	char *argv[ARGUMENTS_MAX + 2] = { (char *)(uintptr_t)"self" };
	pid_t child;

	for (int i = 0; arguments[i] != NULL; i++) {
		assert_true(i < ARGUMENTS_MAX);
		argv[i + 1] = (char *)(uintptr_t)arguments[i];
	}
	child = fork();
	assert_true(child >= 0);
	if (child > 0)
		return child;
	place_fds(fds);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execv("/proc/self/exe", argv);
	_exit(127);
}

int
reap(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
