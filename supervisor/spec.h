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

/* The end of all together, whatever the stop limits add up to: from its beginning, which is when
 * the client hung up or else when we were told to stop, until whoever is left is killed. */
#define STOP_MS 1800
/* What of that the others have at least, when the front has taken its time. */
#define STOP_LEAST_MS 500
/* The longest pause between two reports of a front that has to come to an end: it beats every
 * second. */
#define FRONT_SILENCE_MS 1200

/* Added to what a child says with BUSY before it counts as hung. */
#define BUSY_GRACE_MS 1000
/* The longest BUSY that is believed. */
#define BUSY_MAX_MS 600000
/* From a closed control channel to the exit that must follow. */
#define LEAVE_MS 1000
/* From SIGKILL to the next SIGKILL, for a process that the kernel holds. */
#define KILL_AGAIN_MS 2000

#endif
