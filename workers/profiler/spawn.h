/*
 * Starting a program: fork and exec from the main thread only, because PR_SET_PDEATHSIG is tied to
 * the thread that forks, and with nothing but async-signal-safe calls in between,
 * because nng runs threads.
 */
#ifndef WORKERS_PROFILER_SPAWN_H
#define WORKERS_PROFILER_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "protocol/error.h"

/*
 * The program gets a session of its own, default signal dispositions, an empty mask, no core dumps,
 * SIGKILL when this process dies, and no descriptors but the three.
 */
struct spawn_spec {
	const char *path;            /* of the executable */
	char *const *argv;
	char *const *envp;
	const char *cwd;
	int stdin_fd, stdout_fd, stderr_fd;  /* borrowed; none below 3 but -1, which is /dev/null */
	int64_t address_space;       /* bytes; 0: no limit of its own */
};

struct child {
	pid_t pid;
	int pidfd;                   /* readable once the process has ended; close-on-exec */
};

/*
 * Starts it. When it could not be executed the error is that of err_from_errno, and *ret_step names
 * the step ("chdir", "exec"); there is no child then.
 */
enum err spawn(const struct spawn_spec *spec, struct child *ret_child, const char **ret_step);

/* Closes the pidfd. */
void child_close(struct child *child);

/* A close-on-exec pipe, both ends above descriptor 2. */
enum err spawn_pipe(int ret_ends[2]);

/* A descriptor to read `len` bytes from, as standard input of a program. */
enum err spawn_input(const void *at, size_t len, int *ret_fd);

#endif
