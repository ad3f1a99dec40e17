#include "workers/profiler/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum step { STEP_PARENT, STEP_STREAMS, STEP_LIMITS, STEP_CHDIR, STEP_EXEC, STEP_COUNT };

static const char *const step_names[STEP_COUNT] = {
	[STEP_PARENT] = "prctl",
	[STEP_STREAMS] = "dup2",
	[STEP_LIMITS] = "setrlimit",
	[STEP_CHDIR] = "chdir",
	[STEP_EXEC] = "exec",
};

struct failure {
	int step;
	int number;              /* errno */
};

/* ---- in the child: async-signal-safe calls only ---- */

static bool
tied_to_parent(pid_t parent)
{
	return setsid() >= 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static void
default_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool
set_streams(const struct spawn_spec *spec)
{
	const int from[3] = { spec->stdin_fd, spec->stdout_fd, spec->stderr_fd };

	for (int i = 0; i < 3; i++) {
		int fd = from[i] >= 0 ? from[i] : open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY);
		if (fd < 0 || (fd != i && dup2(fd, i) < 0))
			return false;
	}
	close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
	return true;
}

static bool
set_limits(const struct spawn_spec *spec)
{
	struct rlimit none = { 0, 0 }, space;
	rlim_t wanted = (rlim_t)spec->address_space;

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return false;
	if (wanted == 0)
		return true;
	if (getrlimit(RLIMIT_AS, &space) != 0)
		return false;
	space.rlim_max = space.rlim_max < wanted ? space.rlim_max : wanted;
	space.rlim_cur = space.rlim_max;
	return setrlimit(RLIMIT_AS, &space) == 0;
}

static _Noreturn void
become(const struct spawn_spec *spec, pid_t parent, int report_fd)
{
	struct failure failure = { STEP_PARENT, 0 };

	default_signals();
	if (!tied_to_parent(parent))
		goto failed;
	failure.step = STEP_STREAMS;
	if (!set_streams(spec))
		goto failed;
	failure.step = STEP_CHDIR;
	if (chdir(spec->cwd) != 0)
		goto failed;
	failure.step = STEP_LIMITS;
	if (!set_limits(spec))
		goto failed;
	failure.step = STEP_EXEC;
	execve(spec->path, spec->argv, spec->envp);
failed:
	failure.number = errno;
	while (write(report_fd, &failure, sizeof failure) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* ---- in the parent ---- */

enum err
spawn_pipe(int ret_ends[2])
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_from_errno(errno);
	for (int i = 0; i < 2; i++) {
		if (ends[i] > STDERR_FILENO)
			continue;
		int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		close(ends[i]);
		ends[i] = moved;
	}
	if (ends[0] < 0 || ends[1] < 0) {
		close(ends[0]);
		close(ends[1]);
		return ERR_SYSTEM;
	}
	ret_ends[0] = ends[0];
	ret_ends[1] = ends[1];
	return OK;
}

enum err
spawn_input(const void *at, size_t len, int *ret_fd)
{
	int fd = memfd_create("stdin", MFD_CLOEXEC);
	size_t done = 0;

	if (fd < 0)
		return err_from_errno(errno);
	while (done < len) {
		ssize_t n = write(fd, (const char *)at + done, len - done);
		if (n < 0 && errno != EINTR)
			goto failed;
		done += n > 0 ? (size_t)n : 0;
	}
	if (lseek(fd, 0, SEEK_SET) != 0)
		goto failed;
	*ret_fd = fd;
	return OK;
failed:
	close(fd);
	return ERR_SYSTEM;
}

/* The child's report of a failed exec; nothing when the exec closed the pipe. */
static bool
failure_reported(int fd, struct failure *ret_failure)
{
	ssize_t n;

	do
		n = read(fd, ret_failure, sizeof *ret_failure);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof *ret_failure;
}

static enum err
take_child(pid_t pid, int report_fd, struct child *ret_child, const char **ret_step)
{
	struct failure failure;
	int pidfd = -1;

	if (failure_reported(report_fd, &failure)) {
		waitpid(pid, NULL, 0);
		*ret_step = failure.step < STEP_COUNT ? step_names[failure.step] : "exec";
		return err_from_errno(failure.number);
	}
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		*ret_step = "pidfd_open";
		return ERR_SYSTEM;
	}
	ret_child->pid = pid;
	ret_child->pidfd = pidfd;
	return OK;
}

enum err
spawn(const struct spawn_spec *spec, struct child *ret_child, const char **ret_step)
{
	int report[2];
	pid_t parent = getpid();

	*ret_step = "pipe";
	enum err e = spawn_pipe(report);
	if (e != OK)
		return e;
	*ret_step = "fork";
	pid_t pid = fork();
	if (pid == 0)
		become(spec, parent, report[1]);
	close(report[1]);
	e = pid < 0 ? err_from_errno(errno) : take_child(pid, report[0], ret_child, ret_step);
	close(report[0]);
	return e;
}

void
child_close(struct child *child)
{
	if (child->pidfd >= 0)
		close(child->pidfd);
	child->pidfd = -1;
}
