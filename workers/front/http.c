#include "workers/front/http.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/inherit.h"
#include "workers/front/http_exchange.h"
#include "workers/front/requests.h"
#include "workers/runtime/log.h"

#define CONNECTIONS_MAX 256u     /* more wait in the backlog */
#define CONNECTION_MEMORY ((size_t)32 << 10) /* head and buffers; a larger head is answered 431 */
#define IDLE_S 30u
#define PATIENCE_MS 60000        /* for a whole head and body, and for reading an answer: a byte now and then resets
                                    libmicrohttpd's own timeout */
#define DELIVER_MS 1000          /* when leaving, for clients that do not read */

/* One connection. */
struct peer {
	struct http *http;
	int fd;
	struct timer *patience;
	struct exchange *exchange;   /* NULL between two requests */
	struct peer *next;
};

struct http {
	struct MHD_Daemon *daemon;
	struct loop *loop;
	struct watch *events;
	struct timer *turn, *deliver;
	struct exchanges exchanges;
	struct peer *peers;
	bool refusing;
	void (*ended)(void *arg);
	void *arg;
};

/* ---- the end ---- */

static void
end(struct http *h)
{
	void (*ended)(void *) = h->ended;

	h->ended = NULL;
	timer_stop(h->deliver);
	if (ended != NULL)
		ended(h->arg);
}

static void
on_deliver(void *arg)
{
	struct http *h = arg;

	if (requests_count(h->exchanges.front->requests) > 0) {
		timer_start(h->deliver, DELIVER_MS);
		return;
	}
	log_line(LOG_WARN, "%u HTTP clients did not read their answers", h->exchanges.count);
	end(h);
}

/* ---- turning ---- */

static void
turn(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	timer_stop(h->turn);
	MHD_run(h->daemon);
	if (MHD_get_timeout(h->daemon, &ms) == MHD_YES && !timer_running(h->turn))
		timer_start(h->turn, ms > 60000 ? 60000 : (int64_t)ms);
	if (h->exchanges.count == 0)
		end(h);
}

static void
on_events(void *arg, short revents)
{
	(void)revents;
	turn(arg);
}

static void
on_turn(void *arg)
{
	turn(arg);
}

static void
turn_soon(void *arg)
{
	struct http *h = arg;

	timer_start(h->turn, 0);
}

/* ---- connections ---- */

static void
on_patience(void *arg)
{
	struct peer *p = arg;

	log_line(LOG_INFO, "an HTTP client took longer than %d s", PATIENCE_MS / 1000);
	shutdown(p->fd, SHUT_RDWR);
}

static void
peer_begin(struct http *h, struct MHD_Connection *connection, void **ret_context)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return;
	p->http = h;
	p->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	p->patience = loop_timer(h->loop, on_patience, p);
	if (p->patience == NULL) {
		free(p);
		return;
	}
	timer_start(p->patience, PATIENCE_MS);
	p->next = h->peers;
	h->peers = p;
	*ret_context = p;
}

static void
peer_end(struct http *h, struct peer *p)
{
	for (struct peer **at = &h->peers; *at != NULL; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			break;
		}
	timer_close(&p->patience);
	exchange_free(&p->exchange);
	free(p);
}

/* At its limit MHD takes the listening socket out of its epoll set, and puts it back only when it is run again after a
 * connection ended. */
static void
on_connection(void *arg, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
	struct http *h = arg;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		peer_begin(h, connection, context);
		return;
	}
	if (*context != NULL)
		peer_end(h, *context);
	turn_soon(h);
}

static struct peer *
peer_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* ---- requests ---- */

static enum MHD_Result
begin_exchange(struct peer *p, struct MHD_Connection *connection, const char *method, const char *path)
{
	p->exchange = exchange_new(&p->http->exchanges, connection, method, path);
	return p->exchange == NULL ? MHD_NO : exchange_head(p->exchange);
}

