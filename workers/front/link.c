#include "workers/front/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/inherit.h"
#include "workers/front/route.h"
#include "workers/runtime/log.h"
#include "workers/runtime/mailbox.h"

#define DEATHS_MAX 2             /* incarnations one message may end */
#define OUT_MAX 72               /* messages that one worker has: one, and attaches */

struct ask {
	struct links *links;
	enum role role;
	int index;
	enum msg_type type;
	uint8_t *body;
	size_t body_len;
	int64_t due_ms;              /* 0: no deadline */
	struct timer *deadline, *finish;
	struct reply early;          /* what `finish` reports */
	const struct ask_events *events;
	void *arg;
	unsigned deaths;
	uint64_t number;             /* on the wire; 0: not sent */
	struct link *link;           /* the worker that has it */
	bool cancelled;
	struct ask *next;            /* in the queue */
};

/* A message that a worker has and has not answered. */
struct out {
	uint64_t number;
	enum msg_type type;
	struct ask *ask;             /* NULL: its asker is gone */
};

struct link {
	struct links *links;
	enum role role;
	unsigned index;
	bool up;
	bool connected;              /* as the loop was told: it does not change while a queue is walked */
	struct control_record peer;  /* the UP record */
	struct mailbox *mailbox;
	struct out out[OUT_MAX];
	unsigned out_count;
};

struct role_state {
	struct ask *first;
	int64_t degraded_until_ms;   /* 0: not degraded */
};

struct links {
	struct loop *loop;
	const struct settings *settings;
	struct spool *spool;
	struct link links[LIMIT_CHILDREN];
	unsigned count;
	struct role_state roles[ROLE_COUNT];
	uint64_t last_number;
};

static void pump(struct links *ls, enum role role);

/* ---- what a worker has ---- */

static struct out *
out_find(struct link *l, uint64_t number)
{
	for (unsigned i = 0; i < l->out_count; i++)
		if (l->out[i].number == number)
			return &l->out[i];
	return NULL;
}

static void
out_remove(struct link *l, struct out *out)
{
	*out = l->out[--l->out_count];
}

/* Its answer will be dropped when it comes. */
static void
out_forget(struct link *l, const struct ask *ask)
{
	for (unsigned i = 0; i < l->out_count; i++)
		if (l->out[i].ask == ask)
			l->out[i].ask = NULL;
}

/* ---- asks ---- */

static void
queue_remove(struct links *ls, struct ask *ask)
{
	for (struct ask **at = &ls->roles[ask->role].first; *at != NULL; at = &(*at)->next)
		if (*at == ask) {
			*at = ask->next;
			return;
		}
}

static void
queue_add(struct links *ls, struct ask *ask, bool first)
{
	struct ask **at = &ls->roles[ask->role].first;

	while (!first && *at != NULL)
		at = &(*at)->next;
	ask->next = *at;
	*at = ask;
}

static void
ask_free(struct ask *ask)
{
	timer_close(&ask->deadline);
	timer_close(&ask->finish);
	free(ask->body);
	free(ask);
}

/* The ask is neither queued nor held by a link any more. */
static void
ask_end(struct ask *ask, const struct reply *reply)
{
	const struct ask_events *events = ask->events;
	void *arg = ask->arg;

	ask_free(ask);
	events->done(arg, reply);
}

static void
end_early(struct ask *ask, enum err e, struct text message)
{
	struct reply reply = { .error = e, .message = message };

	ask_end(ask, &reply);
}

static void
on_deadline(void *arg)
{
	struct ask *ask = arg;
	struct links *ls = ask->links;
	enum role role = ask->role;
	char text[160];

	snprintf(text, sizeof(text), "%s: no answer from the %s within its deadline", msg_info(ask->type)->name,
	    role_name(role));
	log_line(LOG_WARN, "%s", text);
	if (ask->link != NULL)
		out_forget(ask->link, ask);  /* the worker stays busy until it answers or dies */
	else
		queue_remove(ls, ask);
	end_early(ask, ERR_DEADLINE, text_of(text));
}

static void
on_finish(void *arg)
{
	struct ask *ask = arg;
	struct reply early = ask->early;

	queue_remove(ask->links, ask);
	ask_end(ask, &early);
}

