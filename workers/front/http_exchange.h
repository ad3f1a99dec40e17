/*
 * One HTTP request and its answer: reads the body, begins the call, waits for it with the connection suspended, and
 * hands the answer out. A client that goes away while its call runs has cancelled it (MCP 2026-07-28,
 * basic/patterns/cancellation).
 *
 * No ledger stands behind HTTP: when the front dies, its connections break and clients ask again. So the job and the
 * blame that a channel may set are not kept, and progress and output are not sent.
 */
#ifndef WORKERS_FRONT_HTTP_EXCHANGE_H
#define WORKERS_FRONT_HTTP_EXCHANGE_H

#include <microhttpd.h>

#include "workers/front/front.h"

/* What the exchanges of one daemon share. */
struct exchanges {
	struct front *front;
	unsigned count;
	size_t held;             /* bytes of bodies, all together */
	bool answered_one;       /* the supervisor was told that this incarnation is of use */
	void (*turn)(void *arg); /* MHD_run is to be called soon, not from within */
	void *arg;
};

struct exchange;

/* At a request's head; method and path are copied as far as needed. NULL when out of memory. */
struct exchange *exchange_new(struct exchanges *all, struct MHD_Connection *connection, const char *method,
    const char *path);

/*
 * The calls of MHD's access handler, in its order: the head once; the body in pieces (*size becomes 0); the end, and
 * the end once more when a suspended connection was resumed. MHD_NO: the connection is to be closed.
 */
enum MHD_Result exchange_head(struct exchange *e);
enum MHD_Result exchange_body(struct exchange *e, const char *data, size_t *size);
enum MHD_Result exchange_end(struct exchange *e);

/* Whether work goes on, so that nothing is expected of the client. */
bool exchange_waits(const struct exchange *e);

/* Lets a waiting exchange end without an answer, because MHD cannot be stopped while a connection is suspended. */
void exchange_abandon(struct exchange *e);

/* When MHD is done with the request, however it ended. NULL inside is fine. */
void exchange_free(struct exchange **e);

#endif
