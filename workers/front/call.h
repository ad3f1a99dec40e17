/*
 * One call of a tool whose route does not run as a job: its steps in order, the answers gathered in a bag, the last
 * one's `result` handed back.
 */
#ifndef WORKERS_FRONT_CALL_H
#define WORKERS_FRONT_CALL_H

#include "workers/front/front.h"

struct call;

struct call_events {
	/* Exactly once, never from within call_start; on OK reply->body is the encoded result. The call is gone afterwards. */
	void (*done)(void *arg, const struct reply *reply);
	/* Of a job that the call waits for. */
	void (*progress)(void *arg, const struct body_progress *progress);
	void (*output)(void *arg, const struct body_output *output);
	/* A worker died with one of the call's messages in hand. */
	void (*lost)(void *arg);
};

/* `arguments` is the encoded, checked and filled object. NULL when out of memory. */
struct call *call_start(struct front *front, const struct tool *tool, struct value arguments,
    const struct call_events *events, void *arg);

/* Ends it without `done`; sets *call to NULL. Jobs it watches go on. */
void call_drop(struct call **call);

/* The messages that the front handles itself; ends with MSG_NONE. For the test of the message table. */
extern const enum msg_type call_local_messages[];

#endif
