/*
 * What store, analyzer and profiler have in common: the control channel (READY, beats, busy deadlines, drain,
 * a lost parent), a mailbox per incarnation of the front, dispatch by message type, answers that are kept until
 * acknowledged, and the end.
 *
 * A worker is a table of handlers. Everything runs on the main thread in one loop; a handler that takes long
 * without returning is covered by its message's deadline (BUSY), one that answers later returns first.
 */
#ifndef WORKERS_RUNTIME_WORKER_H
#define WORKERS_RUNTIME_WORKER_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/frame.h"
#include "workers/runtime/loop.h"
#include "workers/runtime/settings.h"
#include "workers/runtime/spool.h"

struct worker;

/* One request. Numbers are unique while the worker lives: a new front incarnation does not bring an old
 * number back, so an answer to a request whose front is gone is silently dropped. */
struct request {
	uint64_t number;             /* worker's own handle, not the wire number */
	enum msg_type type;
	int64_t deadline_ms;         /* the asker waits this long from arrival; 0: no limit */
};

/*
 * Handles one request; `body` is the message's decoded struct and lives, like all it borrows, until the handler
 * returns. Either it calls worker_answer or worker_fail, now or later, and returns OK; or it returns an
 * error, and the runtime answers with that error's text.
 */
typedef enum err handler_fn(struct worker *w, const struct request *request, const void *body);

struct handler {
	enum msg_type type;
	handler_fn *run;
};

struct worker_spec {
	enum role role;
	const char *name;                /* the executable, for --help */
	const struct handler *handlers;  /* ends with type MSG_NONE */
	const struct argp *options;      /* the role's own options, input = state; NULL: none */
	void *state;                     /* handed back by worker_state */

	/* Before READY. On an error the process logs it and exits with that of exit_for_error. */
	enum err (*open)(struct worker *w);
	/* After the last answer was acknowledged, or at once when the parent is lost, or when start-up failed, `open`
	 * done or not. Must not hang. */
	void (*close)(struct worker *w);
	/* The front asks to stop this unanswered request; it is still answered. NULL: cancellation is ignored. */
	void (*cancel)(struct worker *w, uint64_t number);
	/* The front took `bytes` of OUTPUT text of this request. NULL: not used. */
	void (*output_taken)(struct worker *w, uint64_t number, int64_t bytes);
	/* The front of all unanswered requests is gone. They stay unanswered; their work may go on. NULL: nothing to do. */
	void (*front_lost)(struct worker *w);
	/* Asked to leave: stop long work now, so that its requests get answered. NULL: nothing to do. */
	void (*drain)(struct worker *w);
};

/* Parses options, connects, turns, cleans up. Returns the exit status. */
int worker_main(const struct worker_spec *spec, int argc, char **argv);

void *worker_state(struct worker *w);
const struct settings *worker_settings(const struct worker *w);
struct loop *worker_loop(struct worker *w);
struct spool *worker_spool(struct worker *w);

/* The final answer; `body` is the struct of `type`. Copied. An answer that cannot be encoded is replaced by
 * an error and logged. */
void worker_answer(struct worker *w, uint64_t number, enum msg_type type, const void *body);

/* The final answer is an error. message and hint may be NULL: the table's text, no hint. */
void worker_fail(struct worker *w, uint64_t number, enum err e, const char *message, const char *hint);

/* worker_fail with a message made as by printf. Returns OK, so that a handler can end with it. */
enum err worker_refuse(struct worker *w, uint64_t number, enum err e, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Progress and output of an unanswered request; dropped when its front is gone. */
void worker_progress(struct worker *w, uint64_t number, double done, double total, const char *message);
void worker_output(struct worker *w, uint64_t number, int stream, const char *text, size_t len);

#endif
