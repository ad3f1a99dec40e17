#include "workers/client/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 65536u

void
lines_init(struct lines *l, size_t max, enum lines_over over)
{
	memset(l, 0, sizeof(*l));
	l->max = max;
	l->over = over;
}

void
lines_fini(struct lines *l)
{
	free(l->at);
	lines_init(l, l->max, l->over);
}

static void
drop_taken(struct lines *l)
{
	if (l->taken == 0)
		return;
	memmove(l->at, l->at + l->taken, l->len - l->taken);
	l->len -= l->taken;
	l->searched -= l->taken;
	l->taken = 0;
}

static enum err
make_room(struct lines *l)
{
	size_t size = l->size ? l->size : READ_SIZE;
	char *grown;

	while (size - l->len < READ_SIZE)
		size *= 2;
	if (size == l->size)
		return OK;
	grown = realloc(l->at, size);
	if (grown == NULL)
		return ERR_NO_MEMORY;
	l->at = grown;
	l->size = size;
	return OK;
}

enum err
lines_read(struct lines *l, int fd)
{
	ssize_t n;

	drop_taken(l);
	if (make_room(l) != OK)
		return ERR_NO_MEMORY;
	n = read(fd, l->at + l->len, READ_SIZE);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? ERR_BUSY : ERR_SYSTEM;
	if (n == 0)
		return ERR_WORKER_LOST;
	l->len += (size_t)n;
	return OK;
}

static void
give(struct lines *l, size_t len, size_t ending, const char **ret_line, size_t *ret_len)
{
	*ret_line = l->at + l->taken;
	*ret_len = len;
	l->taken += len + ending;
	l->searched = l->taken;
}

static char *
find_feed(const struct lines *l)
{
	size_t left = l->len - l->searched;

	return left ? memchr(l->at + l->searched, '\n', left) : NULL;
}

enum err
lines_next(struct lines *l, const char **ret_line, size_t *ret_len)
{
	char *feed = find_feed(l);
	size_t len = feed ? (size_t)(feed - l->at) - l->taken : l->len - l->taken;

	if (feed == NULL)
		l->searched = l->len;
	if (len > l->max && l->over == LINES_CUT) {
		give(l, l->max, 0, ret_line, ret_len);
		return OK;
	}
	if (len > l->max)
		return ERR_TOO_LARGE;
	if (feed == NULL)
		return ERR_BUSY;
	give(l, len, 1, ret_line, ret_len);
	if (len && (*ret_line)[len - 1] == '\r')
		(*ret_len)--;
	return OK;
}

size_t
lines_rest(const struct lines *l, const char **ret_rest)
{
	*ret_rest = l->at ? l->at + l->taken : "";
	return l->len - l->taken;
}
