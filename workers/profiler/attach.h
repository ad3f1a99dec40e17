/* Runs that ended before anybody heard of it: their results lie in their folders. */
#ifndef WORKERS_PROFILER_ATTACH_H
#define WORKERS_PROFILER_ATTACH_H

#include "workers/runtime/spool.h"
#include "workers/runtime/worker.h"

/* A result that was read back; `body` borrows from the rest. */
struct stored_result {
	struct body_profile_ran body;
	uint8_t *encoded;
};

/*
 * Reads the result of a job and checks it: its form, its outcome, and that its profile is the file
 * of this job with that size and hash. ERR_NOT_STARTED when the job has no folder, ERR_NOT_HERE
 * when it has one without a result, so it runs elsewhere or its process died; ERR_CORRUPT.
 */
enum err attach_read(struct spool *spool, const char *job_id, struct stored_result *ret_result);
void stored_result_fini(struct stored_result *result);

#endif