static struct ask *
ask_new(struct links *ls, enum msg_type type, struct value body, int64_t deadline_ms)
{
	struct ask *ask = calloc(1, sizeof(*ask));

	if (ask == NULL)
		return NULL;
	ask->links = ls;
	ask->type = type;
	ask->body = malloc(body.len > 0 ? body.len : 1);
	ask->deadline = loop_timer(ls->loop, on_deadline, ask);
	ask->finish = loop_timer(ls->loop, on_finish, ask);
	if (ask->body == NULL || ask->deadline == NULL || ask->finish == NULL) {
		ask_free(ask);
		return NULL;
	}
	memcpy(ask->body, body.at, body.len);
	ask->body_len = body.len;
	if (deadline_ms > 0) {
		ask->due_ms = loop_now_ms() + deadline_ms;
		timer_start(ask->deadline, deadline_ms);
	}
	return ask;
}

struct ask *
links_ask(struct links *ls, enum role role, int index, enum msg_type type, struct value body,
    int64_t deadline_ms, const struct ask_events *events, void *arg)
{
	struct ask *ask = ask_new(ls, type, body, deadline_ms);

	if (ask == NULL)
		return NULL;
	ask->role = role;
	ask->index = index;
	ask->events = events;
	ask->arg = arg;
	queue_add(ls, ask, false);
	if (ls->roles[role].degraded_until_ms > loop_now_ms()) {
		ask->early = (struct reply){ .error = ERR_DEGRADED };
		timer_start(ask->finish, 0);
	} else {
		pump(ls, role);
	}
	return ask;
}

static void
send_notice(struct link *l, uint64_t number, enum msg_type type, const void *body)
{
	struct frame f = { .type = type, .request = number, .incarnation = l->links->settings->incarnation };

	if (l->mailbox != NULL)
		mailbox_send_body(l->mailbox, &f, body);
}

void
ask_cancel(struct ask *ask)
{
	struct body_cancel body = { .end_ = 0 };

	if (ask->cancelled)
		return;
	ask->cancelled = true;
	if (ask->link != NULL) {
		send_notice(ask->link, ask->number, MSG_CANCEL, &body);
		return;
	}
	ask->early = (struct reply){ .error = ERR_CANCELLED };
	timer_start(ask->finish, 0);
}

void
ask_forget(struct ask **forgotten)
{
	struct ask *ask = *forgotten;

	if (ask == NULL)
		return;
	*forgotten = NULL;
	if (ask->link != NULL)
		out_forget(ask->link, ask);
	else
		queue_remove(ask->links, ask);
	ask_free(ask);
}

void
ask_output_taken(struct ask *ask, int64_t bytes)
{
	struct body_output_taken body = { .bytes = bytes };

	if (ask->link != NULL)
		send_notice(ask->link, ask->number, MSG_OUTPUT_TAKEN, &body);
}

unsigned
links_waiting(const struct links *ls, enum role role)
{
	unsigned n = 0;

	for (const struct ask *a = ls->roles[role].first; a != NULL; a = a->next)
		n++;
	for (unsigned i = 0; i < ls->count; i++)
		n += ls->links[i].role == role ? ls->links[i].out_count : 0;
	return n;
}

/* ---- handing asks to workers ---- */

static bool
link_free_for(const struct link *l, const struct ask *ask)
{
	unsigned room = ask->type == MSG_PROFILE_ATTACH ? OUT_MAX : 1;

	return l->mailbox != NULL && l->connected && l->out_count < room && l->role == ask->role &&
	       (ask->index == LINK_ANY || (unsigned)ask->index == l->index);
}

static struct link *
find_free(struct links *ls, const struct ask *ask)
{
	for (unsigned i = 0; i < ls->count; i++)
		if (link_free_for(&ls->links[i], ask))
			return &ls->links[i];
	return NULL;
}

static void
hand_over(struct link *l, struct ask *ask)
{
	int64_t left_ms = ask->due_ms == 0 ? 0 : ask->due_ms - loop_now_ms();
	struct frame f = { .type = ask->type, .request = ++l->links->last_number,
		.incarnation = l->links->settings->incarnation, .deadline_ms = left_ms > 0 ? left_ms : 0,
		.body = { ask->body, ask->body_len } };
	enum err e;

	queue_remove(l->links, ask);
	e = mailbox_send_frame(l->mailbox, &f);
	if (e != OK) {
		queue_add(l->links, ask, false);
		ask->early = (struct reply){ .error = e };
		timer_start(ask->finish, 0);
		return;
	}
	ask->number = f.request;
	ask->link = l;
	l->out[l->out_count++] = (struct out){ f.request, ask->type, ask };
	if (ask->events->sent != NULL)
		ask->events->sent(ask->arg, l->index);
}

