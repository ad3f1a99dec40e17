/*
 * How a run ended, from evidence: exit status alone says little, because Scalene ends with 0
 * without a profile and with others with one.
 */
#ifndef WORKERS_PROFILER_CLASSIFY_H
#define WORKERS_PROFILER_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workers/profiler/profile_file.h"

enum stop_reason { STOP_NONE, STOP_CANCELLED, STOP_TIMEOUT, STOP_DURATION };

struct ending {
	enum stop_reason stopped;    /* why we stopped it, while it was running */
	bool killed;                 /* stopping it needed SIGKILL */
	/* the leaf died of `number`, a signal; else it exited with `number` */
	bool by_signal;
	int number;
	uint32_t phrases;            /* bits of enum phrase */
	enum profile_state profile;
	bool memory_mode;
	bool memory_limited;         /* max_memory_mb was given */
	bool memory_error;           /* the last lines of standard error name a MemoryError */
	/* the kernel's count of processes killed for memory rose meanwhile */
	bool kernel_oom;
	size_t left_running;         /* processes that the program left behind */
	bool survivors;              /* some could not be killed */
};

/*
 * The outcome, a word of PROFILE_RAN: cancelled, timeout, oom, signal, scalene_error, nonzero_exit,
 * ok, the first that holds. oom: a MemoryError under a limit of ours, or SIGKILL by nobody here
 * while the kernel killed for memory. scalene_error: a known phrase, and no whole profile.
 */
const char *classify_outcome(const struct ending *ending);

/* Undoes what Scalene's wrapper makes of a signal: exit status 256 - signal and a line that says
 * so. */
void classify_unwrap(struct ending *ending);

#define WARNINGS_MAX 16

/* Fills `ret_texts` with static sentences for `warnings`. Returns how many. */
unsigned classify_warnings(const struct ending *ending, const char *ret_texts[WARNINGS_MAX]);

/* Whether a word is one of the outcomes. */
bool classify_is_outcome(const char *word, size_t len);

#endif
