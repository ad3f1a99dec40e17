#include "workers/runtime/worker.h"

#include <signal.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "protocol/exit.h"
#include "protocol/inherit.h"
#include "workers/runtime/log.h"
#include "workers/runtime/mailbox.h"
#include "workers/runtime/parent.h"

#define HANDLER_MS 10000         /* for a handler of a message without a deadline of its own */
#define GRACE_MS 1000
#define DIAL_MS 1000             /* a front that lives dials within it */
#define BODY_STRUCT_MAX 2048
#define ERROR_TEXT_MAX 2048      /* as FIELDS_ERROR says */

/* A request that was not acknowledged yet, answered or not. */
struct pending {
	struct request request;
	uint64_t wire;               /* the front's number */
	bool answered;
	struct pending *next;
};

struct worker {
	const struct worker_spec *spec;
	struct settings settings;
	struct loop *loop;
	struct parent *parent;
	struct spool *spool;
	struct mailbox *mailbox;
	struct timer *dial;          /* runs while nobody has dialled */
	uint32_t front_incarnation;  /* 0: no front */
	uint32_t channel;            /* how often this front was offered a new one */
	pid_t front_pid;
	struct pending *pending;
	uint64_t last_number;
	bool draining, proved;       /* proved: said CONTROL_DONE */
	int status;
};

void *
worker_state(struct worker *w)
{
	return w->spec->state;
}

const struct settings *
worker_settings(const struct worker *w)
{
	return &w->settings;
}

struct loop *
worker_loop(struct worker *w)
{
	return w->loop;
}

struct spool *
worker_spool(struct worker *w)
{
	return w->spool;
}

/* ---- pending requests ---- */

static struct pending *
by_number(struct worker *w, uint64_t number)
{
	for (struct pending *p = w->pending; p != NULL; p = p->next)
		if (p->request.number == number)
			return p;
	return NULL;
}

static struct pending *
by_wire(struct worker *w, uint64_t wire)
{
	for (struct pending *p = w->pending; p != NULL; p = p->next)
		if (p->wire == wire)
			return p;
	return NULL;
}

static void
leave_when_drained(struct worker *w)
{
	if (w->draining && w->pending == NULL)
		loop_stop(w->loop);
}

static void
forget(struct worker *w, struct pending *p)
{
	for (struct pending **at = &w->pending; *at != NULL; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			break;
		}
	free(p);
	leave_when_drained(w);
}

static void
forget_all(struct worker *w)
{
	while (w->pending != NULL)
		forget(w, w->pending);
}

/* ---- sending ---- */

static void on_front_gone(void *arg);

static enum err
send_to_front(struct worker *w, uint64_t wire, enum msg_type type, const void *body)
{
	struct frame f = { .type = type, .request = wire, .incarnation = w->settings.incarnation };

	return w->mailbox == NULL ? ERR_WORKER_LOST : mailbox_send_body(w->mailbox, &f, body);
}

void
worker_answer(struct worker *w, uint64_t number, enum msg_type type, const void *body)
{
	struct pending *p = by_number(w, number);
	enum err e;

	if (p == NULL || p->answered)
		return;
	e = send_to_front(w, p->wire, type, body);
	if (e == ERR_WORKER_LOST)
		return;                  /* the front is gone: so is the request, in a moment */
	if (e != OK) {
		const struct body_error bare = { .code = type == MSG_ERROR ? ((const struct body_error *)body)->code : e };

		log_line(LOG_ERROR, "answer %s could not be sent: %s", msg_info(type)->name, err_info(e)->name);
		if (send_to_front(w, p->wire, MSG_ERROR, &bare) != OK) {
			on_front_gone(w);    /* the front takes its request for lost, which it is */
			return;
		}
	}
	p->answered = true;
	if (!w->proved)
		parent_say(w->parent, CONTROL_DONE, 0, 0, "");
	w->proved = true;
}

/* As much of a text as the table allows, no character cut in two. */
static struct text
cut_text(const char *s)
{
	struct text t = text_of(s);

	if (t.at == NULL || t.len <= ERROR_TEXT_MAX)
		return t;
	t.len = ERROR_TEXT_MAX;
	while (t.len > 0 && ((unsigned char)t.at[t.len] & 0xc0) == 0x80)
		t.len--;
	return t;
}

void
worker_fail(struct worker *w, uint64_t number, enum err failure, const char *message, const char *hint)
{
	struct body_error body = { .code = failure, .message = cut_text(message), .hint = cut_text(hint) };

	worker_answer(w, number, MSG_ERROR, &body);
}

