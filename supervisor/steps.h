/*
 * The life of a child: a table of state and event. A cell is a function that takes the step; an
 * empty cell logs the event and the child stays what it is.
 */
#ifndef SUPERVISOR_STEPS_H
#define SUPERVISOR_STEPS_H

#include <stdint.h>

#include "protocol/control.h"

struct supervisor;
struct child;

enum child_event {
	EVENT_START, /* the server starts */
	EVENT_READY, /* it is initialised */
	EVENT_LISTENING, /* it listens for the front incarnation record->peer_incarnation */
	EVENT_BEAT,
	EVENT_BUSY, /* for record->value_ms, with record->text */
	EVENT_DONE,
	EVENT_ASK_TREE,
	EVENT_LOST, /* it closed its control channel */
	EVENT_MISBEHAVED, /* it floods its control channel, or does not read it; killed_for says
			     which */
	EVENT_EXIT, /* it was reaped, with wait_status */
	EVENT_TIMEOUT, /* its deadline has passed */
	EVENT_STOP, /* leave in order */
	EVENT_KILL, /* leave at once */
	CHILD_EVENTS
};

struct happening {
	enum child_event event;
	int64_t now_ms;
	const struct control_record *record;   /* of what a child reports, else NULL */
	int wait_status;                       /* with EVENT_EXIT */
};

typedef void step_fn(struct supervisor *s, struct child *c, const struct happening *h);

/* Takes the step. */
void step_take(struct supervisor *s, struct child *c, const struct happening *h);

/* The cell, NULL when it is empty; for step_take and for the test that walks the grid. */
step_fn *step_cell(enum child_state state, enum child_event event);

/* "timeout" */
const char *event_name(enum child_event event);

#endif
