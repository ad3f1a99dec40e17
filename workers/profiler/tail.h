/* The end of a stream of UTF-8 text of any length, in bounded memory. */
#ifndef WORKERS_PROFILER_TAIL_H
#define WORKERS_PROFILER_TAIL_H

#include <stddef.h>

#define TAIL_SIZE 4096

struct tail {
	char at[TAIL_SIZE];
	size_t len;
	int cut;                 /* something before at[0] was dropped */
};

/* Adds valid UTF-8. */
void tail_add(struct tail *t, const char *text, size_t len);

/*
 * The last part that fits `max` bytes: what is kept from a line's start on, or, when the last line
 * alone is longer, its end from a character's start on. Borrows from `t`.
 */
const char *tail_last(const struct tail *t, size_t max, size_t *ret_len);

#endif