static enum MHD_Result
end_exchange(struct peer *p)
{
	enum MHD_Result result = exchange_end(p->exchange);

	if (exchange_waits(p->exchange))
		timer_stop(p->patience);
	else
		timer_start(p->patience, PATIENCE_MS);
	return result;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
    const char *data, size_t *size, void **context)
{
	struct peer *p = peer_of(connection);

	(void)arg, (void)version, (void)context;
	if (p == NULL)
		return MHD_NO;
	if (p->exchange == NULL)
		return begin_exchange(p, connection, method, path);
	if (*size > 0)
		return exchange_body(p->exchange, data, size);
	return end_exchange(p);
}

static void
on_completed(void *arg, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
	struct http *h = arg;
	struct peer *p = peer_of(connection);

	(void)context, (void)code;
	if (p == NULL)
		return;
	exchange_free(&p->exchange);
	timer_start(p->patience, PATIENCE_MS);
	if (h->refusing)
		shutdown(p->fd, SHUT_RD);
}

/* ---- the daemon ---- */

static void
on_log(void *arg, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static void
on_log(void *arg, const char *format, va_list args)
{
	char line[512];

	(void)arg;
	vsnprintf(line, sizeof(line), format, args);
	log_line(LOG_DEBUG, "libmicrohttpd: %s", line);
}

/* Paths are compared as they were sent. */
static size_t
keep_escapes(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg, (void)connection;
	return strlen(text);
}

static struct MHD_Daemon *
start_daemon(struct http *h)
{
	const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, h,
	    MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, (MHD_socket)INHERIT_LISTEN,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
	    MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_END);
}

void
http_refuse(struct http *h)
{
	MHD_socket fd;

	if (h->refusing)
		return;
	h->refusing = true;
	fd = MHD_quiesce_daemon(h->daemon);
	if (fd != MHD_INVALID_SOCKET)
		close(fd);
	/* what has arrived is still read and answered */
	for (struct peer *p = h->peers; p != NULL; p = p->next)
		if (p->exchange == NULL)
			shutdown(p->fd, SHUT_RD);
	turn_soon(h);
}

static void
on_left(void *arg)
{
	turn_soon(arg);
}

void
http_leave(struct http *h, void (*ended)(void *arg), void *arg)
{
	http_refuse(h);
	h->ended = ended;
	h->arg = arg;
	if (requests_count(h->exchanges.front->requests) > 0)
		requests_leave(h->exchanges.front->requests, on_left, h);
	timer_start(h->deliver, DELIVER_MS);
	turn_soon(h);
}

enum err
http_open(struct front *front, struct http **ret_http)
{
	struct http *h = calloc(1, sizeof(*h));
	const union MHD_DaemonInfo *info;
	enum err e = ERR_NO_MEMORY;

	if (h == NULL)
		return ERR_NO_MEMORY;
	*h = (struct http){ .loop = front->loop, .exchanges = { .front = front, .turn = turn_soon, .arg = h } };
	h->turn = loop_timer(front->loop, on_turn, h);
	h->deliver = loop_timer(front->loop, on_deliver, h);
	if (h->turn == NULL || h->deliver == NULL)
		goto failed;
	e = ERR_SYSTEM;
	h->daemon = start_daemon(h);
	info = h->daemon == NULL ? NULL : MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		goto failed;
	e = ERR_NO_MEMORY;
	h->events = loop_watch(front->loop, info->epoll_fd, POLLIN, on_events, h);
	if (h->events == NULL)
		goto failed;
	turn_soon(h);
	*ret_http = h;
	return OK;
failed:
	http_close(&h);
	return e;
}

/* The socket is the supervisor's, so MHD must not shut it down: quiescing takes it away from MHD. */
static void
stop_daemon(struct http *h)
{
	if (h->daemon == NULL)
		return;
	http_refuse(h);
	for (struct peer *p = h->peers; p != NULL; p = p->next)
		if (p->exchange != NULL)
			exchange_abandon(p->exchange);
	MHD_stop_daemon(h->daemon);
}

void
http_close(struct http **http)
{
	struct http *h = *http;

	if (h == NULL)
		return;
	h->ended = NULL;
	watch_close(&h->events);
	stop_daemon(h);
	timer_close(&h->turn);
	timer_close(&h->deliver);
	free(h);
	*http = NULL;
}
