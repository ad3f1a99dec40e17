#include "workers/front/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/front/requests.h"
#include "workers/front/route.h"
#include "workers/runtime/log.h"

#define BUSY_RETRY_MS 200
#define HOLD_FIRST_MS 1000       /* a step that the store could not do is tried again, ever more rarely */
#define HOLD_LAST_MS 30000

enum phase { PHASE_ROUTE, PHASE_ATTACH, PHASE_CLOSE };

struct job {
	struct jobs *jobs;
	char id[LIMIT_ULID + 1];
	const struct tool *tool;
	struct bag bag;
	enum phase phase;
	unsigned step;           /* of the route */
	unsigned attach_index;   /* the profiler being asked */
	struct ask *ask;
	bool cancelled, running; /* running: a profiler has it */
	bool resumed;            /* the store knew it before this front */
	int64_t hold_ms;         /* pause before the step is tried again; 0: it is not held */
	uint8_t *close_body;     /* in PHASE_CLOSE: the encoded JOB_CLOSE */
	size_t close_len;
	int64_t output_held;     /* bytes passed on and not yet reported as taken */
	struct timer *retry;
	struct job_watch *watches;
	struct job *next;
};

struct jobs {
	struct front *front;
	struct job *first;
	bool more;               /* the store may know further unfinished jobs than it could name */
	bool listed;             /* it has named some once, or failed to */
};

static void job_step(struct job *job);
static void attach_from(struct job *job, unsigned index);

/* ---- the end ---- */

static void
job_free(struct job *job)
{
	for (struct job **at = &job->jobs->first; *at != NULL; at = &(*at)->next)
		if (*at == job) {
			*at = job->next;
			break;
		}
	route_drop_spooled(job->tool, &job->bag, job->jobs->front->spool);
	ask_forget(&job->ask);
	timer_close(&job->retry);
	bag_fini(&job->bag);
	free(job->close_body);
	free(job);
}

static void
tell_watchers(struct job *job, const struct reply *failure)
{
	while (job->watches != NULL) {
		struct job_watch *w = job->watches;

		job_unwatch(w);
		w->ended(w->arg, failure);
	}
}

static void
job_end(struct job *job, const struct reply *failure)
{
	struct front *front = job->jobs->front;

	if (failure != NULL)
		log_line(LOG_WARN, "job=%s ended: %s", job->id, err_info(failure->error)->name);
	tell_watchers(job, failure);
	job_free(job);
	if (failure == NULL && front->jobs->more && !front->leaving)
		jobs_resume(front->jobs);
	requests_settled(front);
}

/* The store cannot keep it now: whoever waits is told, and the same step is tried again later. What was run is in the
 * job's folder, so nothing is lost if this server ends before. */
static void
job_hold(struct job *job, const struct reply *reply)
{
	struct front *front = job->jobs->front;
	struct reply told = *reply;
	char hint[512];

	if (job->hold_ms == 0)
		log_line(LOG_WARN, "job=%s waits for the store: %s", job->id, err_info(reply->error)->name);
	job->hold_ms = job->hold_ms == 0 ? HOLD_FIRST_MS : job->hold_ms * 2;
	if (job->hold_ms > HOLD_LAST_MS)
		job->hold_ms = HOLD_LAST_MS;
	snprintf(hint, sizeof(hint), "%.*s%sthe result is kept and saved as soon as that is possible: call get_job with "
	    "job_id %s", (int)(reply->hint.len < 300 ? reply->hint.len : 300), reply->hint.at == NULL ? "" : reply->hint.at,
	    reply->hint.at == NULL ? "" : "; ", job->id);
	told.hint = text_of(hint);
	timer_start(job->retry, job->hold_ms);
	tell_watchers(job, &told);
	requests_settled(front);
}

/* ---- asking workers ---- */

static void on_done(void *arg, const struct reply *reply);

static void
on_progress(void *arg, const struct body_progress *progress)
{
	struct job *job = arg;

	for (struct job_watch *w = job->watches, *next; w != NULL; w = next) {
		next = w->next;
		w->progress(w->arg, progress);
	}
}

