/* The one clock of the supervisor. */
#ifndef SUPERVISOR_CLOCK_H
#define SUPERVISOR_CLOCK_H

#include <stdint.h>

#define CLOCK_NEVER INT64_MAX

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_now_ms(void);

#endif
