/* Bytes from a pipe, cut into lines. */
#ifndef WORKERS_CLIENT_LINES_H
#define WORKERS_CLIENT_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/error.h"

enum lines_over { LINES_REFUSE, LINES_CUT };

struct lines {
	char *at;
	size_t len, size;        /* filled, allocated */
	size_t taken;            /* already given out */
	size_t searched;         /* no line feed before this */
	size_t max;              /* bytes of one line */
	enum lines_over over;    /* what becomes of a longer one: an error, or several lines */
};

void lines_init(struct lines *l, size_t max, enum lines_over over);
void lines_fini(struct lines *l);

/* One read(2) of at most 64 kB. ERR_WORKER_LOST at end of file, ERR_BUSY when nothing was there,
 * ERR_NO_MEMORY, ERR_SYSTEM. Invalidates the lines given out so far. */
enum err lines_read(struct lines *l, int fd);

/*
 * The next whole line, without its LF or CRLF; borrowed until the next lines_read. ERR_BUSY: there
 * is none yet; ERR_TOO_LARGE: the next one is longer than `max`, and stays in the way.
 */
enum err lines_next(struct lines *l, const char **ret_line, size_t *ret_len);

/* What came after the last line feed. */
size_t lines_rest(const struct lines *l, const char **ret_rest);

#endif
