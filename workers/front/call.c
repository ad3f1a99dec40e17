#include "workers/front/call.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/frame.h"
#include "workers/front/job.h"
#include "workers/front/route.h"
#include "workers/front/tree.h"
#include "workers/runtime/log.h"

#define LISTED_MS 10             /* until the store has said which jobs are unfinished */

struct call {
	struct front *front;
	const struct tool *tool;
	struct bag bag;
	unsigned step;
	struct ask *ask;
	struct job_watch watch;      /* while it waits for a job */
	struct tree_watch tree;      /* while it waits for the tree */
	struct timer *timer;         /* starts the call; later: how long it waits for a job */
	bool waits;                  /* for a job; else the timer begins the step */
	const struct call_events *events;
	void *arg;
};

typedef void local_fn(struct call *call, const void *body);

static void call_step(struct call *call);

/* ---- the end ---- */

static void
call_free(struct call *call)
{
	route_drop_spooled(call->tool, &call->bag, call->front->spool);
	job_unwatch(&call->watch);
	tree_unwatch(call->front->tree, &call->tree);
	ask_forget(&call->ask);
	timer_close(&call->timer);
	bag_fini(&call->bag);
	free(call);
}

static void
call_end(struct call *call, const struct reply *reply)
{
	call->events->done(call->arg, reply);
	call_free(call);
}

static void
call_fail(struct call *call, enum err e)
{
	call_end(call, &(struct reply){ .error = e });
}

void
call_drop(struct call **call)
{
	if (*call != NULL)
		call_free(*call);
	*call = NULL;
}

/* ---- steps ---- */

static void
step_over(struct call *call)
{
	struct reply reply = { .error = OK };

	if (++call->step < call->tool->step_count) {
		call_step(call);
		return;
	}
	reply.body = bag_get(&call->bag, "result");
	call_end(call, &reply);
}

static void
on_done(void *arg, const struct reply *reply)
{
	struct call *call = arg;
	enum err e;

	call->ask = NULL;
	if (reply->error != OK) {
		call_end(call, reply);
		return;
	}
	e = route_absorb(&call->bag, reply->type, reply->body);
	if (e != OK)
		call_fail(call, e);
	else
		step_over(call);
}

static void
on_lost(void *arg)
{
	struct call *call = arg;

	call->events->lost(call->arg);
}

static const struct ask_events ask_events = { .done = on_done, .lost = on_lost };

/* ---- what the front answers itself ---- */

static void
on_job_ended(void *arg, const struct reply *failure)
{
	struct call *call = arg;

	timer_stop(call->timer);
	call->waits = false;
	if (failure != NULL)
		call_end(call, failure);
	else
		step_over(call);
}

static void
on_job_progress(void *arg, const struct body_progress *progress)
{
	struct call *call = arg;

	call->events->progress(call->arg, progress);
}

static void
on_job_output(void *arg, const struct body_output *output)
{
	struct call *call = arg;

	call->events->output(call->arg, output);
}

static struct job *
named_job(struct call *call, struct text id)
{
	char buf[LIMIT_ULID + 1];

	return text_copy(id, buf, sizeof(buf)) ? jobs_find(call->front->jobs, buf) : NULL;
}

static void
local_job_wait(struct call *call, const void *body)
{
	const struct body_job_wait *wait = body;
	struct job *job = named_job(call, wait->job_id);

	if (job == NULL && !jobs_listed(call->front->jobs)) {
		timer_start(call->timer, LISTED_MS);
		return;
	}
	if (job == NULL) {
		step_over(call);
		return;
	}
	call->waits = true;
	call->watch = (struct job_watch){ .ended = on_job_ended, .progress = on_job_progress,
		.output = on_job_output, .arg = call };
	job_watch(job, &call->watch);
	timer_start(call->timer, (int64_t)(wait->wait_s * 1000));
}

static void
local_job_stop(struct call *call, const void *body)
{
	const struct body_job_stop *stop = body;
	struct job *job = named_job(call, stop->job_id);

	if (job != NULL)
		job_cancel(job);
	step_over(call);
}

static void
on_tree(void *arg, struct value result)
{
	struct call *call = arg;
	enum err e = bag_put(&call->bag, "result", result);

	if (e != OK)
		call_fail(call, e);
	else
		step_over(call);
}

static void
local_tree_read(struct call *call, const void *body)
{
	(void)body;
	call->tree = (struct tree_watch){ .ready = on_tree, .arg = call };
	tree_read(call->front->tree, &call->tree);
}

static const struct {
	enum msg_type type;
	local_fn *run;
} locals[] = {
	{ MSG_JOB_WAIT, local_job_wait },
	{ MSG_JOB_STOP, local_job_stop },
	{ MSG_TREE_READ, local_tree_read },
};

const enum msg_type call_local_messages[] = { MSG_JOB_WAIT, MSG_JOB_STOP, MSG_TREE_READ, MSG_NONE };

static void
run_local(struct call *call, enum msg_type type, struct value encoded)
{
	union {
		struct body_job_wait wait;
		struct body_job_stop stop;
		struct body_tree_read tree;
	} body;

	if (body_decode(type, encoded, &body) != OK) {
		call_fail(call, ERR_INTERNAL);
		return;
	}
	for (size_t i = 0; i < sizeof(locals) / sizeof(locals[0]); i++)
		if (locals[i].type == type) {
			locals[i].run(call, &body);
			return;
		}
	call_fail(call, ERR_INTERNAL);
}

/* ---- the route ---- */

static void
call_step(struct call *call)
{
	const struct step *step = &call->tool->steps[call->step];
	const struct msg_info *info = msg_info(step->type);
	const char *field = "?";
	struct value_writer w;
	enum err e;

	value_writer_init(&w);
	e = route_compose(step, &call->bag, &w, &field);
	if (e != OK) {
		log_line(LOG_ERROR, "%s: %s.%s: %s", call->tool->name, info->name, field, err_info(e)->name);
		call_fail(call, e);
	} else if (info->owner == ROLE_FRONT) {
		run_local(call, step->type, value_done(&w));
	} else {
		call->ask = links_ask(call->front->links, info->owner, LINK_ANY, step->type, value_done(&w),
		    info->deadline_ms, &ask_events, call);
		if (call->ask == NULL)
			call_fail(call, ERR_NO_MEMORY);
	}
	value_writer_fini(&w);
}

static void
on_timer(void *arg)
{
	struct call *call = arg;

	if (!call->waits) {
		call_step(call);
		return;
	}
	call->waits = false;
	job_unwatch(&call->watch);
	step_over(call);
}

struct call *
call_start(struct front *front, const struct tool *tool, struct value arguments,
    const struct call_events *events, void *arg)
{
	struct call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		return NULL;
	call->front = front;
	call->tool = tool;
	call->events = events;
	call->arg = arg;
	call->timer = loop_timer(front->loop, on_timer, call);
	if (call->timer == NULL || route_take_arguments(&call->bag, arguments) != OK) {
		call_free(call);
		return NULL;
	}
	timer_start(call->timer, 0);
	return call;
}