enum err
worker_refuse(struct worker *w, uint64_t number, enum err e, const char *hint, const char *format, ...)
{
	char message[ERROR_TEXT_MAX + 2];    /* one more than allowed, so that it is cut as all are */
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	worker_fail(w, number, e, message, hint);
	return OK;
}

void
worker_progress(struct worker *w, uint64_t number, double done, double total, const char *message)
{
	struct body_progress body = { .done = done, .total = total, .message = text_of(message) };
	struct pending *p = by_number(w, number);

	if (p != NULL && !p->answered)
		send_to_front(w, p->wire, MSG_PROGRESS, &body);
}

void
worker_output(struct worker *w, uint64_t number, int stream, const char *text, size_t len)
{
	struct body_output body = { .stream = stream, .text = { text, len } };
	struct pending *p = by_number(w, number);

	if (p != NULL && !p->answered)
		send_to_front(w, p->wire, MSG_OUTPUT, &body);
}

/* ---- dispatch ---- */

static const struct handler *
find_handler(const struct worker *w, enum msg_type type)
{
	for (const struct handler *h = w->spec->handlers; h->type != MSG_NONE; h++)
		if (h->type == type)
			return h;
	return NULL;
}

static struct pending *
remember(struct worker *w, const struct frame *f)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (p == NULL)
		log_panic("out of memory for a request");
	p->request = (struct request){ ++w->last_number, f->type, f->deadline_ms };
	p->wire = f->request;
	p->next = w->pending;
	w->pending = p;
	return p;
}

static void
handle_request(struct worker *w, const struct handler *h, const struct frame *f)
{
	alignas(max_align_t) char body[BODY_STRUCT_MAX];
	const struct msg_info *info = msg_info(f->type);
	struct request request = remember(w, f)->request;
	enum err e = body_decode(f->type, f->body, body);

	if (e != OK) {
		log_line(LOG_WARN, "%s of the front could not be decoded", info->name);
		worker_fail(w, request.number, e, NULL, NULL);
		return;
	}
	parent_say(w->parent, CONTROL_BUSY, 0, (info->deadline_ms > 0 ? info->deadline_ms : HANDLER_MS) + GRACE_MS,
	    info->name);
	e = h->run(w, &request, body);
	if (e != OK)
		worker_fail(w, request.number, e, NULL, NULL);
	parent_say(w->parent, CONTROL_BEAT, 0, 0, "");
}

static void
handle_ack(struct worker *w, struct pending *p)
{
	if (p->answered)
		forget(w, p);
}

static void
handle_notice(struct worker *w, const struct frame *f)
{
	struct pending *p = by_wire(w, f->request);
	struct body_output_taken taken;

	if (p == NULL)
		return;
	if (f->type == MSG_ACK)
		handle_ack(w, p);
	else if (f->type == MSG_CANCEL && !p->answered && w->spec->cancel != NULL)
		w->spec->cancel(w, p->request.number);
	else if (f->type == MSG_OUTPUT_TAKEN && w->spec->output_taken != NULL &&
	    body_decode(f->type, f->body, &taken) == OK)
		w->spec->output_taken(w, p->request.number, taken.bytes);
}

static void
on_message(void *arg, const uint8_t *bytes, size_t len)
{
	struct worker *w = arg;
	const struct handler *h;
	struct frame f;

	if (frame_decode(bytes, len, &f) != OK || f.incarnation != w->front_incarnation) {
		log_line(LOG_WARN, "dropped a message of %zu bytes that is not of this front's", len);
		return;
	}
	if (msg_info(f.type)->owner == ROLE_WORKER) {
		handle_notice(w, &f);
		return;
	}
	h = find_handler(w, f.type);
	if (h == NULL || by_wire(w, f.request) != NULL) {
		log_line(LOG_WARN, "dropped %s %llu: not mine, or a number twice", msg_info(f.type)->name,
		    (unsigned long long)f.request);
		return;
	}
	handle_request(w, h, &f);
}

/* ---- the front comes and goes ---- */

static void
lose_front(struct worker *w)
{
	timer_stop(w->dial);
	if (w->mailbox == NULL)
		return;
	mailbox_close(&w->mailbox);
	if (w->spec->front_lost != NULL)
		w->spec->front_lost(w);
	forget_all(w);
}

static void
listen_for_front(struct worker *w)
{
	char path[128];
	enum err e = channel_path(path, sizeof(path), w->settings.runtime_dir, w->spec->role, w->settings.index,
	    w->settings.incarnation, w->front_incarnation, w->channel);

	if (e == OK)
		e = mailbox_listen(w->loop, path, w->front_pid, on_message, on_front_gone, w, &w->mailbox);
	if (e != OK) {
		log_line(LOG_ERROR, "cannot listen at %s: %s", path, err_info(e)->name);
		w->status = EXIT_CODE_INTERNAL;
		loop_stop(w->loop);
		return;
	}
	timer_start(w->dial, DIAL_MS);
	parent_say_listening(w->parent, w->front_incarnation, w->channel);
}

