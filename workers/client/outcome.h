/* How a run ended, in words. */
#ifndef WORKERS_CLIENT_OUTCOME_H
#define WORKERS_CLIENT_OUTCOME_H

#include <stdbool.h>

#include "workers/runtime/json.h"

/* The outcome of a run or a profile; NULL when it has none (yet). */
const char *outcome_of(const cJSON *run);

bool outcome_is_ok(const cJSON *run);

/* "ok", "nonzero_exit: the program exited with 3", "signal: the program was ended by SIGSEGV". The
 * name alone for an outcome that this client does not know. */
void outcome_describe(const cJSON *run, char *buf, size_t size);

#endif
