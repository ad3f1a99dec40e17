/*
 * The ordered end: the front first, then the others in reverse order of their start, each asked,
 * given its stop limit, and killed; and all of it within STOP_MS.
 *
 * A front on stdio that dies unasked meanwhile is started once more, while the workers are still
 * there, to answer the requests that it has left open.
 */
#ifndef SUPERVISOR_STOP_H
#define SUPERVISOR_STOP_H

#include <stdbool.h>
#include <stdint.h>

struct supervisor;

/* Begins the stop; the first call's exit code stays. */
void stop_begin(struct supervisor *s, int exit_code, const char *why);

/* Asks the next role to leave when the one before it is down, and kills all when their time is
 * over. Also sees to it that a hung front does not keep a server whose client has hung up. To be
 * called every turn. */
void stop_advance(struct supervisor *s, int64_t now_ms);

/* Kills everything that still lives. */
void stop_now(struct supervisor *s, int64_t now_ms);

/* Whether the stop has begun and every child is down. */
bool stop_is_complete(const struct supervisor *s);

#endif
