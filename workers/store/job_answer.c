#include "workers/store/jobs.h"

#include "workers/store/instances.h"
#include "workers/store/result.h"

/* ---- JOB_CLOSE ---- */

static enum err
check_close(struct store *s, const struct body_job_close *in)
{
	enum err e = store_check_id(s, "job_id", in->job_id);
	bool failed = in->error_code != 0;

	if (e == OK && (in->outcome.at != NULL) == failed)
		e = fault_set(&s->fault, ERR_INVALID_ARGUMENT, NULL,
		    "a job ends with an outcome or with an error");
	if (e == OK && in->run.at != NULL)
		e = store_check_value(s, "run", in->run, true);
	if (e == OK && !failed)
		e = store_check_outcome(s, in->outcome);
	return e;
}

static struct text
or_text(struct text t, const char *otherwise)
{
	return t.at != NULL ? t : text_of(otherwise);
}

static enum err
write_outcome(const struct body_job_close *in, struct result *r)
{
	struct value_tree run;
	enum err e = value_parse(in->run, &run);

	result_text(r, "outcome", in->outcome);
	result_text(r, "message", in->message);
	result_text(r, "hint", in->hint);
	if (e == OK)
		e = result_members(r, value_root(&run));
	if (e == OK)
		result_warnings(r, value_root(&run), NULL);
	value_tree_fini(&run);
	return e;
}

static void
write_error(const struct job_end *end, struct result *r)
{
	result_string(r, "error", err_info(end->error)->name);
	result_text(r, "message", end->message);
	result_text(r, "hint", end->hint);
}

static enum err
write_close(const struct body_job_close *in, const struct job_end *end, struct value_writer *w)
{
	struct result r;
	enum err e = OK;

	result_init(&r);
	result_text(&r, "job_id", in->job_id);
	if (end->error == OK)
		e = write_outcome(in, &r);
	else
		write_error(end, &r);
	if (e == OK)
		e = result_finish(&r, w);
	result_fini(&r);
	return e;
}

static enum err
close_job(struct store *s, const struct body_job_close *in, struct value_writer *built)
{
	struct job_end end = { .job_id = in->job_id, .outcome = in->outcome, .message = in->message,
		.hint = in->hint, .error = err_from_number(in->error_code) };
	bool done = false;
	enum err e = job_ending(s, in->job_id, built, &done);

	if (e != OK || done)
		return e;
	if (end.error != OK)
		end.message = or_text(in->message, err_info(end.error)->text);
	e = write_close(in, &end, built);
	end.result = value_done(built);
	return e == OK ? job_finish(s, &end) : e;
}

enum err
job_close(struct store *s, const struct body_job_close *in, struct value_writer *w)
{
	struct value_writer built;
	enum err e = check_close(s, in);

	if (e == OK)
		e = database_begin(&s->database);
	if (e != OK)
		return e;
	value_writer_init(&built);
	e = database_end(&s->database, close_job(s, in, &built));
	if (e == OK) {
		value_raw(w, value_done(&built));
		job_clean(s, in->job_id);
	}
	value_writer_fini(&built);
	return e;
}

/* ---- JOB_LOAD ---- */

/* Where an unfinished job is, as seen from this server. */
enum place { PLACE_HERE, PLACE_ANOTHER, PLACE_LOST, PLACES };

static const struct {
	const char *state;       /* NULL: the job's own */
	const char *server;
	const char *next;
} places[PLACES] = {
	[PLACE_HERE] = { NULL, NULL,
	    "Not finished yet: call get_job with this job_id to wait for the result, or cancel_job"
	    " with it to stop the program." },
	[PLACE_ANOTHER] = { NULL, "another",
	    "It runs in another server on the same state directory: call get_job with this job_id"
	    " again later; cancel_job can stop it only there." },
	[PLACE_LOST] = { "lost", NULL,
	    "The server that ran it is gone and no other has taken it over; the next server that"
	    " starts on this state directory does. Call get_job with this job_id then, or run the"
	    " program again." },
};

static enum place
place_of(const struct store *s, const struct job *job)
{
	if (text_is(job->instance, s->instance))
		return PLACE_HERE;
	return instance_alive(spool_dir_fd(s->spool), job->instance) ? PLACE_ANOTHER : PLACE_LOST;
}

/* Whole tenths; a clock that was set back gives 0. */
static double
age_s(const struct job *job)
{
	int64_t ms = store_clock_ms() - job->created_ms;

	return ms < 0 ? 0 : (double)(ms / 100) / 10;
}

static enum err
write_unfinished(struct store *s, struct text job_id, const struct job *job, struct value_writer *w)
{
	enum place place = place_of(s, job);
	const char *state = places[place].state;
	struct result r;
	enum err e;

	result_init(&r);
	result_text(&r, "job_id", job_id);
	result_string(&r, "state", state != NULL ? state : job_state_name(job->state));
	result_text(&r, "tool", job->tool);
	result_text(&r, "label", job->label);
	result_real(&r, "age_s", age_s(job));
	result_string(&r, "server", places[place].server);
	result_string(&r, "next", places[place].next);
	e = result_finish(&r, w);
	result_fini(&r);
	return e;
}

enum err
job_load(struct store *s, const struct body_job_load *in, struct value_writer *w)
{
	struct job job = { .statement = NULL };
	enum err e = job_find(s, in->job_id, &job);

	if (e != OK)
		return e;
	if (job.state != JOB_DONE)
		e = write_unfinished(s, in->job_id, &job, w);
	else if (job.error_code != 0)
		e = fault_copy(&s->fault, err_from_number(job.error_code), job.message, job.hint);
	else
		value_raw(w, job.result);
	job_release(&job);
	return e;
}
