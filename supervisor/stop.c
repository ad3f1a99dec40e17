#include "supervisor/stop.h"

#include "protocol/exit.h"
#include "supervisor/clock.h"
#include "supervisor/log.h"
#include "supervisor/steps.h"
#include "supervisor/supervisor.h"

static void
limit_end(struct supervisor *s, int64_t now_ms)
{
	int64_t begin_ms = s->hangup_ms < now_ms ? s->hangup_ms : now_ms;
	int64_t by_ms = begin_ms + STOP_MS;

	if (by_ms < now_ms + STOP_LEAST_MS)
		by_ms = now_ms + STOP_LEAST_MS;
	if (by_ms < s->stop_by_ms)
		s->stop_by_ms = by_ms;
}

void
stop_begin(struct supervisor *s, int exit_code, const char *why)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->exit_code = exit_code;
	s->front_may_return = s->options.stdio && supervisor_front(s)->was_ready;
	limit_end(s, clock_now_ms());
	log_line(LOG_INFO, "stopping: %s", why);
	notify_stopping(&s->notify);
}

static bool
all_down(const struct supervisor *s, enum role role)
{
	for (unsigned i = 0; i < s->child_count; i++)
		if (s->children[i].spec->role == role && s->children[i].state != CHILD_DOWN)
			return false;
	return true;
}

static void
tell(struct supervisor *s, enum role role, enum child_event event, int64_t now_ms)
{
	struct happening h = { .event = event, .now_ms = now_ms };

	for (unsigned i = 0; i < s->child_count; i++)
		if (s->children[i].spec->role == role)
			step_take(s, &s->children[i], &h);
}

/* A front that returns takes its requests up before it is asked to leave. */
static bool
front_returns(struct supervisor *s, int64_t now_ms)
{
	struct child *front = supervisor_front(s);
	struct happening h = { .event = EVENT_TIMEOUT, .now_ms = now_ms };

	if (front->state == CHILD_BACKOFF && s->front_may_return) {
		s->front_may_return = false;
		step_take(s, front, &h);
	}
	return front->state == CHILD_STARTING && s->options.stdio && front->was_ready;
}

static void
ask_next(struct supervisor *s, int64_t now_ms)
{
	if (front_returns(s, now_ms))
		return;
	for (unsigned i = SPEC_COUNT; i-- > 0;) {
		if (all_down(s, child_specs[i].role))
			continue;
		tell(s, child_specs[i].role, EVENT_STOP, now_ms);
		if (!all_down(s, child_specs[i].role))
			return;
	}
}

/* It must react now: to the end of its input, or to having been asked to leave. When it does not
 * and is to be killed, the next one has the rest of the time and no more. */
static void
press_front(struct supervisor *s, int64_t now_ms)
{
	struct child *front = supervisor_front(s);
	int64_t until_ms = front->heard_ms + FRONT_SILENCE_MS;

	if (s->stdio.client_left && s->hangup_ms == CLOCK_NEVER)
		s->hangup_ms = now_ms;
	if (!s->options.stdio || (!s->stopping && !s->stdio.client_left))
		return;
	if (front->state != CHILD_READY && front->state != CHILD_STOPPING)
		return;
	if (until_ms < front->deadline_ms)
		front->deadline_ms = until_ms;
	if (front->deadline_ms <= now_ms)
		limit_end(s, now_ms);
}

void
stop_advance(struct supervisor *s, int64_t now_ms)
{
	press_front(s, now_ms);
	if (now_ms >= s->stop_by_ms && !s->killed_all) {
		stop_begin(s, EXIT_CODE_OK, "the client is gone");
		log_line(LOG_WARN, "the time for stopping is over; killing whoever is left");
		stop_now(s, now_ms);
	}
	if (s->stopping)
		ask_next(s, now_ms);
}

void
stop_now(struct supervisor *s, int64_t now_ms)
{
	s->killed_all = true;
	s->front_may_return = false;
	for (unsigned i = SPEC_COUNT; i-- > 0;)
		tell(s, child_specs[i].role, EVENT_KILL, now_ms);
}

bool
stop_is_complete(const struct supervisor *s)
{
	if (!s->stopping)
		return false;
	for (unsigned i = 0; i < s->child_count; i++)
		if (s->children[i].state != CHILD_DOWN)
			return false;
	return true;
}
