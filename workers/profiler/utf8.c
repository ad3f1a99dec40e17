#include "workers/profiler/utf8.h"

#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"
#define REPLACEMENT_LEN 3

/* What may start a character: the first byte's range, the second byte's range, the length. */
static const struct {
	uint8_t first, last, second_first, second_last;
	int len;
} starts[] = {
	{ 0x00, 0x7f, 0x00, 0x00, 1 },
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static int
continues(const uint8_t *at, size_t len, size_t start)
{
	int wanted = starts[start].len;

	for (int i = 1; i < wanted; i++) {
		if ((size_t)i >= len)
			return -1;
		uint8_t least = i == 1 ? starts[start].second_first : 0x80;
		uint8_t most = i == 1 ? starts[start].second_last : 0xbf;
		if (at[i] < least || at[i] > most)
			return 0;
	}
	return wanted;
}

int
utf8_character(const char *text, size_t len)
{
	const uint8_t *at = (const uint8_t *)text;

	if (len == 0)
		return -1;
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		if (at[0] >= starts[i].first && at[0] <= starts[i].last)
			return continues(at, len, i);
	}
	return 0;
}

size_t
utf8_valid_prefix(const char *at, size_t len)
{
	size_t done = 0;

	while (done < len) {
		int n = utf8_character(at + done, len - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

static size_t
put_character(const char *at, int n, char *out)
{
	if (n <= 0 || (n == 1 && *at == '\0')) {
		memcpy(out, REPLACEMENT, REPLACEMENT_LEN);
		return REPLACEMENT_LEN;
	}
	memcpy(out, at, (size_t)n);
	return (size_t)n;
}

/* Adds bytes of the new piece to the waiting ones until they are a character or cannot become
 * one. */
static size_t
finish_pending(struct utf8_cleaner *c, const char *in, size_t len, size_t *ret_used, char *out)
{
	size_t used = 0, written = 0;

	while (c->pending_len > 0) {
		int n = utf8_character(c->pending, c->pending_len);
		if (n < 0 && used == len)
			break;
		if (n < 0) {
			c->pending[c->pending_len++] = in[used++];
			continue;
		}
		written += put_character(c->pending, n, out + written);
		size_t gone = n > 0 ? (size_t)n : 1;
		c->pending_len -= gone;
		memmove(c->pending, c->pending + gone, c->pending_len);
	}
	*ret_used = used;
	return written;
}

size_t
utf8_clean(struct utf8_cleaner *c, const char *in, size_t len, char *out)
{
	size_t used, written = finish_pending(c, in, len, &used, out);

	while (used < len) {
		int n = utf8_character(in + used, len - used);
		if (n < 0) {
			c->pending_len = len - used;
			memcpy(c->pending, in + used, c->pending_len);
			break;
		}
		written += put_character(in + used, n, out + written);
		used += n > 0 ? (size_t)n : 1;
	}
	return written;
}

size_t
utf8_clean_end(struct utf8_cleaner *c, char *out)
{
	size_t written = 0;

	for (size_t i = 0; i < c->pending_len; i++)
		written += put_character(c->pending + i, 0, out + written);
	c->pending_len = 0;
	return written;
}

void
utf8_clean_string(const char *in, char *out, size_t size)
{
	size_t len = strlen(in), used = 0, written = 0;

	while (used < len) {
		int n = utf8_character(in + used, len - used);
		size_t room = n > 0 ? (size_t)n : REPLACEMENT_LEN;
		if (written + room >= size)
			break;
		written += put_character(in + used, n, out + written);
		used += n > 0 ? (size_t)n : 1;
	}
	out[written] = '\0';
}
