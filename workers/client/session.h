/*
 * A conversation with one server process: calls, what arrives while they run, interruption, the
 * end. One call at a time; everything else the server says is matched by id or dropped.
 */
#ifndef WORKERS_CLIENT_SESSION_H
#define WORKERS_CLIENT_SESSION_H

#include <stdint.h>

#include "protocol/limits.h"
#include "workers/client/answer.h"
#include "workers/client/server.h"

struct session;

/* What comes beside the answer. None of them may be NULL. */
struct session_events {
	void *arg;
	/* Output of the profiled program; stream 1 or 2. An error ends the call with that error. */
	enum err (*output)(void *arg, int stream, const char *text, size_t len);
	/* The server's word on how far it is; NULL once a second when it says nothing. */
	void (*progress)(void *arg, const char *message);
	/* A line of the server's log; not cleaned. */
	void (*log)(void *arg, const char *line, size_t len);
};

/*
 * Starts the server. From now on SIGINT, SIGTERM and SIGHUP are taken by the session, unless they
 * were ignored. ERR_SYSTEM: not started, see session_why. *ret_session is written in any case
 * except ERR_NO_MEMORY, so that session_why can be asked.
 */
enum err session_open(const struct options *o, const struct session_events *events,
    struct session **ret_session);

/*
 * Calls a tool and waits for its answer, for as long as it takes when limit_ms is 0. Errors, all
 * explained by session_why:
 *   ERR_CANCELLED     interrupted by a signal; the server was told to drop the request
 *   ERR_DEADLINE      limit_ms is over; the same
 *   ERR_WORKER_LOST   the server is gone
 *   ERR_MALFORMED, ERR_TOO_LARGE   it wrote what is no answer; nothing it says is believed any more
 *   what `output` returned; the server was told to drop the request
 */
enum err session_call(struct session *s, const char *tool, const char *arguments, bool watch,
    int64_t limit_ms, struct answer *ret_answer);

/* Listens for `ms` without a call; ERR_CANCELLED when interrupted meanwhile. */
enum err session_idle(struct session *s, int64_t ms);

/* The job that the server is known to work on for us: from a progress or log notification (a member
 * "job_id", or "<prefix>/job_id", of _meta or data). "" when there is none. */
const char *session_job(const struct session *s);

/* One sentence on the last error. */
const char *session_why(const struct session *s);

/* Lets another call be made after an interruption; a second signal then kills the server. */
void session_forgive(struct session *s);

/*
 * Closes the server's standard input and waits for its end: grace_ms, then SIGTERM, 2 s, SIGKILL;
 * at once SIGKILL when interrupted meanwhile. Afterwards session_server says how it ended.
 */
void session_end(struct session *s, int64_t grace_ms);

const struct server *session_server(const struct session *s);

void session_close(struct session **s);

#endif
