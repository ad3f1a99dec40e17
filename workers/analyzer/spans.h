/*
 * Values of JSON text that passed json_scan, taken straight from the text: a profile of hundreds of
 * megabytes never becomes a tree. None of these functions reads outside its span.
 */
#ifndef WORKERS_ANALYZER_SPANS_H
#define WORKERS_ANALYZER_SPANS_H

#include <stdbool.h>
#include <stdint.h>

#include "workers/analyzer/arena.h"
#include "workers/runtime/json.h"

/* The kind of a value, by its first character. */
bool span_is_object(struct json_span s);
bool span_is_array(struct json_span s);

/* Whether a raw key is `name`. A key written with needless escapes is not recognised; Scalene
 * writes none. */
bool span_key_is(struct json_span key, const char *name);

/* False, and *ret_number untouched, when the value is no number, or one of more than 400
 * characters. A number beyond double's range is infinite. */
bool span_number(struct json_span s, double *ret_number);

bool span_true(struct json_span s);

/*
 * The text of a string value, escapes undone, at most `max` bytes, in the arena. The empty text
 * when it is no string. span_key does the same for a raw key between its quotes.
 */
struct text span_text(struct json_span s, size_t max, struct arena *a);
struct text span_key(struct json_span key, size_t max, struct arena *a);

/* Undoes JSON escapes of the raw characters between quotes into `buf`, at most `size` bytes, never
 * ending inside a character. Returns the length. */
size_t span_unescape(struct json_span raw, char *buf, size_t size);

#endif
