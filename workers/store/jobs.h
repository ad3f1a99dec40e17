/*
 * The life of a job in the database: queued, running, ran, done; never backwards, and done once.
 *
 * Every function answers only after its commit, and every one may be repeated: the second time it
 * finds its work done and answers the same. Changes are refused (ERR_OTHER_SERVER) for a job of
 * another server's instance. Ids are checked first (ERR_INVALID_ARGUMENT); a job that does not
 * exist is ERR_NOT_FOUND. Storage errors as in database.h. Results are appended to `w`, on OK only.
 */
#ifndef WORKERS_STORE_JOBS_H
#define WORKERS_STORE_JOBS_H

#include "workers/store/store.h"

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_RAN, JOB_DONE, JOB_STATES };

const char *job_state_name(enum job_state state);

/* A row of the table. All that is borrowed lives until job_release. */
struct job {
	sqlite3_stmt *statement;
	struct text instance, tool, label, message, hint;
	enum job_state state;
	int64_t error_code;              /* enum err; 0: none */
	int64_t created_ms;              /* since the epoch */
	struct value result;             /* well-formed when the state is done, else nil */
};

/* Reads one job. ERR_CORRUPT when the row is damaged. */
enum err job_find(struct store *s, struct text job_id, struct job *ret_job);
/* A zeroed job is fine. */
void job_release(struct job *job);

/* JOB_OPEN: writes the job as queued; *ret_state is a static text. When the id exists its
 * present state is answered and nothing changes. in->instance must be this store's. */
enum err job_open(struct store *s, const struct body_job_open *in, const char **ret_state);

/* JOB_MARK: to running or ran. A state that the job has left behind, done included, changes
 * nothing and is OK. */
enum err job_mark(struct store *s, const struct body_job_mark *in);

/*
 * JOB_CLOSE: ends the job, with an outcome or with an error, exactly one of them. The result is
 * {job_id, outcome, what `run` has, message?, hint?} or {job_id, error, message, hint?}. A second
 * close changes nothing and answers the first one's result. Afterwards the job's folder is removed;
 * a failure there is only logged.
 */
enum err job_close(struct store *s, const struct body_job_close *in, struct value_writer *w);

/*
 * JOB_LOAD: done with an outcome: its result. Done with an error: that error, its message and hint
 * in the fault. Else {job_id, state, tool, label?, age_s, server?, next}, with `server` "another"
 * for a job of another live server, and `state` "lost" for one whose server is gone and that nobody
 * has adopted.
 */
enum err job_load(struct store *s, const struct body_job_load *in, struct value_writer *w);

/* How a job ends. */
struct job_end {
	struct text job_id, outcome, message, hint, profile_id;     /* nil where there is none */
	enum err error;
	struct value result;
};

/* Inside a transaction: the one place where a job becomes done. */
enum err job_finish(struct store *s, const struct job_end *end);

/* Inside a transaction: for a job that is about to end. When it is done already its result is
 * appended to `w` and *ret_done is true. ERR_OTHER_SERVER. */
enum err job_ending(struct store *s, struct text job_id, struct value_writer *w, bool *ret_done);

/* Removes the job's folder; a failure is logged and forgotten. */
void job_clean(struct store *s, struct text job_id);

#endif
