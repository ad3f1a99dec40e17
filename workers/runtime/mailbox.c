#include "workers/runtime/mailbox.h"

#include <limits.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "protocol/limits.h"

#define QUEUE_BYTES_MAX (64u << 20)
#define NNG_QUEUE 64
#define TURN_MESSAGES 64         /* of one mailbox; then the loop has its turn */
#define SETTLE_MS 50             /* much longer than reading one message takes */
#define NEVER_RECONNECT_MS 86400000

struct queued {
	nng_msg *msg;
	struct queued *next;
};

struct mailbox {
	nng_socket socket;
	pid_t peer;
	mailbox_fn *receive;
	mailbox_gone_fn *gone;
	void *arg;
	mailbox_gone_fn *on_connected;
	atomic_bool connected, removed;  /* set on nng's thread, which then writes to the eventfd */
	int event_fd;
	struct watch *receive_watch, *send_watch, *event_watch;
	struct queued *first, **last;    /* what nng could not take yet */
	size_t queued_bytes;
	bool receiving, closed;          /* closed by its own callback: freed when that returns */
};

/* nng's threads inherit the signal mask of the first call, so it is made with everything blocked. */
static void
start_nng(void)
{
	static bool started;
	sigset_t all, before;
	nng_socket s;

	if (started)
		return;
	started = true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (nng_pair0_open(&s) == 0)
		nng_close(s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* On nng's thread, before the pipe carries anything: nobody but the expected process gets in. */
static void
check_peer(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	const struct mailbox *m = arg;
	uint64_t pid = 0;

	(void)event;
	if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &pid) != 0 || (pid_t)pid != m->peer)
		nng_pipe_close(pipe);
}

static void
wake(const struct mailbox *m)
{
	const uint64_t one = 1;

	if (write(m->event_fd, &one, sizeof(one)) < 0)
		return;                  /* the counter is at its limit: it is readable anyway */
}

static void
pipe_added(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct mailbox *m = arg;

	(void)pipe, (void)event;
	atomic_store(&m->connected, true);
	wake(m);
}

static void
pipe_removed(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct mailbox *m = arg;
	uint64_t pid = 0;

	(void)event;
	if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &pid) == 0 && (pid_t)pid != m->peer)
		return;                  /* an intruder's, refused above */
	atomic_store(&m->removed, true);
	wake(m);
}

static void mailbox_free(struct mailbox *m);

/* At most `max` messages. False when a callback closed the mailbox, which is gone then. */
static bool
drain(struct mailbox *m, unsigned max)
{
	nng_msg *msg;

	m->receiving = true;
	while (!m->closed && max-- > 0 && nng_recvmsg(m->socket, &msg, NNG_FLAG_NONBLOCK) == 0) {
		m->receive(m->arg, nng_msg_body(msg), nng_msg_len(msg));
		nng_msg_free(msg);
	}
	m->receiving = false;
	if (!m->closed)
		return true;
	mailbox_free(m);
	return false;
}

static void
on_receive(void *arg, short revents)
{
	(void)revents;
	drain(arg, TURN_MESSAGES);
}

static void
on_event(void *arg, short revents)
{
	struct mailbox *m = arg;
	uint64_t count;

	(void)revents;
	if (read(m->event_fd, &count, sizeof(count)) < 0)
		return;
	if (!atomic_load(&m->removed)) {
		if (m->on_connected != NULL)
			m->on_connected(m->arg);
		return;
	}
	if (!drain(m, UINT_MAX))
		return;
	watch_close(&m->event_watch);
	m->gone(m->arg);
}

static void
on_send(void *arg, short revents)
{
	struct mailbox *m = arg;

	(void)revents;
	while (m->first != NULL) {
		struct queued *q = m->first;
		size_t len = nng_msg_len(q->msg);

		if (nng_sendmsg(m->socket, q->msg, NNG_FLAG_NONBLOCK) != 0)
			return;
		m->queued_bytes -= len;
		m->first = q->next;
		if (m->first == NULL)
			m->last = &m->first;
		free(q);
	}
	watch_events(m->send_watch, 0);
}

