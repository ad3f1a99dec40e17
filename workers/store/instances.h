/*
 * Whether another server on this state directory is alive: each supervisor holds an flock on
 * "instances/<ULID>/lock" for as long as it lives, so the kernel answers, also after kill -9.
 */
#ifndef WORKERS_STORE_INSTANCES_H
#define WORKERS_STORE_INSTANCES_H

#include <stdbool.h>

#include "protocol/message.h"

/* False when its folder or lock file is missing, the lock is free, or `instance` is no id. When
 * the lock cannot be looked at the answer is true, so that nobody's job is taken away by
 * mistake. */
bool instance_alive(int state_fd, struct text instance);

#endif
