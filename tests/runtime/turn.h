/*
 * What tests of the runtime share: cmocka's includes in its order, loops that give up, scratch
 * folders. Failures end the test (cmocka).
 */
#ifndef TESTS_RUNTIME_TURN_H
#define TESTS_RUNTIME_TURN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "workers/runtime/loop.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define A_ULID "01HZY3W5K8Q2V4X6Z8B0C1D2E3"
#define ANOTHER_ULID "01HZY3W5K8Q2V4X6Z8B0C1D2E4"

/* Turns until loop_stop; fails after 20 s. */
void turn(struct loop *loop);

/* From now on the process ends with this status, at once, when a turn takes longer than that. */
void turn_or_exit(int64_t patience_ms, int status);

/* Turns until the condition holds; every callback of the test has to stop the loop. */
#define TURN_UNTIL(loop, condition)                                                                \
	do {                                                                                       \
		while (!(condition))                                                               \
			turn(loop);                                                                \
	} while (0)

/* A folder below /tmp, 0700; scratch_remove takes it away with all that is in it. */
void scratch_make(char ret_path[64]);
void scratch_remove(const char *path);

/* Writes a whole file, 0600. */
void file_write(const char *path, const void *bytes, size_t len);

/* Runs this executable again with the given arguments, which end with NULL; fds[i] of this process,
 * ended by -1, become descriptors 3, 4, ... there. It does not outlive this process. */
pid_t spawn_self(const char *const *arguments, const int *fds);

/* Waits for a child's end: its exit status, or 128 + signal. */
int reap(pid_t child);

#endif
