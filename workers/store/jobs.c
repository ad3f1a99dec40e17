#include "workers/store/jobs.h"

#include "workers/runtime/log.h"
#include "workers/store/folders.h"
#include "workers/store/result.h"
#include "workers/store/statement.h"

static const char *const state_names[JOB_STATES] = {
	[JOB_QUEUED] = "queued",
	[JOB_RUNNING] = "running",
	[JOB_RAN] = "ran",
	[JOB_DONE] = "done",
};

const char *
job_state_name(enum job_state state)
{
	return state_names[state];
}

static bool
state_by_name(struct text name, enum job_state *ret_state)
{
	for (int i = 0; i < JOB_STATES; i++)
		if (text_is(name, state_names[i])) {
			*ret_state = (enum job_state)i;
			return true;
		}
	return false;
}

/* ---- reading a row ---- */

#define SQL_FIND \
	"SELECT instance, tool, label, state, message, hint, error_code, created_ms, result" \
	" FROM jobs WHERE id = ?1"
enum { FIND_INSTANCE, FIND_TOOL, FIND_LABEL, FIND_STATE, FIND_MESSAGE, FIND_HINT, FIND_ERROR,
	FIND_CREATED, FIND_RESULT };

static bool
read_row(sqlite3_stmt *row, struct job *job)
{
	*job = (struct job){
		.statement = row,
		.instance = column_text(row, FIND_INSTANCE),
		.tool = column_text(row, FIND_TOOL),
		.label = column_text(row, FIND_LABEL),
		.message = column_text(row, FIND_MESSAGE),
		.hint = column_text(row, FIND_HINT),
		.error_code = sqlite3_column_int64(row, FIND_ERROR),
		.created_ms = sqlite3_column_int64(row, FIND_CREATED),
		.result = column_value(row, FIND_RESULT),
	};
	if (!state_by_name(column_text(row, FIND_STATE), &job->state))
		return false;
	if (job->state != JOB_DONE)
		return true;
	return job->result.len <= RESULT_MAX && value_check(job->result.at, job->result.len);
}

static enum err
find_row(struct store *s, struct text job_id, struct job *job)
{
	bool row = false;
	enum err e = statement_step(&s->database, job->statement, &row);

	if (e != OK)
		return e;
	if (!row)
		return fault_set(&s->fault, ERR_NOT_FOUND,
		    "A job id is in the answer that started the job; list_profiles shows profiles.",
		    "there is no job %.*s", (int)job_id.len, job_id.at);
	if (!read_row(job->statement, job))
		return fault_set(&s->fault, ERR_CORRUPT, NULL, "the stored job %.*s is damaged",
		    (int)job_id.len, job_id.at);
	return OK;
}

enum err
job_find(struct store *s, struct text job_id, struct job *ret_job)
{
	struct job job = { .statement = NULL };
	enum err e = store_check_id(s, "job_id", job_id);

	if (e == OK)
		e = statement_open(&s->database, SQL_FIND, PARAMS(param_text(job_id)),
		    &job.statement);
	if (e == OK)
		e = find_row(s, job_id, &job);
	if (e == OK)
		*ret_job = job;
	else
		job_release(&job);
	return e;
}

void
job_release(struct job *job)
{
	statement_close(&job->statement);
}

static enum err
check_ours(struct store *s, const struct job *job)
{
	if (text_is(job->instance, s->instance))
		return OK;
	return fault_set(&s->fault, ERR_OTHER_SERVER, "get_job tells how it stands.",
	    "this job belongs to another server on the same state directory");
}

/* ---- opening and marking ---- */

static enum err
check_open(struct store *s, const struct body_job_open *in)
{
	enum err e = store_check_id(s, "job_id", in->job_id);

	if (e == OK && !text_is(in->instance, s->instance))
		e = fault_set(&s->fault, ERR_INVALID_ARGUMENT, NULL,
		    "instance is not that of this server");
	return e != OK ? e : store_check_value(s, "arguments", in->arguments, false);
}

