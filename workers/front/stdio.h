/* The client on standard input and output, through the ledger: what arrives, what is answered, and what an earlier
 * incarnation of the front left open. */
#ifndef WORKERS_FRONT_STDIO_H
#define WORKERS_FRONT_STDIO_H

#include "workers/front/front.h"

/* Takes up the inherited descriptors (protocol/inherit.h). `ended` is called once, when the client is gone and
 * everything it asked was answered and delivered. */
enum err stdio_open(struct front *front, void (*ended)(void *arg), void *arg, struct stdio **ret_stdio);

/* Begins again what earlier incarnations left open, then reads. */
void stdio_start(struct stdio *s);

/* No more input is taken; `ended` follows when all is answered. */
void stdio_leave(struct stdio *s);

void stdio_close(struct stdio **s);

#endif
