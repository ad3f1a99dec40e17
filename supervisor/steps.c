#include "supervisor/steps.h"

#include <stdio.h>

#include "supervisor/actions.h"
#include "supervisor/child.h"
#include "supervisor/clock.h"
#include "supervisor/links.h"
#include "supervisor/log.h"

static const char *const event_names[CHILD_EVENTS] = {
	[EVENT_START] = "start",
	[EVENT_READY] = "ready",
	[EVENT_LISTENING] = "listening",
	[EVENT_BEAT] = "beat",
	[EVENT_BUSY] = "busy",
	[EVENT_DONE] = "done",
	[EVENT_ASK_TREE] = "ask for the tree",
	[EVENT_LOST] = "closed channel",
	[EVENT_MISBEHAVED] = "misbehaviour",
	[EVENT_EXIT] = "exit",
	[EVENT_TIMEOUT] = "timeout",
	[EVENT_STOP] = "stop",
	[EVENT_KILL] = "kill",
};

static void
enter(struct child *c, enum child_state state, int64_t deadline_ms)
{
	c->state = state;
	c->deadline_ms = deadline_ms;
}

static void
start(struct supervisor *s, struct child *c, const struct happening *h)
{
	child_reset(c);
	if (!action_spawn(s, c, h->now_ms)) {
		action_bury(s, c, -1, h->now_ms);
		return;
	}
	enter(c, CHILD_STARTING, h->now_ms + c->spec->ready_ms);
}

static void
became_ready(struct supervisor *s, struct child *c, const struct happening *h)
{
	(void)s;
	log_line(LOG_INFO, "%s ready after %lld ms", child_name(c),
	    (long long)(h->now_ms - c->started_ms));
	c->was_ready = true;
	c->busy = false;
	enter(c, CHILD_READY, h->now_ms + c->spec->silence_ms);
}

static void
link_front(struct supervisor *s, struct child *c, const struct happening *h)
{
	c->channel = h->record->count;
	links_listening(s, c, h->record->peer_incarnation);
	if (!c->busy)
		c->deadline_ms = h->now_ms + c->spec->silence_ms;
}

static void
hear_beat(struct supervisor *s, struct child *c, const struct happening *h)
{
	(void)s;
	c->busy = false;
	c->deadline_ms = h->now_ms + c->spec->silence_ms;
}

static int64_t
busy_limit_ms(const struct happening *h)
{
	int64_t limit_ms = h->record->value_ms;

	if (limit_ms < 0)
		limit_ms = 0;
	if (limit_ms > BUSY_MAX_MS)
		limit_ms = BUSY_MAX_MS;
	return limit_ms + BUSY_GRACE_MS;
}

static void
note_busy(struct supervisor *s, struct child *c, const struct happening *h)
{
	(void)s;
	c->busy = true;
	snprintf(c->busy_with, sizeof(c->busy_with), "%s", h->record->text);
	c->deadline_ms = h->now_ms + busy_limit_ms(h);
}

/* While it starts, a busy child may only win time, never lose it. */
static void
prolong_start(struct supervisor *s, struct child *c, const struct happening *h)
{
	int64_t until_ms = c->deadline_ms;

	note_busy(s, c, h);
	if (c->deadline_ms < until_ms)
		c->deadline_ms = until_ms;
}

static void
note_busy_only(struct supervisor *s, struct child *c, const struct happening *h)
{
	int64_t until_ms = c->deadline_ms;

	note_busy(s, c, h);
	c->deadline_ms = until_ms;
}

static void
recover(struct child *c)
{
	c->answered = true;
	c->rests = false;
	c->tries = 0;
}

static void
note_answer(struct supervisor *s, struct child *c, const struct happening *h)
{
	(void)s;
	recover(c);
	if (c->deadline_ms < h->now_ms + c->spec->silence_ms)
		c->deadline_ms = h->now_ms + c->spec->silence_ms;
}

static void
note_last_answer(struct supervisor *s, struct child *c, const struct happening *h)
{
	(void)s;
	(void)h;
	recover(c);
}

static void
send_tree(struct supervisor *s, struct child *c, const struct happening *h)
{
	action_send_tree(s, c, h->now_ms);
}

/* A process that closed its channel is about to be reaped, or to be killed. */
static void
expect_exit(struct supervisor *s, struct child *c, const struct happening *h)
{
	(void)s;
	c->busy = false;
	c->killed_for = "closed its control channel and stayed";
	if (c->deadline_ms > h->now_ms + LEAVE_MS)
		c->deadline_ms = h->now_ms + LEAVE_MS;
}

static void
kill_it(struct supervisor *s, struct child *c, const struct happening *h, const char *why)
{
	if (c->killed_for == NULL)
		c->killed_for = why;
	action_kill(s, c);
	enter(c, CHILD_KILLED, h->now_ms + KILL_AGAIN_MS);
}

static void
kill_unready(struct supervisor *s, struct child *c, const struct happening *h)
{
	kill_it(s, c, h, "was not ready in time");
}

static void
kill_silent(struct supervisor *s, struct child *c, const struct happening *h)
{
	kill_it(s, c, h, c->busy ? "was busy past its deadline" : "was silent");
}