static void
on_output(void *arg, const struct body_output *output)
{
	struct job *job = arg;

	for (struct job_watch *w = job->watches, *next; w != NULL; w = next) {
		next = w->next;
		w->output(w->arg, output);
	}
	job->output_held += (int64_t)output->text.len;
	if (!requests_congested(job->jobs->front))
		jobs_take_output(job->jobs);
}

static void
ignore_done(void *arg, const struct reply *reply)
{
	(void)arg, (void)reply;
}

static void
mark_running(struct job *job)
{
	static const struct ask_events events = { .done = ignore_done };
	struct body_job_mark body = { .job_id = text_of(job->id), .state = text_of("running") };
	struct value_writer w;

	value_writer_init(&w);
	if (body_encode(MSG_JOB_MARK, &body, &w) == OK)
		links_ask(job->jobs->front->links, ROLE_STORE, LINK_ANY, MSG_JOB_MARK, value_done(&w),
		    msg_info(MSG_JOB_MARK)->deadline_ms, &events, NULL);
	value_writer_fini(&w);
}

/* Called while links_ask runs, so job->ask is not set yet. */
static void
on_sent(void *arg, unsigned index)
{
	struct job *job = arg;

	(void)index;
	job->running = true;
	timer_start(job->retry, 0);
}

static const struct ask_events plain_events = { .done = on_done };
static const struct ask_events run_events = {
	.done = on_done, .sent = on_sent, .progress = on_progress, .output = on_output,
};

static bool
runs(enum msg_type type)
{
	return msg_info(type)->owner == ROLE_PROFILER;
}

static enum err
job_ask(struct job *job, enum msg_type type, int index, struct value body)
{
	const struct msg_info *info = msg_info(type);

	job->ask = links_ask(job->jobs->front->links, info->owner, index, type, body, info->deadline_ms,
	    runs(type) ? &run_events : &plain_events, job);
	return job->ask == NULL ? ERR_NO_MEMORY : OK;
}

/* ---- closing a job that does not reach the end of its route ---- */

static enum err
keep_close(struct job *job, struct value body)
{
	uint8_t *copy = malloc(body.len);

	if (copy == NULL)
		return ERR_NO_MEMORY;
	memcpy(copy, body.at, body.len);
	free(job->close_body);
	job->close_body = copy;
	job->close_len = body.len;
	return OK;
}

static enum err
ask_close(struct job *job)
{
	return job_ask(job, MSG_JOB_CLOSE, LINK_ANY, (struct value){ job->close_body, job->close_len });
}

static void
job_close(struct job *job, const char *outcome, const struct reply *error)
{
	struct body_job_close body = { .job_id = text_of(job->id), .outcome = text_of(outcome),
		.run = bag_get(&job->bag, "run") };
	struct value_writer w;
	enum err e;

	if (error != NULL) {
		body.error_code = outcome == NULL ? error->error : OK;
		body.message = error->message.at != NULL ? error->message : text_of(err_info(error->error)->text);
		body.hint = error->hint;
	}
	job->phase = PHASE_CLOSE;
	value_writer_init(&w);
	e = body_encode(MSG_JOB_CLOSE, &body, &w);
	if (e == OK)
		e = keep_close(job, value_done(&w));
	value_writer_fini(&w);
	if (e == OK)
		e = ask_close(job);
	if (e != OK)
		job_end(job, &(struct reply){ .error = e });
}

static void
job_close_lost(struct job *job)
{
	struct reply why = { .error = ERR_WORKER_LOST,
		.message = text_of("the process that ran the program died, and the program was stopped with it"),
		.hint = text_of("it was not run again, because programs may have side effects; call the tool again to do so") };

	job_close(job, "lost", &why);
}

/* ---- finding a run that was started before ---- */

static void
attach_from(struct job *job, unsigned index)
{
	struct body_profile_attach body = { .job_id = text_of(job->id) };
	struct value_writer w;
	enum err e;

	if (index >= job->jobs->front->profilers) {
		job_close_lost(job);
		return;
	}
	job->phase = PHASE_ATTACH;
	job->attach_index = index;
	value_writer_init(&w);
	e = body_encode(MSG_PROFILE_ATTACH, &body, &w);
	if (e == OK)
		e = job_ask(job, MSG_PROFILE_ATTACH, (int)index, value_done(&w));
	value_writer_fini(&w);
	if (e != OK)
		job_end(job, &(struct reply){ .error = e });
}

