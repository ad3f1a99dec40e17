/* One PROFILE_RUN, owned: a message lives only as long as its handler runs, a run longer. */
#ifndef WORKERS_PROFILER_REQUEST_H
#define WORKERS_PROFILER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/frame.h"
#include "protocol/limits.h"
#include "protocol/message.h"
#include "workers/profiler/refusal.h"

enum program_kind { PROGRAM_SCRIPT, PROGRAM_CODE, PROGRAM_MODULE };

struct run_request {
	struct value_writer encoded;     /* what `body` borrows from */
	struct body_profile_run body;
	enum program_kind kind;
	char job_id[LIMIT_ULID + 1];
	char **args;                     /* script_args; ends with NULL */
	size_t arg_count;
	char **env;                      /* `env` as KEY=VALUE; ends with NULL */
	size_t env_count;
};

/*
 * Copies and checks what can be checked without looking at the file system: one program, texts
 * without NUL, sizes, ranges, cpu true (Scalene always profiles the CPU). On failure nothing is
 * owned. *ret_request must not be moved: its writer refers to itself.
 */
enum err request_copy(const struct body_profile_run *body, struct run_request *ret_request,
    struct refusal *why);
/* Leaves an empty request, so that a second call does nothing. */
void request_fini(struct run_request *request);

/* The value of an `env` entry, NULL when there is none. */
const char *request_env(const struct run_request *request, const char *name);

/* Seconds after which the run is stopped, 0 when it is not; *ret_is_duration: as asked for, not as
 * a failure. */
double request_limit_s(const struct run_request *request, bool *ret_is_duration);

#endif
