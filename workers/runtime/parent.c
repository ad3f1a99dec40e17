#include "workers/runtime/parent.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "protocol/inherit.h"
#include "workers/runtime/log.h"

#define BEAT_MS 1000
#define FULL_MS 1000
#define RECORDS_PER_TURN 32

struct parent {
	enum role role;
	const struct settings *settings;
	parent_fn *record;
	parent_lost_fn *lost;
	void *arg;
	struct watch *watch;
	struct timer *beat;
};

static void
lose(struct parent *p)
{
	watch_close(&p->watch);
	timer_stop(p->beat);
	p->lost(p->arg);
}

static void
on_record(void *arg, short revents)
{
	struct parent *p = arg;
	struct control_record r;

	(void)revents;
	for (int i = 0; i < RECORDS_PER_TURN && p->watch != NULL; i++) {
		enum err e = control_receive(INHERIT_CONTROL, &r);

		if (e == ERR_BUSY)
			return;
		if (e == ERR_WORKER_LOST) {
			lose(p);
			return;
		}
		if (e == OK)
			p->record(p->arg, &r);
		else
			log_line(LOG_WARN, "a record of the supervisor could not be read");
	}
}

static void
on_beat(void *arg)
{
	struct parent *p = arg;

	parent_say(p, CONTROL_BEAT, 0, 0, "");
	timer_start(p->beat, BEAT_MS);
}

enum err
parent_open(struct loop *loop, enum role role, const struct settings *settings, parent_fn *record,
    parent_lost_fn *lost, void *arg, struct parent **ret_parent)
{
	struct parent *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return ERR_NO_MEMORY;
	*p = (struct parent){ .role = role, .settings = settings, .record = record, .lost = lost, .arg = arg };
	fcntl(INHERIT_CONTROL, F_SETFD, FD_CLOEXEC);
	p->watch = loop_watch(loop, INHERIT_CONTROL, POLLIN, on_record, p);
	p->beat = loop_timer(loop, on_beat, p);
	if (p->watch == NULL || p->beat == NULL) {
		parent_close(&p);
		return ERR_NO_MEMORY;
	}
	timer_start(p->beat, BEAT_MS);
	*ret_parent = p;
	return OK;
}

void
parent_close(struct parent **parent)
{
	if (*parent == NULL)
		return;
	watch_close(&(*parent)->watch);
	timer_close(&(*parent)->beat);
	free(*parent);
	*parent = NULL;
}

static struct control_record
record_of(const struct parent *p, enum control_type type)
{
	return (struct control_record){ .type = type, .role = p->role, .index = p->settings->index,
		.incarnation = p->settings->incarnation, .pid = (int32_t)getpid() };
}

static void
send_record(const struct control_record *r)
{
	while (control_send(INHERIT_CONTROL, r) == ERR_BUSY && r->type != CONTROL_BEAT) {
		struct pollfd fd = { INHERIT_CONTROL, POLLOUT, 0 };

		if (poll(&fd, 1, FULL_MS) == 0)
			return;
	}
}

void
parent_say(struct parent *p, enum control_type type, uint32_t peer_incarnation, int64_t value_ms,
    const char *text)
{
	struct control_record r = record_of(p, type);

	r.peer_incarnation = peer_incarnation;
	r.value_ms = value_ms;
	snprintf(r.text, sizeof(r.text), "%s", text);
	send_record(&r);
}

void
parent_say_listening(struct parent *p, uint32_t front_incarnation, uint32_t channel)
{
	struct control_record r = record_of(p, CONTROL_READY);

	r.peer_incarnation = front_incarnation;
	r.count = channel;
	send_record(&r);
}
