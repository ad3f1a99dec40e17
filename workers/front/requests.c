#include "workers/front/requests.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/ulid.h"
#include "workers/front/call.h"
#include "workers/front/job.h"
#include "workers/front/render.h"
#include "workers/runtime/log.h"

/* Together with DELIVER_MS in stdio.c less than the front's stop limit in supervisor/spec.c. */
#define LEAVE_FINISH_MS 150      /* what runs may end by itself */
#define LEAVE_ANSWER_MS 700      /* what was cancelled may still be answered with its outcome */

struct request {
	struct requests *all;
	const struct channel *channel;
	int slot;
	char *id, *token;
	const struct revision *revision;
	double last_progress;
	bool wants_output, owns_job;
	char job_id[LIMIT_ULID + 1];
	const struct tool *tool;
	uint8_t *arguments;
	size_t arguments_len;
	struct call *call;
	struct request *next;
};

struct requests {
	struct front *front;
	struct request *first;
	struct timer *leave;
	bool cancelled;              /* the second stage of leaving */
	void (*left)(void *arg);
	void *left_arg;
};

/* How a job is watched: the same two messages for the call that began it and for get_job. */
static const struct tool watching = {
	.name = "watch", .steps = { { MSG_JOB_WAIT, NULL }, { MSG_JOB_LOAD, NULL } }, .step_count = 2,
};

/* ---- life ---- */

static void
request_free(struct request *r)
{
	for (struct request **at = &r->all->first; *at != NULL; at = &(*at)->next)
		if (*at == r) {
			*at = r->next;
			break;
		}
	call_drop(&r->call);
	free(r->id);
	free(r->token);
	free(r->arguments);
	free(r);
}

void
request_discard(struct request *r)
{
	request_free(r);
}

struct request *
request_new(struct requests *requests, const struct request_spec *spec)
{
	struct request *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->all = requests;
	r->revision = spec->revision;
	r->wants_output = spec->wants_output;
	r->tool = spec->tool;
	r->last_progress = -1;
	r->id = strndup(spec->id.at, spec->id.len);
	r->token = spec->progress_token.at == NULL ? NULL
	                                           : strndup(spec->progress_token.at, spec->progress_token.len);
	r->arguments = malloc(spec->arguments.len);
	r->next = requests->first;
	requests->first = r;
	if (r->id == NULL || r->arguments == NULL || (spec->progress_token.at != NULL && r->token == NULL)) {
		request_free(r);
		return NULL;
	}
	memcpy(r->arguments, spec->arguments.at, spec->arguments.len);
	r->arguments_len = spec->arguments.len;
	return r;
}

static struct json_span
id_of(const struct request *r)
{
	return (struct json_span){ r->id, strlen(r->id) };
}

/* ---- answers ---- */

static void
finish(struct request *r, const struct json_text *t)
{
	struct front *front = r->all->front;

	r->channel->finish(r->channel->arg, r->slot, t->failed ? "{}" : t->at, t->failed ? 2 : t->len);
	request_free(r);
	requests_settled(front);
}

static void
finish_with(struct request *r, const struct reply *reply)
{
	struct json_text t;

	json_text_init(&t);
	if (reply->error == OK)
		render_tool_result(&t, r->revision, id_of(r), reply->body);
	else
		render_tool_error(&t, r->revision, id_of(r), reply);
	finish(r, &t);
	json_text_fini(&t);
}

static void
on_done(void *arg, const struct reply *reply)
{
	struct request *r = arg;

	r->call = NULL;
	finish_with(r, reply);
}

static void
on_progress(void *arg, const struct body_progress *progress)
{
	struct request *r = arg;
	struct json_text t;

	if (r->token == NULL || progress->done <= r->last_progress)
		return;
	r->last_progress = progress->done;
	json_text_init(&t);
	render_progress(&t, r->token, progress);
	if (!t.failed)
		r->channel->notify(r->channel->arg, t.at, t.len);
	json_text_fini(&t);
}

static void
on_output(void *arg, const struct body_output *output)
{
	struct request *r = arg;
	struct json_text t;

	if (!r->wants_output)
		return;
	json_text_init(&t);
	render_output(&t, r->job_id, output);
	if (!t.failed)
		r->channel->notify(r->channel->arg, t.at, t.len);
	json_text_fini(&t);
}

static void
on_lost(void *arg)
{
	struct request *r = arg;

	r->channel->blame(r->channel->arg, r->slot);
}

static const struct call_events call_events = {
	.done = on_done, .progress = on_progress, .output = on_output, .lost = on_lost,
};

/* ---- beginning ---- */

static void
start_call(struct request *r, const struct tool *tool, struct value arguments)
{
	r->call = call_start(r->all->front, tool, arguments, &call_events, r);
	if (r->call == NULL)
		finish_with(r, &(struct reply){ .error = ERR_NO_MEMORY });
}