static void
pump(struct links *ls, enum role role)
{
	struct ask *ask = ls->roles[role].first;

	while (ask != NULL) {
		struct ask *next = ask->next;
		struct link *l = timer_running(ask->finish) ? NULL : find_free(ls, ask);

		if (l != NULL)
			hand_over(l, ask);
		ask = next;
	}
}

/* ---- answers ---- */

static void
on_event(struct link *l, struct ask *ask, const struct frame *f)
{
	struct body_progress progress;
	struct body_output output;
	struct body_output_taken taken;

	if (f->type == MSG_PROGRESS && body_decode(f->type, f->body, &progress) == OK) {
		if (ask != NULL && ask->events->progress != NULL)
			ask->events->progress(ask->arg, &progress);
	} else if (f->type == MSG_OUTPUT && body_decode(f->type, f->body, &output) == OK) {
		taken = (struct body_output_taken){ .bytes = (int64_t)output.text.len };
		if (ask != NULL && ask->events->output != NULL)
			ask->events->output(ask->arg, &output);
		else
			send_notice(l, f->request, MSG_OUTPUT_TAKEN, &taken);
	}
}

static struct reply
reply_of(const struct ask *ask, const struct frame *f)
{
	struct body_error error;

	if (f->type == msg_info(ask->type)->answer)
		return (struct reply){ .error = OK, .type = f->type, .body = f->body };
	if (f->type == MSG_ERROR && body_decode(f->type, f->body, &error) == OK)
		return (struct reply){ .error = error.code == OK ? ERR_INTERNAL : err_from_number(error.code),
			.message = error.message, .hint = error.hint };
	return (struct reply){ .error = ERR_MALFORMED };
}

/* An answer that nobody waits for: it is acknowledged, and the files it brought are removed. */
static void
drop_answer(struct link *l, const struct frame *f)
{
	route_drop_files(f->type, f->body, l->links->spool);
}

static void
on_answer(struct link *l, struct out *out, const struct frame *f)
{
	const struct body_ack ack = { .end_ = 0 };
	struct ask *ask = out->ask;
	struct reply reply;

	send_notice(l, f->request, MSG_ACK, &ack);
	out_remove(l, out);
	if (ask == NULL) {
		drop_answer(l, f);
		return;
	}
	reply = reply_of(ask, f);
	ask_end(ask, &reply);
}

static void
on_message(void *arg, const uint8_t *bytes, size_t len)
{
	struct link *l = arg;
	struct links *ls = l->links;
	enum role role = l->role;
	struct out *out = NULL;
	struct frame f;

	if (frame_decode(bytes, len, &f) == OK && f.incarnation == l->peer.incarnation)
		out = out_find(l, f.request);
	if (out == NULL) {
		log_line(LOG_WARN, "dropped a message of %zu bytes from %s.%u: not an answer", len, role_name(role),
		    l->index);
		return;
	}
	if (f.type == MSG_PROGRESS || f.type == MSG_OUTPUT) {
		on_event(l, out->ask, &f);
		return;
	}
	on_answer(l, out, &f);
	pump(ls, role);
}

/* ---- workers come and go ---- */

static void
lose_ask(struct link *l, struct ask *ask)
{
	ask->link = NULL;
	ask->number = 0;
	ask->deaths++;
	if (ask->events->lost != NULL)
		ask->events->lost(ask->arg);
	if (ask->cancelled)
		end_early(ask, ERR_CANCELLED, (struct text){ NULL, 0 });
	else if (msg_info(ask->type)->repeat == REPEAT_NEVER)
		end_early(ask, ERR_WORKER_LOST, (struct text){ NULL, 0 });
	else if (ask->deaths >= DEATHS_MAX)
		end_early(ask, ERR_POISONED, (struct text){ NULL, 0 });
	else
		queue_add(l->links, ask, true);
}

static void
drop_link(struct link *l)
{
	mailbox_close(&l->mailbox);
	l->connected = false;
	while (l->out_count > 0) {
		struct ask *ask = l->out[--l->out_count].ask;

		if (ask != NULL)
			lose_ask(l, ask);
	}
}

static void
on_gone(void *arg)
{
	struct link *l = arg;

	log_line(LOG_DEBUG, "%s.%u/%u hung up channel %u", role_name(l->role), l->index, l->peer.incarnation,
	    l->peer.count);
	drop_link(l);                /* the worker offers a new channel, or its DOWN follows */
	pump(l->links, l->role);
}

