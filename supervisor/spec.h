/* What kinds of children there are and how long each may take: the table that the supervisor runs
 * by. */
#ifndef SUPERVISOR_SPEC_H
#define SUPERVISOR_SPEC_H

#include <stdint.h>

#include "protocol/role.h"

struct child_spec {
	enum role role;
	int64_t ready_ms;        /* from fork to READY; a BUSY prolongs it */
	int64_t silence_ms;      /* the longest pause between two reports of an idle child */
	int64_t stop_ms;         /* from DRAIN to exit */
};

#define SPEC_COUNT 4

/* Started in this order, stopped in reverse. */
extern const struct child_spec child_specs[SPEC_COUNT];

/* Added to what a child says with BUSY before it counts as hung. */
#define BUSY_GRACE_MS 1000
/* The longest BUSY that is believed. */
#define BUSY_MAX_MS 600000
/* From a closed control channel to the exit that must follow. */
#define LEAVE_MS 1000
/* From SIGKILL to the next SIGKILL, for a process that the kernel holds. */
#define KILL_AGAIN_MS 2000

#endif
