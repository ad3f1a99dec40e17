/* The messages that the analyzer handles. */
#ifndef WORKERS_ANALYZER_HANDLERS_H
#define WORKERS_ANALYZER_HANDLERS_H

#include "workers/runtime/worker.h"

/* Ends with type MSG_NONE. */
extern const struct handler analyzer_handlers[];

#endif