static void
on_connected(void *arg)
{
	struct link *l = arg;

	log_line(LOG_DEBUG, "%s.%u/%u connected on channel %u", role_name(l->role), l->index, l->peer.incarnation,
	    l->peer.count);
	l->connected = true;
	pump(l->links, l->role);
}

static void
dial(struct link *l)
{
	char path[128];
	enum err e = channel_path(path, sizeof(path), l->links->settings->runtime_dir, l->role, l->index,
	    l->peer.incarnation, l->links->settings->incarnation, l->peer.count);

	if (e == OK)
		e = mailbox_dial(l->links->loop, path, l->peer.pid, on_message, on_gone, l, &l->mailbox);
	if (e == OK)
		mailbox_on_connected(l->mailbox, on_connected);
	else
		log_line(LOG_WARN, "cannot reach %s.%u/%u: %s", role_name(l->role), l->index, l->peer.incarnation,
		    err_info(e)->name);
}

static struct link *
find_link(struct links *ls, enum role role, unsigned index)
{
	for (unsigned i = 0; i < ls->count; i++)
		if (ls->links[i].role == role && ls->links[i].index == index)
			return &ls->links[i];
	return NULL;
}

static void
on_up(struct links *ls, const struct control_record *r)
{
	struct link *l = find_link(ls, r->role, r->index);

	if (l == NULL)
		return;
	drop_link(l);
	l->up = true;
	l->peer = *r;
	ls->roles[r->role].degraded_until_ms = 0;
	dial(l);
	pump(ls, r->role);
}

static void
on_down(struct links *ls, const struct control_record *r)
{
	struct link *l = find_link(ls, r->role, r->index);

	if (l == NULL || r->incarnation != l->peer.incarnation)
		return;
	l->up = false;
	drop_link(l);
	pump(ls, r->role);
}

static bool
role_has_link(const struct links *ls, enum role role)
{
	for (unsigned i = 0; i < ls->count; i++)
		if (ls->links[i].role == role && ls->links[i].up)
			return true;
	return false;
}

static void
on_degraded(struct links *ls, const struct control_record *r)
{
	if (r->role >= ROLE_COUNT || role_has_link(ls, r->role))
		return;
	ls->roles[r->role].degraded_until_ms = loop_now_ms() + r->value_ms;
	for (struct ask *a = ls->roles[r->role].first; a != NULL; a = a->next) {
		a->early = (struct reply){ .error = ERR_DEGRADED };
		timer_start(a->finish, 0);
	}
}

void
links_record(struct links *ls, const struct control_record *r)
{
	switch (r->type) {
	case CONTROL_UP:
		on_up(ls, r);
		break;
	case CONTROL_DOWN:
		on_down(ls, r);
		break;
	case CONTROL_DEGRADED:
		on_degraded(ls, r);
		break;
	default:
		break;
	}
}

static void
add_links(struct links *ls, enum role role, unsigned count)
{
	for (unsigned i = 0; i < count && ls->count < LIMIT_CHILDREN; i++) {
		struct link *l = &ls->links[ls->count++];

		*l = (struct link){ .links = ls, .role = role, .index = i };
	}
}

struct links *
links_new(struct loop *loop, const struct settings *settings, struct spool *spool, unsigned profilers,
    unsigned analyzers)
{
	struct links *ls = calloc(1, sizeof(*ls));

	if (ls == NULL)
		return NULL;
	ls->loop = loop;
	ls->settings = settings;
	ls->spool = spool;
	add_links(ls, ROLE_STORE, 1);
	add_links(ls, ROLE_ANALYZER, analyzers);
	add_links(ls, ROLE_PROFILER, profilers);
	return ls;
}

void
links_free(struct links **links)
{
	struct links *ls = *links;

	if (ls == NULL)
		return;
	*links = NULL;
	for (unsigned i = 0; i < ls->count; i++) {
		mailbox_close(&ls->links[i].mailbox);
		for (unsigned k = 0; k < ls->links[i].out_count; k++)
			if (ls->links[i].out[k].ask != NULL)
				ask_free(ls->links[i].out[k].ask);
	}
	for (int r = 0; r < ROLE_COUNT; r++)
		while (ls->roles[r].first != NULL) {
			struct ask *ask = ls->roles[r].first;

			queue_remove(ls, ask);
			ask_free(ask);
		}
	free(ls);
}
