/*
 * What json_scan.c (checks), json_parse.c (reads what was checked) and json_write.c share;
 * everybody else includes json.h.
 */
#ifndef WORKERS_RUNTIME_JSON_SCAN_H
#define WORKERS_RUNTIME_JSON_SCAN_H

#include "workers/runtime/json.h"

/* cJSON stops at this nesting (CJSON_NESTING_LIMIT), so a scan never lets more through. */
#define JSON_SCAN_DEPTH 1000u

/* json_scan; also writes the length of the longest number, in bytes, when the text passes. */
enum err json_scan_measure(const char *text, size_t len, const struct json_limits *limits,
    size_t *ret_offset, const char **ret_why, size_t *ret_longest_number);

/*
 * The length (1 to 4) of the UTF-8 sequence at `at`, 0 when there is no valid one before `end`: no
 * overlong form, no surrogate, nothing above U+10FFFF (RFC 3629 4).
 */
size_t json_utf8_size(const char *at, const char *end);

/* No byte and no value: beside 0 to 255, or 0 to 65535. */
#define JSON_NOTHING (-1)

/* The value of four hexadecimal digits, which must be there. */
unsigned json_hex4(const char *at);

/*
 * Orders two raw keys by their bytes after undoing escapes. Negative, 0 or positive. `plain`: b is
 * no raw key but text to be taken as it is.
 */
int json_compare_keys(struct json_span a, struct json_span b, bool plain);

static inline bool
json_is_space(int c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Past the string whose opening quote is at `at`, in text that was scanned; never past `end`. */
const char *json_skip_string(const char *at, const char *end);

#endif
