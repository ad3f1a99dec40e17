/*
 * Tool calls of clients that have no answer yet. Whatever transport brought one, it is answered exactly once or, when
 * its client cancelled it, not at all.
 */
#ifndef WORKERS_FRONT_REQUESTS_H
#define WORKERS_FRONT_REQUESTS_H

#include "workers/front/front.h"
#include "workers/front/revision.h"
#include "workers/front/rpc.h"

struct request;

/* What a transport does for a request. `text` is one message without newline. */
struct channel {
	void (*notify)(void *arg, const char *text, size_t len);
	/* The answer, or text == NULL: it may never have one. The request is gone when this returns. */
	void (*finish)(void *arg, int slot, const char *text, size_t len);
	/* To be remembered, durably, before the job begins. */
	void (*set_job)(void *arg, int slot, const char *job_id);
	/* A worker died on it. */
	void (*blame)(void *arg, int slot);
	/* Notifications pile up: hold the program's output back. */
	bool (*congested)(void *arg);
	void *arg;
};

/* What a request says of itself. Texts are copied by request_new. */
struct request_spec {
	struct json_span id;             /* raw */
	const struct revision *revision;
	struct json_span progress_token; /* raw; at == NULL: wants no progress */
	bool wants_output;               /* log level info or below */
	const struct tool *tool;
	struct value arguments;          /* encoded, checked, filled */
};

struct requests *requests_new(struct front *front);
void requests_free(struct requests **requests);

/* NULL when out of memory. Nothing happens before request_begin. */
struct request *request_new(struct requests *requests, const struct request_spec *spec);
void request_discard(struct request *request);

/* The transport knows the request by `slot`. `job_id` is "" or the id that an earlier incarnation set for it. */
void request_begin(struct request *request, const struct channel *channel, int slot, const char *job_id);

/* Raw ids are compared as they stand. NULL when there is none. */
struct request *requests_find(struct requests *requests, struct json_span id);

/* The client does not want it any more: the work it began is stopped and no answer is given. */
void request_cancel(struct request *request);

/*
 * Nothing new will come: what runs gets a moment, is then cancelled, and what is still without an answer a second later
 * is told so. `left` is called, once, when all is answered.
 */
void requests_leave(struct requests *requests, void (*left)(void *arg), void *arg);

/* A job ended; for job.c. */
void requests_settled(struct front *front);

/* For job.c: whether any watcher's transport is congested. */
bool requests_congested(const struct front *front);

/* Requests without an answer. */
unsigned requests_count(const struct requests *requests);

#endif
