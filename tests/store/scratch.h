/* A state directory of its own for a test, and a store on it, with what tests of the store ask
 * most often. */
#ifndef TESTS_STORE_SCRATCH_H
#define TESTS_STORE_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "workers/store/store.h"

/* One server: its instance's lock is held, as a supervisor does. */
struct scratch {
	char dir[64];
	char instance[LIMIT_ULID + 1];
	int lock_fd;
	struct spool *spool;
	struct store store;
};

/* A new directory below TMPDIR, the store open on it. Fails the test on any error. */
void scratch_open(struct scratch *c);
/* Another server on the same directory. */
void scratch_join(struct scratch *c, const char *dir);
/* The server leaves and the directory stays; twice is fine. */
void scratch_leave(struct scratch *c);
/* Leaves and removes the directory. */
void scratch_close(struct scratch *c);

/* Runs SQL as it is, for looking and for damaging. The number in the first column of the last
 * row, else -1. */
int64_t scratch_sql(struct scratch *c, const char *sql);

/* Makes a file of that content in the folder of a job; parents are made. */
void scratch_job_file(struct scratch *c, const char *job_id, const char *name, const void *at,
    size_t len);
bool scratch_exists(const struct scratch *c, const char *path);

/* Starts this program again as `main(argc, { "-", mode, dir })`; what it writes to standard
 * output comes from *ret_fd when that is not NULL. In the new process a failed assertion ends
 * it. Returns the process id. */
pid_t scratch_spawn(const char *mode, const char *dir, int *ret_fd);
/* The exit status, -1 when a signal ended it. */
int scratch_wait(pid_t pid);

/* ---- messages ---- */

/* An id, new each time, in a buffer that lives as long as the test. */
const char *scratch_id(void);

/* A map of texts; pairs end with a NULL key. Lives as long as the test. */
struct value scratch_map(const char *key, ...);

/* JOB_OPEN of that id with small arguments, which must succeed; the state answered. */
const char *scratch_open_job(struct scratch *c, const char *job_id);
enum err scratch_mark(struct scratch *c, const char *job_id, const char *state);

/* A save of `model` and `raw` with an empty run and summary. */
struct body_profile_save scratch_save(const char *job_id, const char *profile_id, const char *raw,
    const char *model);

/* ---- answers ---- */

struct answer {
	struct value_writer w;
	struct value_tree tree;
	const msgpack_object *root;
};

void answer_init(struct answer *a);
/* Parses what was written. */
void answer_read(struct answer *a);
void answer_fini(struct answer *a);

/* The member is that text; NULL: there is no such member. */
void assert_member(const msgpack_object *map, const char *key, const char *text);

#endif
