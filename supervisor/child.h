/*
 * One child slot: which process lives in it now, what it last said, and the control channel to it.
 * A slot outlives its processes; each of them is an incarnation, counted from 1.
 */
#ifndef SUPERVISOR_CHILD_H
#define SUPERVISOR_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol/control.h"
#include "supervisor/spec.h"

#define CHILD_QUEUE 256              /* records that wait for room in a child's socket */

struct child {
	const struct child_spec *spec;
	unsigned index;
	enum child_state state;
	uint32_t incarnation;            /* of the process that lives or lived last; 0: none yet */
	pid_t pid;                       /* 0: none */
	int control;                     /* our end of its control channel; -1: none */
	int report;                      /* errno of a failed exec comes here (spawn.h); -1: none */
	int64_t started_ms;
	int64_t heard_ms;                /* when it last reported; first its start */
	int64_t deadline_ms; /* when EVENT_TIMEOUT comes; its meaning depends on the state */
	bool answered;                   /* said DONE */
	bool was_ready;                  /* said READY in any incarnation */
	bool rests;                      /* was degraded and has not answered anything since */
	bool busy;                       /* said BUSY and nothing since */
	char busy_with[CONTROL_TEXT + 1];/* text of the last BUSY; "" for none */
	unsigned tries;                  /* early deaths in a row */
	uint32_t restarts;
	uint32_t listens_for;            /* the front incarnation that may dial it; 0: none */
	uint32_t channel;                /* where it listens, as it said */
	char last_death[CONTROL_TEXT + 1];
	const char *killed_for;          /* why we killed it; NULL: we did not */
	unsigned full_turns; /* turns in a row in which it had more to say than was read */
	int64_t unasked_since_ms;        /* start of the second that is counted */
	unsigned unasked;                /* beats and the like in it that no work explains */
	unsigned malformed;              /* unreadable records of this incarnation */
	bool overflowed;                 /* does not read what we send */
	unsigned queue_first, queue_count;
	struct control_record queue[CHILD_QUEUE];
};

/* An empty slot: down, no process. */
void child_init(struct child *c, const struct child_spec *spec, unsigned index);

/* Forgets what the last incarnation said, before the next one is started. */
void child_reset(struct child *c);

/* Closes what we hold of a process that is gone; the slot has no process afterwards. */
void child_close(struct child *c);

/* Whether a process of the slot can be talked to. */
bool child_is_open(const struct child *c);

/* Sends now, or as soon as there is room; without a channel it does nothing. After CHILD_QUEUE
 * waiting records the child counts as hung: `overflowed` is set and nothing is kept any more. */
void child_send(struct child *c, const struct control_record *r);

/* Sends what waits. */
void child_flush(struct child *c);

/* "profiler.0/3"; the text lives until the next call. */
const char *child_name(const struct child *c);

#endif
