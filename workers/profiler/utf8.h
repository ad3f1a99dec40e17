/*
 * UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF. What a
 * program writes is cleaned before anybody else sees it: every byte that belongs to no character,
 * and NUL, becomes U+FFFD.
 */
#ifndef WORKERS_PROFILER_UTF8_H
#define WORKERS_PROFILER_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* A stream that is cleaned piece by piece: the bytes of a character that is cut between two pieces
 * wait here. */
struct utf8_cleaner {
	char pending[4];
	size_t pending_len;
};

/* The most bytes that utf8_clean writes for `len` bytes of input. */
#define UTF8_CLEAN_MAX(len) (3 * ((len) + 4))

/* The length of the character at `at`: 1 to 4; 0 when no character starts there; -1 when the bytes
 * up to `len` are a proper beginning of one. */
int utf8_character(const char *at, size_t len);

/* Bytes before the first that is not UTF-8; `len` when all is. */
size_t utf8_valid_prefix(const char *at, size_t len);

/* Cleans one piece into `out`, which has room for UTF8_CLEAN_MAX(len). Returns the bytes
 * written. */
size_t utf8_clean(struct utf8_cleaner *c, const char *in, size_t len, char *out);

/* The stream has ended: what still waits becomes U+FFFD. `out` has room for UTF8_CLEAN_MAX(0). */
size_t utf8_clean_end(struct utf8_cleaner *c, char *out);

/* A cleaned copy of a string, cut between characters so that it and its NUL fit into `size` bytes
 * (at least 1). */
void utf8_clean_string(const char *in, char *out, size_t size);

#endif
