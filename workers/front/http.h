/* MCP over HTTP on the inherited listening socket, by libmicrohttpd without threads of its own: the front's loop
 * watches its epoll descriptor. */
#ifndef WORKERS_FRONT_HTTP_H
#define WORKERS_FRONT_HTTP_H

#include "workers/front/front.h"

/* Takes up the inherited socket (protocol/inherit.h). Connections are taken once the loop turns. ERR_SYSTEM when
 * libmicrohttpd refuses, ERR_NO_MEMORY. */
enum err http_open(struct front *front, struct http **ret_http);

/* Accepts no more. Connections between two requests are closed, and what is still being read will be refused. */
void http_refuse(struct http *h);

/*
 * After http_refuse, or instead of it: `ended` is called once, when every answer was read, or shortly after. Requests
 * that have no answer by then get one from requests_leave.
 */
void http_leave(struct http *h, void (*ended)(void *arg), void *arg);

/* Breaks what is open; the listening socket itself goes on in the supervisor. NULL inside is fine. To be called before
 * requests_free: no request is cancelled by it. */
void http_close(struct http **h);

#endif