static void
attach_done(struct job *job, const struct reply *reply)
{
	if (reply->error == OK) {
		if (route_absorb(&job->bag, reply->type, reply->body) != OK) {
			job_close_lost(job);
			return;
		}
		job->phase = PHASE_ROUTE;
		job->step++;
		job_step(job);
	} else if (reply->error == ERR_NOT_STARTED) {
		job->phase = PHASE_ROUTE;
		job_step(job);
	} else {
		attach_from(job, job->attach_index + 1);
	}
}

/* ---- the route ---- */

/* Whether the same step may succeed later; a read-only directory can be mended, too. */
static bool
may_pass(enum err e)
{
	return err_info(e)->retryable || e == ERR_STORAGE_READ_ONLY;
}

static void
step_failed(struct job *job, const struct reply *reply)
{
	enum msg_type type = job->tool->steps[job->step].type;

	if (type == MSG_PROFILE_RUN && (reply->error == ERR_WORKER_LOST || reply->error == ERR_NOT_HERE))
		attach_from(job, 0);
	else if (type == MSG_PROFILE_RUN && reply->error == ERR_BUSY)
		timer_start(job->retry, BUSY_RETRY_MS);
	else if (type == MSG_PROFILE_RUN && reply->error == ERR_CANCELLED)
		job_close(job, "cancelled", NULL);
	else if (type == MSG_PROFILE_RUN)
		job_close(job, NULL, reply);
	else if (type == MSG_PROFILE_READ)
		job_close(job, "bad_profile", reply);
	else if (type == MSG_JOB_OPEN && !job->resumed)
		job_end(job, reply);     /* it was never written, so it does not exist */
	else if (may_pass(reply->error))
		job_hold(job, reply);
	else
		job_close(job, NULL, reply);
}

static bool
opened_as(const struct job *job, const char *state)
{
	struct value v = bag_get(&job->bag, "state");
	struct value_tree tree;
	bool is;

	if (value_parse(v, &tree) != OK)
		return false;
	is = text_is(value_as_text(value_root(&tree)), state);
	value_tree_fini(&tree);
	return is;
}

static void
after_open(struct job *job)
{
	job->step++;
	if (opened_as(job, "done"))
		job_end(job, NULL);
	else if (opened_as(job, "queued"))
		job_step(job);
	else
		attach_from(job, 0);
}

static void
step_done(struct job *job, const struct reply *reply)
{
	enum err e = route_absorb(&job->bag, reply->type, reply->body);

	if (e != OK)
		step_failed(job, &(struct reply){ .error = e });
	else if (job->tool->steps[job->step].type == MSG_JOB_OPEN)
		after_open(job);
	else if (++job->step == job->tool->step_count)
		job_end(job, NULL);
	else
		job_step(job);
}

static void
on_done(void *arg, const struct reply *reply)
{
	struct job *job = arg;

	job->ask = NULL;
	job->running = false;
	job->output_held = 0;
	timer_stop(job->retry);
	if (reply->error == OK)
		job->hold_ms = 0;
	if (job->phase == PHASE_CLOSE && may_pass(reply->error))
		job_hold(job, reply);
	else if (job->phase == PHASE_CLOSE)
		job_end(job, reply->error == OK ? NULL : reply);
	else if (job->phase == PHASE_ATTACH)
		attach_done(job, reply);
	else if (reply->error == OK)
		step_done(job, reply);
	else
		step_failed(job, reply);
}

static void
job_step(struct job *job)
{
	const struct step *step = &job->tool->steps[job->step];
	const char *field = "?";
	struct value_writer w;
	enum err e;

	if (job->cancelled && runs(step->type)) {
		job_close(job, "cancelled", NULL);
		return;
	}
	value_writer_init(&w);
	e = route_compose(step, &job->bag, &w, &field);
	if (e == OK)
		e = job_ask(job, step->type, LINK_ANY, value_done(&w));
	else
		log_line(LOG_ERROR, "job=%s %s.%s: %s", job->id, msg_info(step->type)->name, field, err_info(e)->name);
	value_writer_fini(&w);
	if (e != OK && job->step > 0)
		job_close(job, NULL, &(struct reply){ .error = e });
	else if (e != OK)
		job_end(job, &(struct reply){ .error = e });
}

