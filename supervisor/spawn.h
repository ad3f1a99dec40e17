/* A child as a process: its executable, its arguments, its descriptors. */
#ifndef SUPERVISOR_SPAWN_H
#define SUPERVISOR_SPAWN_H

#include <stdbool.h>

#include "protocol/limits.h"
#include "supervisor/options.h"

struct supervisor;
struct child;

#define WORKER_ARGV_MAX (32 + 2 * OPTION_ROOTS_MAX)

/* The argument vector of a child, with the numbers in it. Borrows all other text from the
 * supervisor. */
struct worker_argv {
	const char *at[WORKER_ARGV_MAX];
	unsigned count;
	char index[12], incarnation[12], profilers[12], analyzers[12];
	char path[LIMIT_PATH];           /* of the executable */
};

/* Fills it in for the slot's present incarnation: the common options of protocol/inherit.h, then
 * the role's own. */
void worker_argv(const struct supervisor *s, const struct child *c, struct worker_argv *ret_argv);

/* Forks the slot's present incarnation: fills in pid, control and report. False, with errno, when
 * there is no process. */
bool spawn_child(const struct supervisor *s, struct child *c);

#endif