static enum err
add_watches(struct mailbox *m, struct loop *loop)
{
	int receive_fd, send_fd;

	if (nng_socket_get_int(m->socket, NNG_OPT_RECVFD, &receive_fd) != 0 ||
	    nng_socket_get_int(m->socket, NNG_OPT_SENDFD, &send_fd) != 0)
		return ERR_SYSTEM;
	m->receive_watch = loop_watch(loop, receive_fd, POLLIN, on_receive, m);
	m->send_watch = loop_watch(loop, send_fd, 0, on_send, m);
	m->event_watch = loop_watch(loop, m->event_fd, POLLIN, on_event, m);
	if (m->receive_watch == NULL || m->send_watch == NULL || m->event_watch == NULL)
		return ERR_NO_MEMORY;
	return OK;
}

static enum err
open_socket(struct mailbox *m, struct loop *loop)
{
	start_nng();
	m->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->event_fd < 0)
		return ERR_SYSTEM;
	if (nng_pair0_open(&m->socket) != 0)
		return ERR_SYSTEM;
	nng_socket_set_size(m->socket, NNG_OPT_RECVMAXSZ, LIMIT_FRAME);
	nng_socket_set_int(m->socket, NNG_OPT_SENDBUF, NNG_QUEUE);
	nng_socket_set_int(m->socket, NNG_OPT_RECVBUF, NNG_QUEUE);
	nng_socket_set_ms(m->socket, NNG_OPT_RECONNMINT, NEVER_RECONNECT_MS);
	nng_socket_set_ms(m->socket, NNG_OPT_RECONNMAXT, NEVER_RECONNECT_MS);
	nng_pipe_notify(m->socket, NNG_PIPE_EV_ADD_PRE, check_peer, m);
	nng_pipe_notify(m->socket, NNG_PIPE_EV_ADD_POST, pipe_added, m);
	nng_pipe_notify(m->socket, NNG_PIPE_EV_REM_POST, pipe_removed, m);
	return add_watches(m, loop);
}

static enum err
start_listener(struct mailbox *m, const char *url)
{
	nng_listener listener;

	if (nng_listener_create(&listener, m->socket, url) != 0)
		return ERR_SYSTEM;
	if (nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, 0600) != 0)
		return ERR_SYSTEM;
	return nng_listener_start(listener, 0) == 0 ? OK : ERR_SYSTEM;
}

static enum err
start_dialer(struct mailbox *m, const char *url)
{
	/* In the background: a stopped listener must not hold us up. */
	return nng_dial(m->socket, url, NULL, NNG_FLAG_NONBLOCK) == 0 ? OK : ERR_WORKER_LOST;
}

static enum err
open_mailbox(struct loop *loop, const char *path, pid_t peer, mailbox_fn *receive, mailbox_gone_fn *gone,
    void *arg, enum err (*start)(struct mailbox *, const char *), struct mailbox **ret_mailbox)
{
	char url[256];
	struct mailbox *m = calloc(1, sizeof(*m));
	enum err e;

	if (m == NULL)
		return ERR_NO_MEMORY;
	m->peer = peer;
	m->receive = receive;
	m->gone = gone;
	m->arg = arg;
	m->last = &m->first;
	m->event_fd = -1;
	snprintf(url, sizeof(url), "ipc://%s", path);
	e = open_socket(m, loop);
	if (e == OK)
		e = start(m, url);
	if (e != OK) {
		mailbox_close(&m);
		return e;
	}
	*ret_mailbox = m;
	return OK;
}

enum err
mailbox_listen(struct loop *loop, const char *path, pid_t peer, mailbox_fn *receive, mailbox_gone_fn *gone,
    void *arg, struct mailbox **ret_mailbox)
{
	return open_mailbox(loop, path, peer, receive, gone, arg, start_listener, ret_mailbox);
}

