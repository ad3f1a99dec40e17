/*
 * A front and a supervisor in one, as small as a test needs: starts the real profiler executable,
 * opens its channel, sends it one request at a time and keeps what comes back. Failures end the
 * test (cmocka).
 */
#ifndef TESTS_PROFILER_FRONT_DOUBLE_H
#define TESTS_PROFILER_FRONT_DOUBLE_H

#include <stdbool.h>
#include <sys/types.h>

#include "protocol/frame.h"
#include "protocol/limits.h"
#include "workers/runtime/loop.h"

struct mailbox;

struct front_double {
	struct loop *loop;
	pid_t profiler;
	int control_fd;
	struct watch *control;
	struct timer *patience;
	struct mailbox *mailbox;
	bool ready;
	char folder[64];             /* state and runtime folders are in it */
	char state[80];
	char channel_folder[80];
	uint32_t incarnation;
	uint64_t request;

	/* what came back for the present request */
	enum msg_type answer;        /* MSG_NONE: nothing yet */
	struct value_writer bytes;   /* what the bodies borrow from */
	struct body_profile_ran ran;
	struct body_error error;
	unsigned progress;
	double last_done;
	bool progress_rose;          /* each `done` was above the one before */
	uint64_t output[3];          /* bytes of OUTPUT text by stream */
	char first_output[256];      /* of the standard output */
	bool taking;                 /* OUTPUT is acknowledged as it comes */
	uint64_t untaken;
	unsigned other_answers;      /* errors for requests that are not the present one */
};

/* `options`: further arguments of the profiler, ends with NULL; may be NULL. */
void front_start(struct front_double *f, const char *const *options);
/* The same, sharing the count of running programs with another one. */
void front_start_beside(struct front_double *f, const struct front_double *other,
    const char *const *options);
/* Closes the control channel; the profiler must leave by itself. Removes all folders. */
void front_stop(struct front_double *f);

/* The front dies and comes back as the next incarnation. */
void front_reincarnate(struct front_double *f);
void front_disconnect(struct front_double *f);

void front_send(struct front_double *f, enum msg_type type, const void *body);
/* A notice (CANCEL) about the present request. */
void front_notice(struct front_double *f, enum msg_type type, const void *body);

/* Turn the loop until the answer is here; until so much output came; until the first progress that
 * says `running`. */
void front_wait(struct front_double *f);
void front_wait_output(struct front_double *f, uint64_t bytes);
void front_take_all(struct front_double *f);

/* A process of which no more is known than a variable of its environment. */
unsigned processes_with(const char *variable);

#endif