/* The first step, one that is tried again, or right after a run was handed over. */
static void
on_retry(void *arg)
{
	struct job *job = arg;

	if (job->ask == NULL && job->phase == PHASE_CLOSE) {
		if (ask_close(job) != OK)
			job_hold(job, &(struct reply){ .error = ERR_NO_MEMORY });
	} else if (job->ask == NULL) {
		job_step(job);
	} else {
		if (job->phase == PHASE_ROUTE)
			mark_running(job);
		if (job->running && job->cancelled)
			ask_cancel(job->ask);
	}
}

/* ---- from outside ---- */

struct jobs *
jobs_new(struct front *front)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));

	if (jobs != NULL)
		jobs->front = front;
	return jobs;
}

void
jobs_free(struct jobs **jobs)
{
	if (*jobs == NULL)
		return;
	while ((*jobs)->first != NULL)
		job_free((*jobs)->first);
	free(*jobs);
	*jobs = NULL;
}

bool
jobs_listed(const struct jobs *jobs)
{
	return jobs->listed;
}

struct job *
jobs_find(struct jobs *jobs, const char *id)
{
	for (struct job *job = jobs->first; job != NULL; job = job->next)
		if (strcmp(job->id, id) == 0)
			return job;
	return NULL;
}

const char *
job_id(const struct job *job)
{
	return job->id;
}

static enum err
fill_bag(struct job *job, struct value arguments)
{
	char profile_id[LIMIT_ULID + 1];
	enum err e = route_take_arguments(&job->bag, arguments);

	ulid_make(profile_id);
	if (e == OK)
		e = bag_put(&job->bag, "arguments", arguments);
	if (e == OK)
		e = bag_put_text(&job->bag, "job_id", text_of(job->id));
	if (e == OK)
		e = bag_put_text(&job->bag, "profile_id", text_of(profile_id));
	if (e == OK)
		e = bag_put_text(&job->bag, "instance", text_of(job->jobs->front->settings.instance));
	if (e == OK)
		e = bag_put_text(&job->bag, "tool", text_of(job->tool->name));
	return e;
}

static enum err
may_start(struct jobs *jobs)
{
	unsigned running, queued;

	jobs_count(jobs, &running, &queued);
	if (jobs->front->leaving)
		return ERR_STOPPING;
	return queued >= LIMIT_QUEUED_JOBS ? ERR_BUSY : OK;
}

static enum err
add_job(struct jobs *jobs, const struct tool *tool, const char *id, struct value arguments, struct job **ret_job)
{
	struct job *job = calloc(1, sizeof(*job));
	enum err e;

	if (job == NULL)
		return ERR_NO_MEMORY;
	job->jobs = jobs;
	job->tool = tool;
	memcpy(job->id, id, LIMIT_ULID);
	job->next = jobs->first;
	jobs->first = job;
	job->retry = loop_timer(jobs->front->loop, on_retry, job);
	e = job->retry == NULL ? ERR_NO_MEMORY : fill_bag(job, arguments);
	if (e != OK) {
		job_free(job);
		return e;
	}
	timer_start(job->retry, 0);  /* the first step, from the loop */
	*ret_job = job;
	return OK;
}

enum err
jobs_start(struct jobs *jobs, const struct tool *tool, const char *id, struct value arguments,
    struct job **ret_job)
{
	struct job *job = jobs_find(jobs, id);
	enum err e;

	if (job != NULL) {
		*ret_job = job;
		return OK;
	}
	e = may_start(jobs);
	return e != OK ? e : add_job(jobs, tool, id, arguments, ret_job);
}

