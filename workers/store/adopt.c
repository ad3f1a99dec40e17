#include "workers/store/adopt.h"

#include "workers/runtime/log.h"
#include "workers/store/folders.h"
#include "workers/store/instances.h"
#include "workers/store/jobs.h"
#include "workers/store/statement.h"

#define SWEEP_FOLDERS 1000

/* ---- adopting ---- */

/* The next instance with unfinished jobs after `after`, in order of their names; empty when
 * there is none. */
static enum err
next_instance(struct store *s, const char *after, char ret_instance[LIMIT_ULID + 1])
{
	sqlite3_stmt *statement = NULL;
	bool row = false;
	enum err e = statement_open(&s->database,
	    "SELECT min(instance) FROM jobs WHERE state <> 'done' AND instance > ?1",
	    PARAMS(param_string(after)), &statement);

	ret_instance[0] = 0;
	if (e == OK)
		e = statement_step(&s->database, statement, &row);
	if (e == OK && row && column_text(statement, 0).at != NULL &&
	    !text_copy(column_text(statement, 0), ret_instance, LIMIT_ULID + 1))
		e = fault_set(&s->fault, ERR_CORRUPT, NULL,
		    "a stored job is damaged: its instance is no id");
	statement_close(&statement);
	return e;
}

static enum err
take_over(struct store *s, const char *instance)
{
	enum err e = statement_run(&s->database,
	    "UPDATE jobs SET instance = ?1 WHERE instance = ?2 AND state <> 'done'",
	    PARAMS(param_string(s->instance), param_string(instance)));

	if (e == OK)
		log_line(LOG_INFO, "took over %lld unfinished jobs of server %s, which is gone",
		    (long long)statement_changes(&s->database), instance);
	return e;
}

static enum err
adopt_all(struct store *s)
{
	char instance[LIMIT_ULID + 1] = "", next[LIMIT_ULID + 1];
	enum err e;

	while ((e = next_instance(s, instance, next)) == OK && next[0] != 0) {
		text_copy(text_of(next), instance, sizeof(instance));
		if (text_is(text_of(instance), s->instance) ||
		    instance_alive(spool_dir_fd(s->spool), text_of(instance)))
			continue;
		e = take_over(s, instance);
		if (e != OK)
			break;
	}
	return e;
}

/* ---- listing ---- */

#define SQL_UNFINISHED \
	"SELECT id, tool, state, label, arguments FROM jobs" \
	" WHERE instance = ?1 AND state <> 'done' ORDER BY created_ms, rowid LIMIT ?2"
enum { ROW_ID, ROW_TOOL, ROW_STATE, ROW_LABEL, ROW_ARGUMENTS };

static void
write_row(struct value_writer *w, sqlite3_stmt *row)
{
	struct text label = column_text(row, ROW_LABEL);

	value_map(w, label.at != NULL ? 5 : 4);
	value_put_text(w, "job_id", column_text(row, ROW_ID));
	value_put_text(w, "tool", column_text(row, ROW_TOOL));
	value_put_text(w, "state", column_text(row, ROW_STATE));
	if (label.at != NULL)
		value_put_text(w, "label", label);
	value_put_raw(w, "arguments", column_value(row, ROW_ARGUMENTS));
}

static enum err
write_rows(struct store *s, sqlite3_stmt *statement, struct value_writer *w, uint32_t *ret_count)
{
	uint32_t count = 0;
	bool row;
	enum err e;

	while ((e = statement_step(&s->database, statement, &row)) == OK && row) {
		size_t mark = w->buffer.size;

		write_row(w, statement);
		if (w->buffer.size > ADOPT_BYTES) {
			w->buffer.size = mark;
			log_line(LOG_WARN,
			    "more unfinished jobs than one answer holds; these %u go first", count);
			break;
		}
		if (w->failed ||
		    value_check((const uint8_t *)w->buffer.data + mark, w->buffer.size - mark)) {
			count++;
			continue;
		}
		w->buffer.size = mark;
		log_line(LOG_ERROR, "an unfinished job is damaged in the database and left out");
	}
	*ret_count = count;
	return e;
}

static enum err
list_unfinished(struct store *s, struct value_writer *w)
{
	sqlite3_stmt *statement = NULL;
	size_t opened = value_open_array(w);
	uint32_t count = 0;
	enum err e = statement_open(&s->database, SQL_UNFINISHED,
	    PARAMS(param_string(s->instance), param_int(ADOPT_ROWS)), &statement);

	if (e == OK)
		e = write_rows(s, statement, w, &count);
	statement_close(&statement);
	if (e != OK)
		return e;
	value_close_array(w, opened, count);
	return value_done(w).at != NULL ? OK : ERR_NO_MEMORY;
}

/* ---- folders left behind ---- */

static void
sweep_folder(void *arg, struct text job_id)
{
	struct store *s = arg;
	struct job job = { .statement = NULL };
	bool done = job_find(s, job_id, &job) == OK && job.state == JOB_DONE;

	job_release(&job);
	if (done)
		job_clean(s, job_id);
}

enum err
jobs_unfinished(struct store *s, const struct body_job_unfinished *in, struct value_writer *w)
{
	struct value_writer rows;
	enum err e;

	if (!text_is(in->instance, s->instance))
		return fault_set(&s->fault, ERR_INVALID_ARGUMENT, NULL,
		    "instance is not that of this server");
	e = database_begin(&s->database);
	if (e != OK)
		return e;
	e = database_end(&s->database, adopt_all(s));
	if (e != OK)
		return e;
	value_writer_init(&rows);
	e = list_unfinished(s, &rows);
	if (e == OK) {
		value_raw(w, value_done(&rows));
		folder_each(spool_dir_fd(s->spool), SWEEP_FOLDERS, sweep_folder, s);
	}
	value_writer_fini(&rows);
	return e;
}
