/* Why a run is not started, in words for the caller. Filled where the cause is known, sent by
 * handlers.c. */
#ifndef WORKERS_PROFILER_REFUSAL_H
#define WORKERS_PROFILER_REFUSAL_H

#include "protocol/error.h"

#define REFUSAL_TEXT 1000        /* bytes; worker_fail cuts at 1023 */

struct refusal {
	enum err code;
	char message[REFUSAL_TEXT + 1];
	char hint[REFUSAL_TEXT + 1];     /* empty: none */
};

/* Sets the code and the message; the hint is emptied. Text that does not fit is cut between
 * characters, and bytes that are not UTF-8 become U+FFFD. Returns `code`, so that a check can end
 * with it. */
enum err refuse(struct refusal *why, enum err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds the next step for the caller. */
void refusal_hint(struct refusal *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
