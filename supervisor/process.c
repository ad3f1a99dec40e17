#include "supervisor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "protocol/exit.h"

#define ASIDE 32                                 /* above every target */
#define REPORT_FD (PROCESS_FD_FIRST + PROCESS_FD_COUNT)

/* Everything from here to exec is async-signal-safe. */
static void
signals_restore(void)
{
	struct sigaction standard;
	sigset_t none;

	memset(&standard, 0, sizeof(standard));
	standard.sa_handler = SIG_DFL;
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Sources may lie on the targets of others, so all of them step aside first. */
static bool
descriptors_place(const struct launch *l, int report)
{
	int aside[PROCESS_FD_COUNT];
	int report_aside = fcntl(report, F_DUPFD, ASIDE);

	if (report_aside < 0)
		return false;
	for (int i = 0; i < PROCESS_FD_COUNT; i++) {
		aside[i] = l->fds[i] < 0 ? -1 : fcntl(l->fds[i], F_DUPFD, ASIDE);
		if (l->fds[i] >= 0 && aside[i] < 0)
			return false;
	}
	if (dup3(report_aside, REPORT_FD, O_CLOEXEC) < 0)
		return false;
	for (int i = 0; i < PROCESS_FD_COUNT; i++) {
		close(PROCESS_FD_FIRST + i);
		if (aside[i] >= 0 && dup2(aside[i], PROCESS_FD_FIRST + i) < 0)
			return false;
	}
	return close_range(REPORT_FD + 1, ~0u, 0) == 0;
}

static bool
is_lasting(int number)
{
	return number == ENOENT || number == EACCES || number == ENOEXEC || number == ENOTDIR ||
	    number == ELOOP || number == EPERM;
}

static _Noreturn void
become(const struct launch *l, int report)
{
	int number;
	bool placed;

	setsid();
	signals_restore();
	placed = descriptors_place(l, report);
	if (placed)
		execv(l->path, l->argv);
	number = errno;
	if (write(placed ? REPORT_FD : report, &number, sizeof(number)) < 0)
		_exit(EXIT_CODE_FAILED);
	_exit(is_lasting(number) ? EXIT_CODE_CANNOT_START : EXIT_CODE_FAILED);
}

bool
process_launch(const struct launch *l, pid_t *ret_pid, int *ret_report)
{
	int report[2], number;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	pid = fork();
	if (pid == 0)
		become(l, report[1]);
	number = errno;
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		errno = number;
		return false;
	}
	*ret_pid = pid;
	*ret_report = report[0];
	return true;
}

int
process_exec_error(int report)
{
	int number = 0;

	if (report < 0 || read(report, &number, sizeof(number)) != (ssize_t)sizeof(number))
		return 0;
	return number;
}