static double
wait_of(const struct request *r)
{
	struct value_tree tree;
	double wait_s = 45;

	if (value_parse((struct value){ r->arguments, r->arguments_len }, &tree) != OK)
		return wait_s;
	wait_s = value_get_real(value_root(&tree), "wait_s", wait_s);
	value_tree_fini(&tree);
	return wait_s;
}

static void
watch_job(struct request *r)
{
	struct value_writer w;

	value_writer_init(&w);
	value_map(&w, 2);
	value_put_string(&w, "job_id", r->job_id);
	value_put_real(&w, "wait_s", wait_of(r));
	start_call(r, &watching, value_done(&w));
	value_writer_fini(&w);
}

static void
begin_job(struct request *r, const char *job_id)
{
	struct front *front = r->all->front;
	struct job *job;
	enum err e;

	if (job_id[0] != 0)
		memcpy(r->job_id, job_id, sizeof(r->job_id));
	else
		ulid_make(r->job_id);
	r->channel->set_job(r->channel->arg, r->slot, r->job_id);
	e = jobs_start(front->jobs, r->tool, r->job_id, (struct value){ r->arguments, r->arguments_len }, &job);
	if (e != OK) {
		finish_with(r, &(struct reply){ .error = e });
		return;
	}
	r->owns_job = true;
	watch_job(r);
}

void
request_begin(struct request *r, const struct channel *channel, int slot, const char *job_id)
{
	r->channel = channel;
	r->slot = slot;
	if (r->all->front->read_only && r->tool->writes)
		finish_with(r, &(struct reply){ .error = ERR_READ_ONLY });
	else if (r->tool->job)
		begin_job(r, job_id);
	else
		start_call(r, r->tool, (struct value){ r->arguments, r->arguments_len });
}

/* ---- all of them ---- */

struct request *
requests_find(struct requests *requests, struct json_span id)
{
	for (struct request *r = requests->first; r != NULL; r = r->next)
		if (strlen(r->id) == id.len && memcmp(r->id, id.at, id.len) == 0)
			return r;
	return NULL;
}

void
request_cancel(struct request *r)
{
	struct front *front = r->all->front;
	struct job *job = r->owns_job ? jobs_find(front->jobs, r->job_id) : NULL;

	if (job != NULL)
		job_cancel(job);
	r->channel->finish(r->channel->arg, r->slot, NULL, 0);
	request_free(r);
	requests_settled(front);
}

unsigned
requests_count(const struct requests *requests)
{
	unsigned n = 0;

	for (const struct request *r = requests->first; r != NULL; r = r->next)
		n++;
	return n;
}

bool
requests_congested(const struct front *front)
{
	for (const struct request *r = front->requests->first; r != NULL; r = r->next)
		if (r->wants_output && r->channel != NULL && r->channel->congested(r->channel->arg))
			return true;
	return false;
}

/* ---- leaving ---- */

static void
answer_the_rest(struct requests *requests)
{
	struct reply reply = { .error = ERR_STOPPING,
		.message = text_of("the server stopped before this was done; a run that went on was stopped") };

	while (requests->first != NULL)
		finish_with(requests->first, &reply);
}

static void
tell_left(struct requests *requests)
{
	void (*left)(void *) = requests->left;

	requests->left = NULL;
	if (left != NULL)
		left(requests->left_arg);
}

static void
on_leave(void *arg)
{
	struct requests *requests = arg;

	if (!requests->cancelled) {
		requests->cancelled = true;
		jobs_cancel_all(requests->front->jobs);
		timer_start(requests->leave, LEAVE_ANSWER_MS);
		return;
	}
	answer_the_rest(requests);
	tell_left(requests);
}

void
requests_settled(struct front *front)
{
	struct requests *requests = front->requests;

	if (requests->left != NULL && requests->first == NULL && jobs_idle(front->jobs))
		tell_left(requests);
}

void
requests_leave(struct requests *requests, void (*left)(void *arg), void *arg)
{
	if (requests->left != NULL)
		return;
	requests->left = left;
	requests->left_arg = arg;
	timer_start(requests->leave, LEAVE_FINISH_MS);
	requests_settled(requests->front);
}

struct requests *
requests_new(struct front *front)
{
	struct requests *requests = calloc(1, sizeof(*requests));

	if (requests == NULL)
		return NULL;
	requests->front = front;
	requests->leave = loop_timer(front->loop, on_leave, requests);
	if (requests->leave == NULL) {
		free(requests);
		return NULL;
	}
	return requests;
}

void
requests_free(struct requests **requests)
{
	if (*requests == NULL)
		return;
	while ((*requests)->first != NULL)
		request_free((*requests)->first);
	timer_close(&(*requests)->leave);
	free(*requests);
	*requests = NULL;
}
