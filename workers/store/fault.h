/* What went wrong, in words for the caller: the error itself is returned, its sentences are kept
 * here. */
#ifndef WORKERS_STORE_FAULT_H
#define WORKERS_STORE_FAULT_H

#include "protocol/message.h"

#define FAULT_TEXT 2048                  /* bytes; as `message` and `hint` of the ERROR message */

/* Empty texts: nobody had anything better to say than the error table. Always valid UTF-8. */
struct fault {
	char message[FAULT_TEXT + 1];
	char hint[FAULT_TEXT + 1];
};

void fault_clear(struct fault *f);

/* Keeps the sentences (`hint` may be NULL) and returns `e`, so that a guard clause can end with
 * it. */
enum err fault_set(struct fault *f, enum err e, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with texts that came from elsewhere; nil gives the empty text. */
enum err fault_copy(struct fault *f, enum err e, struct text message, struct text hint);

#endif
