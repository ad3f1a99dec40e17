/* The last lines of something, for when they turn out to matter. */
#ifndef WORKERS_CLIENT_TAIL_H
#define WORKERS_CLIENT_TAIL_H

#include <stdio.h>

#define TAIL_LINES 20

struct tail {
	char *lines[TAIL_LINES];     /* a ring; NULL: none yet */
	unsigned next;
};

/* Adds a line, cleaned (text.h). All-zero storage is an empty tail. */
void tail_add(struct tail *t, const char *line, size_t len);

/* Oldest first, each after `before`. */
void tail_print(const struct tail *t, FILE *out, const char *before);
void tail_fini(struct tail *t);

#endif
