/*
 * The front's side of the data channels: which workers there are, one mailbox for each that is up, and the messages on
 * their way to them.
 *
 * A worker gets one message at a time, and only when it is connected; the others wait here, in order. So a message's
 * death can be told (the worker was busy with it), deadlines start with the wait, and what was not sent yet can be taken
 * back. PROFILE_ATTACH alone goes to a busy worker too: a run that goes on must not hide another one's end.
 */
#ifndef WORKERS_FRONT_LINK_H
#define WORKERS_FRONT_LINK_H

#include "protocol/control.h"
#include "protocol/frame.h"
#include "workers/runtime/loop.h"
#include "workers/runtime/settings.h"
#include "workers/runtime/spool.h"

struct links;
struct ask;

/* How a message ended. On ERR, message and hint (nil: none) may say more than the table. Borrowed. */
struct reply {
	enum err error;
	struct text message, hint;
	enum msg_type type;      /* of the answer, when OK */
	struct value body;
};

struct ask_events {
	/* Called exactly once, never from within links_ask; the ask is gone afterwards. */
	void (*done)(void *arg, const struct reply *reply);
	/* May be NULL. The message has been handed to worker `index`. */
	void (*sent)(void *arg, unsigned index);
	void (*progress)(void *arg, const struct body_progress *progress);
	void (*output)(void *arg, const struct body_output *output);
	/* A worker died with this message in hand. */
	void (*lost)(void *arg);
};

/* `spool` is where the files of answers lie that nobody waits for any more: they are removed. */
struct links *links_new(struct loop *loop, const struct settings *settings, struct spool *spool, unsigned profilers,
    unsigned analyzers);
void links_free(struct links **links);

/* UP, DOWN and DEGRADED records of the supervisor. */
void links_record(struct links *links, const struct control_record *record);

#define LINK_ANY (-1)

/*
 * Sends a message to one worker of the role: the first that is free, or that of the given index. The encoded body is
 * copied. deadline_ms: for the answer, the waiting included; 0: none. NULL when out of memory. How it may end without
 * an answer: ERR_DEADLINE, ERR_DEGRADED, ERR_WORKER_LOST (not repeatable), ERR_POISONED (its worker died twice),
 * ERR_CANCELLED (taken back before it was sent), or whatever error the worker answers.
 */
struct ask *links_ask(struct links *links, enum role role, int index, enum msg_type type, struct value body,
    int64_t deadline_ms, const struct ask_events *events, void *arg);

/* Stop: taken back when it waits (done comes with ERR_CANCELLED), else the worker is told (done comes with its
 * answer). */
void ask_cancel(struct ask *ask);

/* Nobody wants to hear of it any more; sets *ask to NULL. The answer, when it comes, is acknowledged and dropped. */
void ask_forget(struct ask **ask);

/* Text of OUTPUT messages that has been passed on. */
void ask_output_taken(struct ask *ask, int64_t bytes);

/* Messages of that role that wait or are out. */
unsigned links_waiting(const struct links *links, enum role role);

#endif
