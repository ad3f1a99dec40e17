#ifndef WORKERS_CLIENT_CLOCK_H
#define WORKERS_CLIENT_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_ms(void);

#endif
