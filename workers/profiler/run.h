/*
 * One run, from the request to the answer:
 *
 *     waiting for a slot -> asking the interpreter -> going -> (stopping ->) ending
 *
 * Everything happens in the worker's loop. The result is on disk before it is answered, and it is
 * written also when nobody waits for it any more.
 */
#ifndef WORKERS_PROFILER_RUN_H
#define WORKERS_PROFILER_RUN_H

#include "workers/profiler/paths.h"
#include "workers/runtime/worker.h"

struct run;

/* What a run needs of its process. */
struct run_host {
	struct worker *worker;
	const struct roots *roots;
	int slots_fd;                /* folder of slots.h */
	unsigned slot_count;
	void (*done)(void *arg);     /* the run has been answered and is gone */
	void *arg;
};

/*
 * Checks the request, makes the job's folder and lets the run begin with the loop's next turn; from
 * then on it answers `number` itself, by PROFILE_RAN or, when it turns out that nothing can be run,
 * by an error. On failure nothing was started, and the caller answers with `why`.
 */
enum err run_start(const struct run_host *host, uint64_t number,
    const struct body_profile_run *body,
    struct run **ret_run, struct refusal *why);

const char *run_job_id(const struct run *run);
/* The request that will be answered; 0 when its front is gone. */
uint64_t run_number(const struct run *run);

/* Another request takes over: it gets progress, output and the answer. 0: nobody listens any more,
 * the run goes on. */
void run_attach(struct run *run, uint64_t number);

/* Stops it: outcome cancelled. */
void run_cancel(struct run *run);

/* The front took `bytes` of output text. */
void run_output_taken(struct run *run, int64_t bytes);

/* Kills everything at once and answers nobody; a run that was being stopped still gets its
 * result. */
void run_close(struct run **run);

#endif