/* True when a job was added. */
static bool
resume_row(struct jobs *jobs, const msgpack_object *row)
{
	const msgpack_object *arguments = value_get(row, "arguments");
	char id[LIMIT_ULID + 1], tool_name[64];
	const struct tool *tool;
	struct value_writer w;
	struct job *job;
	bool added;

	if (!text_copy(value_get_text(row, "job_id"), id, sizeof(id)) || !ulid_valid(id, strlen(id)) ||
	    !text_copy(value_get_text(row, "tool"), tool_name, sizeof(tool_name)) || arguments == NULL)
		return false;
	tool = catalog_find(jobs->front->catalog, tool_name);
	if (tool == NULL || !tool->job || jobs_find(jobs, id) != NULL)
		return false;
	value_writer_init(&w);
	value_object(&w, arguments);
	added = add_job(jobs, tool, id, value_done(&w), &job) == OK;
	if (added) {
		job->resumed = true;
		log_line(LOG_INFO, "job=%s taken up", id);
	}
	value_writer_fini(&w);
	return added;
}

static void
on_unfinished(void *arg, const struct reply *reply)
{
	struct jobs *jobs = arg;
	struct body_job_list list;
	struct value_tree tree;

	jobs->listed = true;
	if (reply->error != OK || body_decode(reply->type, reply->body, &list) != OK) {
		log_line(LOG_WARN, "the store did not say which jobs are unfinished: %s", err_info(reply->error)->name);
		return;
	}
	jobs->more = false;
	if (value_parse(list.jobs, &tree) != OK)
		return;
	if (value_root(&tree)->type == MSGPACK_OBJECT_ARRAY && !jobs->front->leaving)
		for (uint32_t i = 0; i < value_root(&tree)->via.array.size; i++)
			jobs->more |= resume_row(jobs, &value_root(&tree)->via.array.ptr[i]);
	value_tree_fini(&tree);
}

void
jobs_resume(struct jobs *jobs)
{
	static const struct ask_events events = { .done = on_unfinished };
	struct body_job_unfinished body = { .instance = text_of(jobs->front->settings.instance) };
	struct value_writer w;

	value_writer_init(&w);
	if (body_encode(MSG_JOB_UNFINISHED, &body, &w) == OK)
		links_ask(jobs->front->links, ROLE_STORE, LINK_ANY, MSG_JOB_UNFINISHED, value_done(&w),
		    msg_info(MSG_JOB_UNFINISHED)->deadline_ms, &events, jobs);
	value_writer_fini(&w);
}

void
job_watch(struct job *job, struct job_watch *watch)
{
	watch->job = job;
	watch->next = job->watches;
	job->watches = watch;
}

void
job_unwatch(struct job_watch *watch)
{
	if (watch->job == NULL)
		return;
	for (struct job_watch **at = &watch->job->watches; *at != NULL; at = &(*at)->next)
		if (*at == watch) {
			*at = watch->next;
			break;
		}
	watch->job = NULL;
}

void
job_cancel(struct job *job)
{
	if (job->cancelled)
		return;
	job->cancelled = true;
	if (job->ask == NULL)
		return;                  /* its next step sees it */
	if (job->running || (job->phase == PHASE_ROUTE && runs(job->tool->steps[job->step].type)))
		ask_cancel(job->ask);
}

void
jobs_cancel_all(struct jobs *jobs)
{
	for (struct job *job = jobs->first; job != NULL; job = job->next)
		job_cancel(job);
}

void
jobs_take_output(struct jobs *jobs)
{
	for (struct job *job = jobs->first; job != NULL; job = job->next) {
		if (job->output_held > 0 && job->ask != NULL)
			ask_output_taken(job->ask, job->output_held);
		job->output_held = 0;
	}
}

void
jobs_count(const struct jobs *jobs, unsigned *ret_running, unsigned *ret_queued)
{
	unsigned running = 0, all = 0;

	for (const struct job *job = jobs->first; job != NULL; job = job->next) {
		running += job->running;
		all++;
	}
	*ret_running = running;
	*ret_queued = all - running;
}

bool
jobs_idle(const struct jobs *jobs)
{
	for (const struct job *job = jobs->first; job != NULL; job = job->next)
		if (job->hold_ms == 0)
			return false;
	return true;
}
