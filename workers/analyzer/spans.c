#include "workers/analyzer/spans.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_CHARS 400    /* far more than any double needs */

bool
span_is_object(struct json_span s)
{
	return s.at != NULL && s.len > 0 && s.at[0] == '{';
}

bool
span_is_array(struct json_span s)
{
	return s.at != NULL && s.len > 0 && s.at[0] == '[';
}

bool
span_key_is(struct json_span key, const char *name)
{
	size_t len = strlen(name);

	return key.len == len && memcmp(key.at, name, len) == 0;
}

bool
span_number(struct json_span s, double *ret_number)
{
	char copy[NUMBER_CHARS + 1];

	if (s.at == NULL || s.len == 0 || s.len > NUMBER_CHARS)
		return false;
	if (s.at[0] != '-' && (s.at[0] < '0' || s.at[0] > '9'))
		return false;
	memcpy(copy, s.at, s.len);
	copy[s.len] = '\0';
	*ret_number = strtod(copy, NULL);
	return true;
}

bool
span_true(struct json_span s)
{
	return s.at != NULL && s.len == 4 && memcmp(s.at, "true", 4) == 0;
}

static unsigned
hex4(const char *at)
{
	unsigned v = 0;

	for (unsigned i = 0; i < 4; i++) {
		unsigned c = (unsigned char)at[i];

		v = v << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v & 0xffff;
}

/* One character in UTF-8; 1 to 4 bytes. */
static size_t
put_utf8(unsigned c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Reads \uXXXX, with its low surrogate if it is a high one. Returns the characters taken. */
static size_t
read_unicode(const char *at, size_t left, unsigned *ret_char)
{
	unsigned high, low;

	if (left < 6)
		return 0;
	high = hex4(at + 2);
	if (high < 0xd800 || high > 0xdfff) {
		*ret_char = high;
		return 6;
	}
	*ret_char = 0xfffd;
	if (high > 0xdbff || left < 12 || at[6] != '\\' || at[7] != 'u')
		return 6;
	low = hex4(at + 8);
	if (low < 0xdc00 || low > 0xdfff)
		return 6;
	*ret_char = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

/* Decodes the escape at `at`. Returns the characters taken, 0 when it is cut off. */
static size_t
read_escape(const char *at, size_t left, char out[4], size_t *ret_len)
{
	static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
	const char *letter;
	unsigned c = 0xfffd;
	size_t taken = 2;

	if (left < 2)
		return 0;
	letter = memchr(letters, at[1], sizeof(letters) - 1);
	if (at[1] == 'u')
		taken = read_unicode(at, left, &c);
	else
		c = (unsigned char)(letter != NULL ? meanings[letter - letters] : at[1]);
	*ret_len = put_utf8(c, out);
	return taken;
}

static size_t
utf8_length(unsigned char first)
{
	return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t
span_unescape(struct json_span raw, char *buf, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < raw.len; ) {
		char one[4];
		size_t bytes, taken;

		if (raw.at[i] == '\\') {
			taken = read_escape(raw.at + i, raw.len - i, one, &bytes);
		} else {
			taken = bytes = utf8_length((unsigned char)raw.at[i]);
			if (taken <= raw.len - i)
				memcpy(one, raw.at + i, taken);
		}
		if (taken == 0 || taken > raw.len - i || bytes > size - len)
			break;
		memcpy(buf + len, one, bytes);
		len += bytes;
		i += taken;
	}
	return len;
}

struct text
span_key(struct json_span key, size_t max, struct arena *a)
{
	size_t size = key.len < max ? key.len : max;
	char *buf = size == 0 ? NULL : arena_take(a, size);

	if (buf == NULL)
		return (struct text){ "", 0 };
	return (struct text){ buf, span_unescape(key, buf, size) };
}

struct text
span_text(struct json_span s, size_t max, struct arena *a)
{
	if (s.at == NULL || s.len < 2 || s.at[0] != '"')
		return (struct text){ "", 0 };
	return span_key((struct json_span){ s.at + 1, s.len - 2 }, max, a);
}
