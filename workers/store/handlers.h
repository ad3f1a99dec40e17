/* The store's messages: each one is a function of the modules below, and this is where channel
 * and function meet. */
#ifndef WORKERS_STORE_HANDLERS_H
#define WORKERS_STORE_HANDLERS_H

#include "workers/runtime/worker.h"

/* Ends with type MSG_NONE. */
extern const struct handler store_handlers[];

/* For the worker_spec, whose state is a struct store. A database that cannot be opened does not
 * keep the store from starting: every request then answers why, and tries again. */
enum err store_start(struct worker *w);
void store_stop(struct worker *w);

#endif
