/* Members of an answer, taken only when they have the type that is expected. */
#ifndef WORKERS_CLIENT_PICK_H
#define WORKERS_CLIENT_PICK_H

#include <stdbool.h>

#include "workers/runtime/json.h"

/* NULL when there is no such string. */
const char *pick_text(const cJSON *object, const char *key);

/* False when there is no such number. */
bool pick_number(const cJSON *object, const char *key, double *ret_number);

/* NULL when there is no such array, or an empty one. */
const cJSON *pick_array(const cJSON *object, const char *key);

#endif