static void
kill_lingering(struct supervisor *s, struct child *c, const struct happening *h)
{
	kill_it(s, c, h, "did not stop in time");
}

static void
kill_misbehaved(struct supervisor *s, struct child *c, const struct happening *h)
{
	kill_it(s, c, h, "misused its control channel");
}

static void
kill_now(struct supervisor *s, struct child *c, const struct happening *h)
{
	kill_it(s, c, h, "the server stops at once");
}

static void
kill_again(struct supervisor *s, struct child *c, const struct happening *h)
{
	log_line(LOG_WARN, "%s pid %d outlives SIGKILL", child_name(c), (int)c->pid);
	kill_it(s, c, h, NULL);
}

static void
bury(struct supervisor *s, struct child *c, const struct happening *h)
{
	action_bury(s, c, h->wait_status, h->now_ms);
}

static void
ask_to_stop(struct supervisor *s, struct child *c, const struct happening *h)
{
	action_drain(s, c, h->now_ms);
	c->killed_for = NULL;
	enter(c, CHILD_STOPPING, h->now_ms + c->spec->stop_ms);
}

static void
stay_down(struct supervisor *s, struct child *c, const struct happening *h)
{
	(void)s;
	(void)h;
	enter(c, CHILD_DOWN, CLOCK_NEVER);
}

/* Nothing to do, and nothing to wonder about. */
static void
stay(struct supervisor *s, struct child *c, const struct happening *h)
{
	(void)s;
	(void)c;
	(void)h;
}

static step_fn *const steps[CHILD_STATES][CHILD_EVENTS] = {
	[CHILD_DOWN] = { [EVENT_START] = start, [EVENT_STOP] = stay, [EVENT_KILL] = stay },
	[CHILD_STARTING] = { [EVENT_READY] = became_ready,
	    [EVENT_BEAT] = stay,
	    [EVENT_BUSY] = prolong_start,
	    [EVENT_LOST] = expect_exit,
	    [EVENT_MISBEHAVED] = kill_misbehaved,
	    [EVENT_EXIT] = bury,
	    [EVENT_TIMEOUT] = kill_unready,
	    [EVENT_STOP] = ask_to_stop,
	    [EVENT_KILL] = kill_now },
	[CHILD_READY] = { [EVENT_LISTENING] = link_front,
	    [EVENT_BEAT] = hear_beat,
	    [EVENT_BUSY] = note_busy,
	    [EVENT_DONE] = note_answer,
	    [EVENT_ASK_TREE] = send_tree,
	    [EVENT_LOST] = expect_exit,
	    [EVENT_MISBEHAVED] = kill_misbehaved,
	    [EVENT_EXIT] = bury,
	    [EVENT_TIMEOUT] = kill_silent,
	    [EVENT_STOP] = ask_to_stop,
	    [EVENT_KILL] = kill_now },
	[CHILD_BACKOFF] = { [EVENT_TIMEOUT] = start,
	    [EVENT_STOP] = stay_down,
	    [EVENT_KILL] = stay_down },
	[CHILD_DEGRADED] = { [EVENT_TIMEOUT] = start,
	    [EVENT_STOP] = stay_down,
	    [EVENT_KILL] = stay_down },
	[CHILD_STOPPING] = { [EVENT_READY] = stay,
	    [EVENT_LISTENING] = stay,
	    [EVENT_BEAT] = stay,
	    [EVENT_BUSY] = note_busy_only,
	    [EVENT_DONE] = note_last_answer,
	    [EVENT_ASK_TREE] = send_tree,
	    [EVENT_LOST] = stay,
	    [EVENT_MISBEHAVED] = kill_misbehaved,
	    [EVENT_EXIT] = bury,
	    [EVENT_TIMEOUT] = kill_lingering,
	    [EVENT_STOP] = stay,
	    [EVENT_KILL] = kill_now },
	[CHILD_KILLED] = { [EVENT_READY] = stay,
	    [EVENT_LISTENING] = stay,
	    [EVENT_BEAT] = stay,
	    [EVENT_BUSY] = stay,
	    [EVENT_DONE] = note_last_answer,
	    [EVENT_ASK_TREE] = stay,
	    [EVENT_LOST] = stay,
	    [EVENT_MISBEHAVED] = stay,
	    [EVENT_EXIT] = bury,
	    [EVENT_TIMEOUT] = kill_again,
	    [EVENT_STOP] = stay,
	    [EVENT_KILL] = stay },
};

step_fn *
step_cell(enum child_state state, enum child_event event)
{
	if (state < 0 || state >= CHILD_STATES || event < 0 || event >= CHILD_EVENTS)
		log_panic("no such step: state %d, event %d", (int)state, (int)event);
	return steps[state][event];
}

void
step_take(struct supervisor *s, struct child *c, const struct happening *h)
{
	step_fn *step = step_cell(c->state, h->event);

	if (step != NULL)
		step(s, c, h);
	else
		log_line(LOG_WARN, "%s: %s while %s, ignored", child_name(c), event_name(h->event),
		    child_state_name(c->state));
}

const char *
event_name(enum child_event event)
{
	return event >= 0 && event < CHILD_EVENTS ? event_names[event] : "?";
}
