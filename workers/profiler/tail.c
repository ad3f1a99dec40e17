#include "workers/profiler/tail.h"

#include <string.h>

void
tail_add(struct tail *t, const char *text, size_t len)
{
	if (len >= TAIL_SIZE) {
		memcpy(t->at, text + len - TAIL_SIZE, TAIL_SIZE);
		t->cut |= len > TAIL_SIZE || t->len > 0;
		t->len = TAIL_SIZE;
		return;
	}
	if (t->len + len > TAIL_SIZE) {
		size_t gone = t->len + len - TAIL_SIZE;
		memmove(t->at, t->at + gone, t->len - gone);
		t->len -= gone;
		t->cut = 1;
	}
	memcpy(t->at + t->len, text, len);
	t->len += len;
}

static int
inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

const char *
tail_last(const struct tail *t, size_t max, size_t *ret_len)
{
	size_t start = t->len > max ? t->len - max : 0;

	if (start > 0 || t->cut) {
		const char *newline = NULL;
		if (start > 0 && t->at[start - 1] == '\n')
			newline = t->at + start - 1;
		else if (t->len > start)
			newline = memchr(t->at + start, '\n', t->len - start - 1);
		if (newline != NULL)
			start = (size_t)(newline - t->at) + 1;
		while (start < t->len && inside_character(t->at[start]))
			start++;
	}
	*ret_len = t->len - start;
	return t->at + start;
}
