#include "supervisor/reports.h"

#include <poll.h>
#include <unistd.h>

#include "supervisor/log.h"
#include "supervisor/steps.h"
#include "supervisor/supervisor.h"

#define REPORTS_LAST 1024        /* more than a socket's buffer holds */

static const struct {
	bool known;
	enum child_event event;
} events[CONTROL_TYPES] = {
	[CONTROL_READY] = { true, EVENT_READY },
	[CONTROL_BEAT] = { true, EVENT_BEAT },
	[CONTROL_BUSY] = { true, EVENT_BUSY },
	[CONTROL_DONE] = { true, EVENT_DONE },
	[CONTROL_ASK_TREE] = { true, EVENT_ASK_TREE },
};

static void
misbehaved(struct supervisor *s, struct child *c, const char *how, int64_t now_ms)
{
	struct happening h = { .event = EVENT_MISBEHAVED, .now_ms = now_ms };

	if (c->state != CHILD_KILLED)
		c->killed_for = how;
	step_take(s, c, &h);
}

static void
take_malformed(struct supervisor *s, struct child *c, int64_t now_ms)
{
	c->malformed++;
	if (c->malformed == 1)
		log_line(LOG_WARN, "%s sent a control record that cannot be read", child_name(c));
	if (c->malformed == REPORTS_MALFORMED)
		misbehaved(s, c, "sent control records that cannot be read", now_ms);
}

/* Each message that is worked on brings BUSY and BEAT; of anything else there is little. */
static bool
is_unasked(const struct child *c, const struct control_record *r)
{
	return r->type == CONTROL_READY || (r->type == CONTROL_BEAT && !c->busy);
}

static bool
floods(struct child *c, int64_t now_ms)
{
	if (now_ms - c->unasked_since_ms >= 1000) {
		c->unasked_since_ms = now_ms;
		c->unasked = 0;
	}
	return ++c->unasked == REPORTS_UNASKED;
}

static void
take_record(struct supervisor *s, struct child *c, const struct control_record *r, int64_t now_ms)
{
	struct happening h = { .now_ms = now_ms, .record = r };

	if (!events[r->type].known) {
		take_malformed(s, c, now_ms);
		return;
	}
	if (r->role != c->spec->role || r->index != c->index || r->incarnation != c->incarnation) {
		log_line(LOG_DEBUG, "%s: record of %s.%u/%u dropped", child_name(c),
		    role_name(r->role), r->index, r->incarnation);
		return;
	}
	c->heard_ms = now_ms;
	if (is_unasked(c, r) && floods(c, now_ms)) {
		misbehaved(s, c, "flooded its control channel", now_ms);
		return;
	}
	h.event = events[r->type].event;
	if (r->type == CONTROL_READY && r->peer_incarnation != 0)
		h.event = EVENT_LISTENING;
	step_take(s, c, &h);
}

static void
lost(struct supervisor *s, struct child *c, int64_t now_ms)
{
	struct happening h = { .event = EVENT_LOST, .now_ms = now_ms };

	close(c->control);
	c->control = -1;
	step_take(s, c, &h);
}

/* The number of records that were there. */
static unsigned
read_portion(struct supervisor *s, struct child *c, unsigned max, int64_t now_ms)
{
	struct control_record r;
	unsigned n;
	enum err e;

	for (n = 0; n < max && c->control >= 0; n++) {
		e = control_receive(c->control, &r);
		if (e == ERR_BUSY)
			break;
		if (e == ERR_WORKER_LOST)
			lost(s, c, now_ms);
		else if (e == OK)
			take_record(s, c, &r, now_ms);
		else
			take_malformed(s, c, now_ms);
	}
	return n;
}

void
reports_turn(struct supervisor *s, struct child *c, short revents, int64_t now_ms)
{
	unsigned n =
	    revents & (POLLIN | POLLHUP | POLLERR) ? read_portion(s, c, REPORTS_A_TURN, now_ms) : 0;

	if (c->state == CHILD_KILLED)
		return;
	c->full_turns = n == REPORTS_A_TURN ? c->full_turns + 1 : 0;
	if (c->full_turns == REPORTS_FULL_TURNS)
		misbehaved(s, c, "flooded its control channel", now_ms);
	else if (c->overflowed)
		misbehaved(s, c, "does not read its control channel", now_ms);
}

void
reports_read_last(struct supervisor *s, struct child *c, int64_t now_ms)
{
	read_portion(s, c, REPORTS_LAST, now_ms);
}