static enum err
insert_job(struct store *s, const struct body_job_open *in)
{
	return statement_run(&s->database,
	    "INSERT INTO jobs (id, instance, tool, label, state, created_ms, arguments)"
	    " VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?6) ON CONFLICT (id) DO NOTHING",
	    PARAMS(param_text(in->job_id), param_text(in->instance), param_text(in->tool),
		param_text(in->label), param_int(store_clock_ms()),
		param_bytes(in->arguments.at, in->arguments.len)));
}

static enum err
read_state(struct store *s, struct text job_id, enum job_state *ret_state)
{
	struct job job = { .statement = NULL };
	enum err e = job_find(s, job_id, &job);

	if (e == OK)
		e = check_ours(s, &job);
	if (e == OK)
		*ret_state = job.state;
	job_release(&job);
	return e;
}

enum err
job_open(struct store *s, const struct body_job_open *in, const char **ret_state)
{
	enum job_state state = JOB_QUEUED;
	enum err e = check_open(s, in);

	if (e == OK)
		e = database_begin(&s->database);
	if (e != OK)
		return e;
	e = insert_job(s, in);
	if (e == OK)
		e = read_state(s, in->job_id, &state);
	e = database_end(&s->database, e);
	if (e == OK)
		*ret_state = job_state_name(state);
	return e;
}

static enum err
move_job(struct store *s, struct text job_id, enum job_state to)
{
	enum job_state now;
	enum err e = read_state(s, job_id, &now);

	if (e != OK || now >= to)
		return e;
	return statement_run(&s->database,
	    "UPDATE jobs SET state = ?2, started_ms = coalesce(started_ms, ?3) WHERE id = ?1",
	    PARAMS(param_text(job_id), param_string(job_state_name(to)),
		param_int(store_clock_ms())));
}

enum err
job_mark(struct store *s, const struct body_job_mark *in)
{
	enum job_state to;
	enum err e = store_check_id(s, "job_id", in->job_id);

	if (e != OK)
		return e;
	if (!state_by_name(in->state, &to) || (to != JOB_RUNNING && to != JOB_RAN))
		return fault_set(&s->fault, ERR_INVALID_ARGUMENT, NULL,
		    "a job is marked running or ran");
	e = database_begin(&s->database);
	if (e != OK)
		return e;
	return database_end(&s->database, move_job(s, in->job_id, to));
}

/* ---- ending ---- */

enum err
job_finish(struct store *s, const struct job_end *end)
{
	enum err e = statement_run(&s->database,
	    "UPDATE jobs SET state = 'done', outcome = ?2, error_code = ?3, message = ?4,"
	    " hint = ?5, result = ?6, ended_ms = ?7, profile_id = ?8"
	    " WHERE id = ?1 AND state <> 'done'",
	    PARAMS(param_text(end->job_id), param_text(end->outcome), param_int(end->error),
		param_text(end->message), param_text(end->hint),
		param_bytes(end->result.at, end->result.len), param_int(store_clock_ms()),
		param_text(end->profile_id)));

	if (e == OK && statement_changes(&s->database) != 1)
		return fault_set(&s->fault, ERR_INTERNAL, NULL, "a job ended twice");
	return e;
}

enum err
job_ending(struct store *s, struct text job_id, struct value_writer *w, bool *ret_done)
{
	struct job job = { .statement = NULL };
	enum err e = job_find(s, job_id, &job);

	if (e != OK)
		return e;
	if (job.state == JOB_DONE)
		value_raw(w, job.result);
	else
		e = check_ours(s, &job);
	if (e == OK)
		*ret_done = job.state == JOB_DONE;
	job_release(&job);
	return e;
}

void
job_clean(struct store *s, struct text job_id)
{
	enum err e = folder_remove(spool_dir_fd(s->spool), job_id);

	if (e != OK)
		log_line(LOG_WARN, "job=%.*s its folder could not be removed: %s", (int)job_id.len,
		    job_id.at, err_info(e)->text);
}
