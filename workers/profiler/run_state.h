/*
 * A run from inside: what run.c (requests and progress), run_start.c (from the slot to the running
 * program) and run_end.c (from the first signal to the answer) share. Nobody else includes this.
 */
#ifndef WORKERS_PROFILER_RUN_STATE_H
#define WORKERS_PROFILER_RUN_STATE_H

#include <sys/resource.h>

#include "workers/profiler/classify.h"
#include "workers/profiler/command.h"
#include "workers/profiler/job_dir.h"
#include "workers/profiler/output.h"
#include "workers/profiler/question.h"
#include "workers/profiler/run.h"
#include "workers/profiler/spawn.h"
#include "workers/profiler/tree.h"

#define KILL_MS 500              /* one turn of killing a tree */

enum run_state { RUN_WAITING, RUN_ASKING, RUN_GOING, RUN_STOPPING, RUN_ENDING };

struct run {
	struct run_host host;
	uint64_t number;
	enum run_state state;
	struct run_request request;
	struct run_paths paths;
	struct job_dir dir;
	struct strings environment;
	char python_path[LIMIT_PATH];
	struct interpreter python;
	bool python_known;
	struct command command;
	bool started;
	int slot_fd;
	struct question *question;
	struct child leaf;
	struct watch *leaf_ended;
	struct output *output;
	struct timer *tick, *limit, *step;   /* step: the next thing of the present state */
	struct pid_set seen;
	struct ending ending;
	struct rusage usage;
	double load_1m, wall_s, last_progress;
	int64_t started_ms;
	uint64_t oom_kills;
	unsigned rung, kill_tries;
	bool writing;                        /* Scalene was given WRITING_MS */
};

/* ---- run.c ---- */

/* Frees the run and tells its host. */
void run_done(struct run *r);
struct spool *run_spool(const struct run *r);
/* Seconds since the program was started; 0 before. */
double run_elapsed_s(const struct run *r);
/* The run goes on by itself, one step after the other, on this timer. */
void run_step(void *arg);

/* ---- run_start.c ---- */

/* RUN_WAITING: takes a slot, asks the interpreter, starts the program; or tries again later. */
void run_wait(struct run *r);

/* ---- run_end.c ---- */

/* Begins to stop a program that is going; before that it only notes the reason. */
void run_stop(struct run *r, enum stop_reason reason);
/* The next rung of the ladder. */
void run_climb(struct run *r);
/* Callbacks of the limit's timer, of the program's pidfd, and of its output. */
void run_limit_reached(void *arg);
void run_leaf_ended(void *arg, short revents);
void run_phrases_seen(void *arg, uint32_t seen);
/* Kills what is left, in short turns so that the loop goes on, and then answers. */
void run_end(struct run *r);
/* Stopped before anything was started: there is no program to wait for, but a result all the
 * same. */
void run_end_unstarted(struct run *r);
/* Kills everything now and answers nobody; a run that was being stopped still gets its result. */
void run_abandon(struct run *r);

#endif
