/*
 * Jobs: a tool's route that goes on whoever watches. A job is written to the store before anything runs, runs at most
 * once, and ends in exactly one outcome; requests only watch (README.md).
 */
#ifndef WORKERS_FRONT_JOB_H
#define WORKERS_FRONT_JOB_H

#include "protocol/ulid.h"
#include "workers/front/front.h"

struct job;

struct jobs *jobs_new(struct front *front);
void jobs_free(struct jobs **jobs);

/* What a watcher hears. */
struct job_watch {
	/* The job is over; `failure` is NULL when the store knows how it ended. The watch is off already. */
	void (*ended)(void *arg, const struct reply *failure);
	void (*progress)(void *arg, const struct body_progress *progress);
	void (*output)(void *arg, const struct body_output *output);
	void *arg;
	struct job *job;         /* ours while watching; NULL else */
	struct job_watch *next;
};

/*
 * Starts the job of that id, or returns it when it goes on already. `arguments` is the encoded, checked and filled
 * object. The id is one that the caller minted; a job that the store knows under it is taken up where it is and never
 * run twice. ERR_BUSY when the queue is full, ERR_STOPPING when the front leaves.
 */
enum err jobs_start(struct jobs *jobs, const struct tool *tool, const char *job_id, struct value arguments,
    struct job **ret_job);

/* Asks the store for this instance's unfinished jobs and takes them up. */
void jobs_resume(struct jobs *jobs);

/* Whether the store has said which jobs are unfinished (or could not): until then a job may go on that is not known. */
bool jobs_listed(const struct jobs *jobs);

/* NULL when no such job goes on here. */
struct job *jobs_find(struct jobs *jobs, const char *job_id);
const char *job_id(const struct job *job);

void job_watch(struct job *job, struct job_watch *watch);
void job_unwatch(struct job_watch *watch);

/* Stops it with everything it started; it still ends with an outcome. */
void job_cancel(struct job *job);
void jobs_cancel_all(struct jobs *jobs);

/* The reader of output has room again. */
void jobs_take_output(struct jobs *jobs);

void jobs_count(const struct jobs *jobs, unsigned *ret_running, unsigned *ret_queued);
/* Nothing goes on that this server could still bring to an end; jobs that wait for the store do not count. */
bool jobs_idle(const struct jobs *jobs);

#endif
