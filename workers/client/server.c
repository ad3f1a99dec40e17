#include "workers/client/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "protocol/limits.h"

#define FIXED_ARGUMENTS 6        /* scalene-mcp serve --stdio --state DIR, and the final NULL */

void
server_init(struct server *s)
{
	*s = (struct server){ .pidfd = -1, .in = -1, .out = -1, .err = -1, .ended = true };
}

enum err
server_path(char *buf, size_t size)
{
	static const char below[] = "/bin/scalene-mcp";
	const char *given = getenv("SCALENE_MCP_SERVER");
	char self[LIMIT_PATH];
	ssize_t n;

	if (given && *given)
		return snprintf(buf, size, "%s", given) < (int)size ? OK : ERR_TOO_LARGE;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return ERR_SYSTEM;
	self[n] = '\0';
	for (int level = 0; level < 3; level++) {
		char *slash = strrchr(self, '/');

		if (slash == NULL)
			return ERR_SYSTEM;
		*slash = '\0';
	}
	return snprintf(buf, size, "%s%s", self, below) < (int)size ? OK : ERR_TOO_LARGE;
}

static char *
as_argument(const char *text)
{
	return (char *)(uintptr_t)text;
}

static char **
make_arguments(const struct options *o)
{
	const struct option_value *state = &o->values[OPTION_STATE];
	const struct option_value *roots = &o->values[OPTION_ROOT];
	char **argv = calloc(FIXED_ARGUMENTS + 2 * roots->count, sizeof(*argv));
	size_t n = 0;

	if (argv == NULL)
		return NULL;
	argv[n++] = as_argument("scalene-mcp");
	argv[n++] = as_argument("serve");
	argv[n++] = as_argument("--stdio");
	if (state->given) {
		argv[n++] = as_argument("--state");
		argv[n++] = as_argument(state->text);
	}
	for (size_t i = 0; i < roots->count; i++) {
		argv[n++] = as_argument("--root");
		argv[n++] = as_argument(roots->list[i]);
	}
	return argv;
}

enum pipe_id { PIPE_IN, PIPE_OUT, PIPE_ERR, PIPE_EXEC, PIPES };

static void
close_pipes(int pipes[PIPES][2])
{
	for (int i = 0; i < PIPES; i++)
		for (int end = 0; end < 2; end++)
			if (pipes[i][end] >= 0)
				close(pipes[i][end]);
}

static bool
open_pipes(int pipes[PIPES][2])
{
	for (int i = 0; i < PIPES; i++)
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			return false;
	return true;
}

/* The child, until exec: only async-signal-safe calls. */
static _Noreturn void
become_server(const char *path, char **argv, const sigset_t *mask, int pipes[PIPES][2])
{
	int number;

	setsid();
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (dup2(pipes[PIPE_IN][0], 0) >= 0 && dup2(pipes[PIPE_OUT][1], 1) >= 0 &&
	    dup2(pipes[PIPE_ERR][1], 2) >= 0)
		execv(path, argv);
	number = errno;
	if (write(pipes[PIPE_EXEC][1], &number, sizeof(number)) < 0)
		_exit(EXIT_CODE_INTERNAL);
	_exit(EXIT_CODE_CANNOT_START);
}

/* 0 when exec worked, else its errno. */
static int
read_exec_errno(int fd)
{
	int number;
	ssize_t n;

	do
		n = read(fd, &number, sizeof(number));
	while (n < 0 && errno == EINTR);
	return n == sizeof(number) ? number : 0;
}

static int
keep(int *fd)
{
	int kept = *fd;

	*fd = -1;
	fcntl(kept, F_SETFL, fcntl(kept, F_GETFL) | O_NONBLOCK);
	return kept;
}

static void
drop(int *fd)
{
	close(*fd);
	*fd = -1;
}

/* In the parent, after fork. */
static enum err
await_exec(pid_t pid, int pipes[PIPES][2], struct server *ret_server)
{
	int number, pidfd;

	drop(&pipes[PIPE_EXEC][1]);
	number = read_exec_errno(pipes[PIPE_EXEC][0]);
	pidfd = number ? -1 : pidfd_open(pid, 0);
	if (pidfd < 0) {
		number = number ? number : errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		errno = number;
		return ERR_SYSTEM;
	}
	*ret_server = (struct server){ .pid = pid, .pidfd = pidfd, .in = keep(&pipes[PIPE_IN][1]),
		.out = keep(&pipes[PIPE_OUT][0]), .err = keep(&pipes[PIPE_ERR][0]) };
	return OK;
}

enum err
server_start(const char *path, const struct options *o, const sigset_t *mask,
    struct server *ret_server)
{
	int pipes[PIPES][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	char **argv = make_arguments(o);
	enum err e = ERR_SYSTEM;
	int number;
	pid_t pid;

	if (argv == NULL)
		return ERR_NO_MEMORY;
	if (!open_pipes(pipes))
		goto out;
	pid = fork();
	if (pid == 0)
		become_server(path, argv, mask, pipes);
	if (pid > 0)
		e = await_exec(pid, pipes, ret_server);
out:
	number = errno;
	close_pipes(pipes);
	free(argv);
	errno = number;
	return e;
}

void
server_signal(const struct server *s, int number)
{
	if (!s->ended)
		kill(-s->pid, number);
}

bool
server_reap(struct server *s)
{
	if (!s->ended)
		s->ended = waitpid(s->pid, &s->status, WNOHANG) != 0;
	return s->ended;
}

void
server_close(struct server *s)
{
	int *all[] = { &s->pidfd, &s->in, &s->out, &s->err };

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (*all[i] >= 0)
			drop(all[i]);
}

void
server_describe_end(const struct server *s, char *buf, size_t size)
{
	const struct exit_info *known;
	const char *name;

	if (!s->ended) {
		snprintf(buf, size, "it closed its output and goes on");
	} else if (WIFSIGNALED(s->status)) {
		name = sigabbrev_np(WTERMSIG(s->status));
		snprintf(buf, size, "SIG%s", name ? name : "?");
	} else {
		known = exit_info(WEXITSTATUS(s->status));
		snprintf(buf, size, "exit status %d%s%s", WEXITSTATUS(s->status), known ? ": " : "",
		    known ? known->text : "");
	}
}

int
server_exit_code(const struct server *s)
{
	if (!s->ended || !WIFEXITED(s->status) || WEXITSTATUS(s->status) == 0)
		return EXIT_CODE_FAILED;
	return exit_info(WEXITSTATUS(s->status)) ? WEXITSTATUS(s->status) : EXIT_CODE_FAILED;
}