/* The front closed this channel or died. If it lives it is offered a new one; if not, its DOWN follows. */
static void
on_front_gone(void *arg)
{
	struct worker *w = arg;

	log_line(LOG_DEBUG, "front %u left channel %u or never came", w->front_incarnation, w->channel);
	lose_front(w);
	w->channel++;
	if (!w->draining)
		listen_for_front(w);
}

/* Listeners of nng 1.5.2 may break before a peer is in, so one that nobody came to is thrown away. */
static void
on_dial_check(void *arg)
{
	struct worker *w = arg;

	if (w->mailbox != NULL && !mailbox_connected(w->mailbox))
		on_front_gone(w);
}

static void
begin_drain(struct worker *w)
{
	w->draining = true;
	if (w->spec->drain != NULL)
		w->spec->drain(w);
	leave_when_drained(w);
}

static void
on_record(void *arg, const struct control_record *r)
{
	struct worker *w = arg;

	if (r->type == CONTROL_UP && r->role == ROLE_FRONT && !w->draining) {
		lose_front(w);
		w->front_incarnation = r->incarnation;
		w->front_pid = r->pid;
		w->channel = 0;
		listen_for_front(w);
	} else if (r->type == CONTROL_DOWN && r->role == ROLE_FRONT && r->incarnation == w->front_incarnation) {
		lose_front(w);
	} else if (r->type == CONTROL_DRAIN) {
		begin_drain(w);
	}
}

static void
on_parent_lost(void *arg)
{
	struct worker *w = arg;

	w->status = EXIT_CODE_PARENT_LOST;
	loop_stop(w->loop);
}

/* ---- main ---- */

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct worker *w = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = &w->settings;
	if (w->spec->options != NULL)
		state->child_inputs[1] = w->spec->state;
	return 0;
}

static void
parse_options(struct worker *w, int argc, char **argv)
{
	const struct argp_child children[] = { { &settings_argp, 0, NULL, 0 }, { w->spec->options, 0, NULL, 0 }, { 0 } };
	const struct argp argp = { .parser = parse, .children = children,
		.doc = "A process of scalene-mcp, started by it and of no use alone." };

	argp_err_exit_status = EXIT_CODE_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, w);
}

static int
exit_for(enum err e)
{
	switch (e) {
	case ERR_STORAGE:
	case ERR_STORAGE_FULL:
	case ERR_STORAGE_READ_ONLY:
	case ERR_CORRUPT:
		return EXIT_CODE_STORAGE;
	default:
		return EXIT_CODE_INTERNAL;
	}
}

static enum err
open_worker(struct worker *w)
{
	enum err e = ERR_NO_MEMORY;

	w->loop = loop_new();
	if (w->loop != NULL)
		w->dial = loop_timer(w->loop, on_dial_check, w);
	if (w->dial != NULL)
		e = spool_open(w->settings.state_dir, w->settings.instance, &w->spool);
	if (e == OK)
		e = parent_open(w->loop, w->spec->role, &w->settings, on_record, on_parent_lost, w, &w->parent);
	if (e == OK && w->spec->open != NULL)
		e = w->spec->open(w);
	return e;
}

static void
check_tables(void)
{
	for (int t = 0; t < MSG_TYPE_END; t++) {
		const struct msg_info *info = msg_info((enum msg_type)t);

		if (info != NULL && info->body_size > BODY_STRUCT_MAX)
			log_panic("body of %s is larger than BODY_STRUCT_MAX", info->name);
	}
}

int
worker_main(const struct worker_spec *spec, int argc, char **argv)
{
	struct worker w = { .spec = spec };
	enum err e;

	signal(SIGPIPE, SIG_IGN);
	parse_options(&w, argc, argv);
	log_identify(spec->role, w.settings.index, w.settings.incarnation);
	check_tables();
	e = open_worker(&w);
	if (e == OK) {
		parent_say(w.parent, CONTROL_READY, 0, 0, "");
		e = loop_run(w.loop);
	}
	if (e != OK) {
		log_line(LOG_ERROR, "%s: cannot go on: %s", spec->name, err_info(e)->text);
		w.status = exit_for(e);
	}
	if (spec->close != NULL)
		spec->close(&w);
	mailbox_close(&w.mailbox);
	while (w.pending != NULL)
		forget(&w, w.pending);
	timer_close(&w.dial);
	parent_close(&w.parent);
	spool_close(&w.spool);
	loop_free(w.loop);
	return w.status;
}
