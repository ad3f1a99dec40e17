/*
 * The front's parts in this process, and doubles in the places of its workers: each listens as a
 * worker does, keeps what it is sent, and answers when the test says so or, for message types that
 * are set to automatic, by itself. Failures end the test (cmocka).
 */
#ifndef TESTS_FRONT_FRONT_HOST_H
#define TESTS_FRONT_FRONT_HOST_H

#include "tests/runtime/turn.h"

#include "protocol/frame.h"
#include "workers/front/front.h"
#include "workers/runtime/mailbox.h"

#define FRONT_INCARNATION 3
#define SEEN_MAX 1024
#define PROFILERS 2

/* One request as the worker got it. */
struct seen {
	enum msg_type type;
	uint64_t number;
	int64_t deadline_ms;
	uint8_t *body;
	size_t len;
	bool answered;               /* by itself */
};

struct double_worker {
	enum role role;
	unsigned index;
	uint32_t incarnation, channel;
	struct mailbox *mailbox;
	bool automatic[MSG_TYPE_END];
	struct seen seen[SEEN_MAX];
	unsigned count, read;        /* read: by double_expect */
	unsigned acks, cancels;
	int64_t taken;               /* bytes of OUTPUT_TAKEN */
	uint64_t cancelled;          /* number of the last CANCEL */
};

struct front_host {
	struct front front;
	char dir[64];
	struct double_worker store, analyzer, profilers[PROFILERS];
	int supervisor_fd;           /* the other end of the control channel */
	bool settling;
};

extern struct front_host host;   /* one a process */

/* Setup and teardown for cmocka: all parts of a front; no worker is up. */
int host_open(void **state);
/* The same with store, analyzer and the first profiler up. */
int host_open_up(void **state);
int host_close(void **state);

#define HOST_UNTIL(condition) TURN_UNTIL(host.front.loop, condition)

/* ---- doubles ---- */

/* Starts the next incarnation, or offers the next channel, and tells the front. */
void double_up(struct double_worker *d);
void double_offer(struct double_worker *d);
/* The process is gone: its channel first, its DOWN next. */
void double_die(struct double_worker *d);
/* Only closes its channel. */
void double_hang_up(struct double_worker *d);
/* Tells the front a record about this worker. */
void double_record(const struct double_worker *d, enum control_type type, int64_t value_ms);

void double_automatic(struct double_worker *d, bool automatic);

/* The next request that no earlier call returned; it must be of that type. */
const struct seen *double_expect(struct double_worker *d, enum msg_type type);
/* Requests that no call returned yet. */
unsigned double_unread(const struct double_worker *d);

/* The body of a request; borrows from it. */
void seen_decode(const struct seen *s, void *ret_body);

void double_send(struct double_worker *d, uint64_t number, enum msg_type type, const void *body);
/* An ordinary answer to that request. */
void double_answer(struct double_worker *d, const struct seen *s);
void double_error(struct double_worker *d, const struct seen *s, enum err e, const char *message,
    const char *hint);
void double_progress(struct double_worker *d, const struct seen *s, double done);
void double_output(struct double_worker *d, const struct seen *s, const char *text);
/* JOB_OPENED with that state. */
void double_opened(struct double_worker *d, const struct seen *s, const char *state);

/* Everything sent by or to this worker before has been handled when it returns. Only while no other
 * message is sent to it: what comes meanwhile is answered, too. */
void double_settle(struct double_worker *d);

/* ---- values ---- */

/* JSON as an encoded value, to be freed with value_writer_fini. */
struct value value_from_json(struct value_writer *w, const char *json);

/* The same for the arguments of a tool: checked against its schema and filled with its defaults. */
struct value arguments_from_json(struct value_writer *w, const struct tool *tool, const char *json);

/* A tool of the catalogue. */
const struct tool *tool_named(const char *name);

#endif
