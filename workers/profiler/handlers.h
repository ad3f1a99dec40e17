/* The profiler as a worker: its options, its messages, its one run. */
#ifndef WORKERS_PROFILER_HANDLERS_H
#define WORKERS_PROFILER_HANDLERS_H

#include <argp.h>

#include "workers/profiler/paths.h"
#include "workers/profiler/run.h"
#include "workers/runtime/worker.h"

/* worker_spec.state. Zero but for `slots_fd` -1. */
struct profiler {
	struct worker *worker;
	struct roots roots;          /* --root DIR */
	unsigned slot_count;         /* --profilers N; 0: half the cores, at least 1 */
	int slots_fd;
	struct run *run;             /* NULL: idle */
};

extern const struct handler profiler_handlers[];
extern const struct argp profiler_argp;

/* The members of worker_spec by the same names. */
enum err profiler_open(struct worker *w);
void profiler_close(struct worker *w);
void profiler_cancel(struct worker *w, uint64_t number);
void profiler_output_taken(struct worker *w, uint64_t number, int64_t bytes);
void profiler_front_lost(struct worker *w);
void profiler_drain(struct worker *w);

#endif