enum err
mailbox_dial(struct loop *loop, const char *path, pid_t peer, mailbox_fn *receive, mailbox_gone_fn *gone,
    void *arg, struct mailbox **ret_mailbox)
{
	return open_mailbox(loop, path, peer, receive, gone, arg, start_dialer, ret_mailbox);
}

static enum err
enqueue(struct mailbox *m, nng_msg *msg)
{
	struct queued *q;

	if (m->queued_bytes + nng_msg_len(msg) > QUEUE_BYTES_MAX || (q = malloc(sizeof(*q))) == NULL) {
		nng_msg_free(msg);
		return ERR_NO_MEMORY;
	}
	*q = (struct queued){ msg, NULL };
	m->queued_bytes += nng_msg_len(msg);
	*m->last = q;
	m->last = &q->next;
	watch_events(m->send_watch, POLLIN);     /* nng's descriptor is readable when it can take one */
	return OK;
}

enum err
mailbox_send(struct mailbox *m, const void *bytes, size_t len)
{
	nng_msg *msg;

	if (nng_msg_alloc(&msg, len) != 0)
		return ERR_NO_MEMORY;
	memcpy(nng_msg_body(msg), bytes, len);
	if (m->first == NULL && nng_sendmsg(m->socket, msg, NNG_FLAG_NONBLOCK) == 0)
		return OK;
	return enqueue(m, msg);
}

enum err
mailbox_send_frame(struct mailbox *m, const struct frame *f)
{
	struct value_writer w;
	struct value whole;
	enum err e;

	value_writer_init(&w);
	e = frame_encode(f, &w);
	whole = value_done(&w);
	if (e == OK)
		e = mailbox_send(m, whole.at, whole.len);
	value_writer_fini(&w);
	return e;
}

enum err
mailbox_send_body(struct mailbox *m, const struct frame *f, const void *body)
{
	struct frame whole = *f;
	struct value_writer w;
	enum err e;

	value_writer_init(&w);
	e = body_encode(f->type, body, &w);
	whole.body = value_done(&w);
	if (e == OK)
		e = mailbox_send_frame(m, &whole);
	value_writer_fini(&w);
	return e;
}

bool
mailbox_connected(const struct mailbox *m)
{
	/* who is turned away may be told that it is removed before that it was added */
	return atomic_load(&m->connected) && !atomic_load(&m->removed);
}

void
mailbox_on_connected(struct mailbox *m, mailbox_gone_fn *connected)
{
	m->on_connected = connected;
}

static void
free_queue(struct mailbox *m)
{
	while (m->first != NULL) {
		struct queued *q = m->first;

		m->first = q->next;
		nng_msg_free(q->msg);
		free(q);
	}
}

/*
 * Ends with nng's last call to our callbacks, which use m. nng 1.5.2 waits for ever when it closes a pipe
 * that is just reading a message: the read's callback finds its operation stopped and forgets who waits for
 * it. Without room for messages a pipe reads to the end of the one it is at and no further.
 */
static void *
close_socket(void *arg)
{
	struct mailbox *m = arg;

	nng_socket_set_int(m->socket, NNG_OPT_RECVBUF, 0);
	poll(NULL, 0, SETTLE_MS);
	nng_close(m->socket);
	free_queue(m);
	if (m->event_fd >= 0)
		close(m->event_fd);
	free(m);
	return NULL;
}

/* nng 1.5.2's nng_close now and then waits for ever (nanomsg/nng#1543), so nobody waits for it. */
static void
mailbox_free(struct mailbox *m)
{
	pthread_attr_t attributes;
	pthread_t thread;
	bool started;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	started = pthread_create(&thread, &attributes, close_socket, m) == 0;
	pthread_attr_destroy(&attributes);
	if (!started)
		close_socket(m);
}

void
mailbox_close(struct mailbox **mailbox)
{
	struct mailbox *m = *mailbox;

	if (m == NULL)
		return;
	*mailbox = NULL;
	watch_close(&m->receive_watch);
	watch_close(&m->send_watch);
	watch_close(&m->event_watch);
	m->closed = true;
	if (!m->receiving)
		mailbox_free(m);
}
