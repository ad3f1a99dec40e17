#include "supervisor/stop.h"

#include "supervisor/log.h"
#include "supervisor/steps.h"
#include "supervisor/supervisor.h"

void
stop_begin(struct supervisor *s, int exit_code, const char *why)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->exit_code = exit_code;
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

void
stop_advance(struct supervisor *s, int64_t now_ms)
{
	if (!s->stopping)
		return;
	for (unsigned i = SPEC_COUNT; i-- > 0;) {
		if (all_down(s, child_specs[i].role))
			continue;
		tell(s, child_specs[i].role, EVENT_STOP, now_ms);
		if (!all_down(s, child_specs[i].role))
			return;
	}
}

void
stop_now(struct supervisor *s, int64_t now_ms)
{
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
