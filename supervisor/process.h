/* fork and exec: what happens between them, and how the parent learns that exec failed. */
#ifndef SUPERVISOR_PROCESS_H
#define SUPERVISOR_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* Descriptors 3 to 9 can be handed on. */
#define PROCESS_FD_FIRST 3
#define PROCESS_FD_COUNT 7

struct launch {
	const char *path;
	char *const *argv;
	int fds[PROCESS_FD_COUNT];   /* what becomes descriptor 3 + i; -1: closed there */
};

/*
 * Starts it: a session of its own, no signal blocked or ignored, descriptors 0 to 2 as ours, those
 * of `fds`, and nothing else open. Does not wait for exec: when that fails, the child exits
 * (EXIT_CODE_CANNOT_START when another try would fail too, else EXIT_CODE_FAILED) and
 * process_exec_error says why. *ret_report is the caller's to close. False, with errno, when there
 * is no process.
 */
bool process_launch(const struct launch *l, pid_t *ret_pid, int *ret_report);

/* The errno of the failed exec of a process that has ended; 0 when exec did not fail or report is
 * -1. */
int process_exec_error(int report);

#endif
