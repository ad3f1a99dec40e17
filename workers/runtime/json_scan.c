#include "workers/runtime/json_scan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_INLINE 32

/* The keys of the top-level object, raw, to be compared when it is complete. */
struct keys {
	struct json_span inline_at[KEYS_INLINE];
	struct json_span *heap;
	size_t count, size;
};

struct scan {
	const char *at, *end;
	unsigned depth_max, nodes_left;
	size_t longest_number;
	struct keys keys;
	enum err error;
	const char *why;
};

static bool scan_value(struct scan *s, unsigned depth);

static bool
refuse(struct scan *s, enum err error, const char *why)
{
	s->error = error;
	s->why = why;
	return false;
}

static bool
malformed(struct scan *s, const char *why)
{
	return refuse(s, ERR_MALFORMED, why);
}

static int
peek(const struct scan *s)
{
	return s->at < s->end ? (unsigned char)*s->at : JSON_NOTHING;
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static uint64_t
load8(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Indentation is a good part of what Scalene writes: eight blanks at a time. */
static void
skip_space(struct scan *s)
{
	while (json_is_space(peek(s))) {
		s->at++;
		while (s->end - s->at >= 8 && load8(s->at) == 0x2020202020202020u)
			s->at += 8;
	}
}

/* ---- keys of the top-level object ---- */

static int
compare_for_sort(const void *a, const void *b)
{
	return json_compare_keys(*(const struct json_span *)a, *(const struct json_span *)b, false);
}

static struct json_span *
keys_at(struct keys *k)
{
	return k->heap != NULL ? k->heap : k->inline_at;
}

static bool
keys_grow(struct keys *k)
{
	struct json_span *grown = realloc(k->heap, 2 * k->size * sizeof(*grown));

	if (grown == NULL)
		return false;
	if (k->heap == NULL)
		memcpy(grown, k->inline_at, sizeof(k->inline_at));
	k->heap = grown;
	k->size *= 2;
	return true;
}

static bool
keys_add(struct scan *s, const char *at, size_t len)
{
	struct keys *k = &s->keys;

	if (k->count == k->size && !keys_grow(k))
		return refuse(s, ERR_NO_MEMORY, "out of memory");
	keys_at(k)[k->count++] = (struct json_span){ at, len };
	return true;
}

/* Sorts, because a hash of what strangers send can be made to collide. */
static bool
keys_differ(struct scan *s)
{
	struct json_span *at = keys_at(&s->keys);

	qsort(at, s->keys.count, sizeof(*at), compare_for_sort);
	for (size_t i = 1; i < s->keys.count; i++) {
		if (json_compare_keys(at[i - 1], at[i], false) != 0)
			continue;
		s->at = at[i].at > at[i - 1].at ? at[i].at : at[i - 1].at;
		return malformed(s, "a key of the top-level object is there twice");
	}
	return true;
}

/* ---- strings ---- */

size_t
json_utf8_size(const char *at, const char *end)
{
	const unsigned char *b = (const unsigned char *)at;
	size_t left = (size_t)(end - at);
	size_t size = left == 0 ? 0 : b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2
	    : b[0] < 0xf0 ? 3 : b[0] < 0xf5 ? 4 : 0;

	if (size < 2)
		return size;
	if (left < size)
		return 0;
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f)
	    || (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

/* Whether some byte of the word is a quote, a backslash, a control character or not ASCII. */
static bool
word_stops(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t quote = w ^ ('"' * ones), slash = w ^ ('\\' * ones);

	return ((w | (w - 0x20 * ones) | (quote - ones) | (slash - ones)) & tops) != 0;
}

static void
skip_plain(struct scan *s)
{
	while (s->end - s->at >= 8 && !word_stops(load8(s->at)))
		s->at += 8;
	while (s->at < s->end) {
		unsigned char c = (unsigned char)*s->at;
		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
			return;
		s->at++;
	}
}

/* The four hexadecimal digits after \u; JSON_NOTHING when they are not there. */
static int
unit(const struct scan *s, const char *at)
{
	if (s->end - at < 4)
		return JSON_NOTHING;
	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)at[i];
		if (!is_digit(c) && ((c | 0x20) < 'a' || (c | 0x20) > 'f'))
			return JSON_NOTHING;
	}
	return (int)json_hex4(at);
}

static bool
scan_unicode_escape(struct scan *s)
{
	int first = unit(s, s->at + 2), second;

	if (first == JSON_NOTHING)
		return malformed(s, "\\u needs four hexadecimal digits");
	if (first == 0)
		return malformed(s, "\\u0000 is not accepted");
	if (first >= 0xdc00 && first < 0xe000)
		return malformed(s, "the second half of a surrogate pair stands alone");
	s->at += 6;
	if (first < 0xd800 || first >= 0xe000)
		return true;
	if (s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u')
		return malformed(s, "the first half of a surrogate pair stands alone");
	second = unit(s, s->at + 2);
	if (second < 0xdc00 || second >= 0xe000)
		return malformed(s, "the first half of a surrogate pair stands alone");
	s->at += 6;
	return true;
}

static bool
scan_escape(struct scan *s)
{
	if (s->end - s->at < 2)
		return malformed(s, "a string is not closed");
	if (s->at[1] == 'u')
		return scan_unicode_escape(s);
	if (memchr("\"\\/bfnrt", s->at[1], 8) == NULL)
		return malformed(s, "there is no such escape");
	s->at += 2;
	return true;
}

static bool
scan_utf8(struct scan *s)
{
	size_t size = json_utf8_size(s->at, s->end);

	if (size == 0)
		return malformed(s, "a string is not valid UTF-8");
	s->at += size;
	return true;
}

static bool
scan_string(struct scan *s)
{
	for (s->at++; ;) {
		skip_plain(s);
		int c = peek(s);
		if (c == JSON_NOTHING)
			return malformed(s, "a string is not closed");
		if (c == '"')
			break;
		if (c < 0x20)
			return malformed(s, "a control character must be escaped");
		if (c == '\\' ? !scan_escape(s) : !scan_utf8(s))
			return false;
	}
	s->at++;
	return true;
}

/* ---- numbers and literals ---- */

static bool
scan_digits(struct scan *s)
{
	if (!is_digit(peek(s)))
		return malformed(s, "a digit is expected");
	while (is_digit(peek(s)))
		s->at++;
	return true;
}

static bool
scan_fraction(struct scan *s)
{
	if (peek(s) != '.')
		return true;
	s->at++;
	return scan_digits(s);
}

static bool
scan_exponent(struct scan *s)
{
	if (peek(s) != 'e' && peek(s) != 'E')
		return true;
	s->at++;
	if (peek(s) == '+' || peek(s) == '-')
		s->at++;
	return scan_digits(s);
}

static bool
scan_number(struct scan *s)
{
	const char *start = s->at;

	if (*s->at == '-')
		s->at++;
	if (peek(s) == '0')
		s->at++;
	else if (!scan_digits(s))
		return false;
	if (is_digit(peek(s)))
		return malformed(s, "a number must not begin with 0");
	if (!scan_fraction(s) || !scan_exponent(s))
		return false;
	if ((size_t)(s->at - start) > s->longest_number)
		s->longest_number = (size_t)(s->at - start);
	return true;
}

static bool
scan_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
		return malformed(s, "a value is expected");
	s->at += len;
	return true;
}

/* ---- containers ---- */

/* After an element: true with *ret_more false past `close`, true with *ret_more past a comma. */
static bool
scan_separator(struct scan *s, int close, bool *ret_more)
{
	const char *why = close == ']' ? "',' or ']' is expected" : "',' or '}' is expected";

	skip_space(s);
	if (peek(s) != ',' && peek(s) != close)
		return malformed(s, why);
	*ret_more = peek(s) == ',';
	s->at++;
	if (*ret_more)
		skip_space(s);
	return true;
}

/* Past the opening bracket and, when there is nothing inside, past the closing one. */
static bool
enter_is_empty(struct scan *s, int close)
{
	s->at++;
	skip_space(s);
	if (peek(s) != close)
		return false;
	s->at++;
	return true;
}

static bool
scan_array(struct scan *s, unsigned depth)
{
	bool more = true;

	if (enter_is_empty(s, ']'))
		return true;
	while (more)
		if (!scan_value(s, depth) || !scan_separator(s, ']', &more))
			return false;
	return true;
}

static bool
scan_key(struct scan *s, unsigned depth)
{
	const char *start = s->at;

	if (peek(s) != '"')
		return malformed(s, "a key in quotes is expected");
	if (!scan_string(s))
		return false;
	if (depth == 1 && !keys_add(s, start + 1, (size_t)(s->at - start) - 2))
		return false;
	skip_space(s);
	if (peek(s) != ':')
		return malformed(s, "':' is expected");
	s->at++;
	skip_space(s);
	return true;
}

static bool
scan_object(struct scan *s, unsigned depth)
{
	bool more = true;

	if (enter_is_empty(s, '}'))
		return true;
	while (more)
		if (!scan_key(s, depth) || !scan_value(s, depth) || !scan_separator(s, '}', &more))
			return false;
	return true;
}

static bool
scan_container(struct scan *s, unsigned depth)
{
	if (depth >= s->depth_max)
		return refuse(s, ERR_TOO_LARGE, "nested too deeply");
	return *s->at == '[' ? scan_array(s, depth + 1) : scan_object(s, depth + 1);
}

static bool
scan_value(struct scan *s, unsigned depth)
{
	int c = peek(s);

	if (s->nodes_left == 0)
		return refuse(s, ERR_TOO_LARGE, "too many values");
	s->nodes_left--;
	if (c == '"')
		return scan_string(s);
	if (c == '-' || is_digit(c))
		return scan_number(s);
	if (c == '{' || c == '[')
		return scan_container(s, depth);
	return scan_word(s, c == 't' ? "true" : c == 'f' ? "false" : "null");
}

static bool
scan_text(struct scan *s)
{
	skip_space(s);
	if (!scan_value(s, 0))
		return false;
	skip_space(s);
	if (s->at != s->end)
		return malformed(s, "nothing may follow the value");
	return keys_differ(s);
}

enum err
json_scan_measure(const char *text, size_t len, const struct json_limits *limits,
    size_t *ret_offset, const char **ret_why, size_t *ret_longest_number)
{
	struct scan s = { .at = text, .end = text + len, .nodes_left = limits->nodes };
	bool accepted;

	s.depth_max = limits->depth < JSON_SCAN_DEPTH ? limits->depth : JSON_SCAN_DEPTH;
	s.keys.size = KEYS_INLINE;
	accepted = scan_text(&s);
	free(s.keys.heap);
	if (accepted) {
		*ret_longest_number = s.longest_number;
		return OK;
	}
	if (ret_offset != NULL)
		*ret_offset = (size_t)(s.at - text);
	if (ret_why != NULL)
		*ret_why = s.why;
	return s.error;
}

enum err
json_scan(const char *text, size_t len, const struct json_limits *limits, size_t *ret_offset,
    const char **ret_why)
{
	size_t longest_number;

	return json_scan_measure(text, len, limits, ret_offset, ret_why, &longest_number);
}
