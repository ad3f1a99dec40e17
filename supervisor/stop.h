/* The ordered end: the front first, then the others in reverse order of their start, each asked,
 * given its stop limit, and killed. */
#ifndef SUPERVISOR_STOP_H
#define SUPERVISOR_STOP_H

#include <stdbool.h>
#include <stdint.h>

struct supervisor;

/* Begins the stop; the first call's exit code stays. */
void stop_begin(struct supervisor *s, int exit_code, const char *why);

/* Asks the next role to leave when the one before it is down. To be called every turn. */
void stop_advance(struct supervisor *s, int64_t now_ms);

/* Kills everything that still lives. */
void stop_now(struct supervisor *s, int64_t now_ms);

/* Whether the stop has begun and every child is down. */
bool stop_is_complete(const struct supervisor *s);

#endif
