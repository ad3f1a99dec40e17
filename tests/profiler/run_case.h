/* What the tests of real runs share: a request filled with defaults, scripts on disk, checks after
 * each run. */
#ifndef TESTS_PROFILER_RUN_CASE_H
#define TESTS_PROFILER_RUN_CASE_H

#include "tests/profiler/front_double.h"

/* The interpreter of SCALENE_MCP_TEST_PYTHON; skips the test, saying so, when it is not set. */
const char *test_python(void);

struct run_case {
	struct front_double *front;
	struct body_profile_run body;
	struct value_writer env, args;
	char job_id[LIMIT_ULID + 1];
	/* RUN_TAG=..., in the environment of all that the run starts */
	char tag[64];
	char script[160];
};

/* A CPU-only run of `source` as the script `name` in the front's folder; NULL source: no script. */
void case_init(struct run_case *c, struct front_double *front, const char *name,
    const char *source);
void case_set_args(struct run_case *c, const char *const *args);
void case_send(struct run_case *c);
/* Sends and waits. */
void case_run(struct run_case *c);
/* Nothing of it runs, its folder holds what it should, and no file of Scalene's is left for the pid
 * that the program printed first ("pid N"), when it did. */
void case_check_clean(struct run_case *c);
void case_fini(struct run_case *c);

/* Of the answered run: */
int64_t ran_int(struct front_double *f, const char *key);
double ran_real(struct front_double *f, const char *key);
bool ran_text_has(struct front_double *f, const char *key, const char *part);
bool ran_warns(struct front_double *f, const char *part);

#endif
