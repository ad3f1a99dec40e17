/*
 * JSON from outside, read strictly, and msgpack values written as JSON. Only front, analyzer and
 * client link this (target runtime_json), because only they link cJSON.
 *
 * cJSON accepts what is not JSON, loses digits, cuts text at \u0000, ignores the case of keys and
 * takes 80 bytes a node, so json_scan goes first and cJSON sees only text that passed.
 */
#ifndef WORKERS_RUNTIME_JSON_H
#define WORKERS_RUNTIME_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/error.h"
#include "protocol/value.h"

struct json_limits {
	unsigned depth;          /* nesting of arrays and objects; at most 1000, cJSON's own */
	unsigned nodes;          /* values of any kind, keys not counted */
};

/* A value, or a key between its quotes, as it stands in the text; borrowed from the text. */
struct json_span {
	const char *at;          /* NULL: there is no such member */
	size_t len;
};

/* ---- text from outside ---- */

/*
 * Strict RFC 8259 check of the whole text: UTF-8 without BOM, no raw control characters, paired
 * surrogates, no \u0000, numbers as the grammar says (of any length and size), bounded depth and
 * nodes, no duplicate keys in the top-level object (compared after undoing escapes), nothing after
 * the value but white space. ERR_MALFORMED; ERR_TOO_LARGE for depth or nodes; ERR_NO_MEMORY. On
 * failure *ret_offset (may be NULL) is the byte where it was noticed and *ret_why (may be NULL) a
 * static phrase. The text needs no NUL at its end. About 2 GB/s on Scalene's profiles.
 */
enum err json_scan(const char *text, size_t len, const struct json_limits *limits,
    size_t *ret_offset, const char **ret_why);

/* The raw text of a member of the top-level object of a text that passed json_scan (keys compare
 * after undoing escapes). at == NULL when the text is no object or has no such member. */
struct json_span json_member(const char *text, size_t len, const char *key);

/* Walks the members of a scanned object one by one: *cursor starts at 0. False, and nothing
 * written, at the end or when the text is no object. ret_key is the raw key between its quotes. */
bool json_next_member(const char *object, size_t len, size_t *cursor, struct json_span *ret_key,
    struct json_span *ret_value);
/* The same for the elements of a scanned array. */
bool json_next_element(const char *array, size_t len, size_t *cursor, struct json_span *ret_value);

/*
 * Scan and parse. *ret_json is owned by the caller (cJSON_Delete). Errors are json_scan's. Numbers
 * beyond a double's range become infinite. Members that appear twice in an object below the top
 * are both there; json_get finds the first.
 */
enum err json_parse(const char *text, size_t len, const struct json_limits *limits,
    cJSON **ret_json);

/* Case-sensitive member; NULL when `object` is NULL or no object. */
const cJSON *json_get(const cJSON *object, const char *key);

/*
 * JSON to msgpack: whole numbers up to 2^53 (3.0 and 3e0 too: cJSON does not tell them from 3)
 * become integers, other numbers floats, infinite ones nil. ERR_TOO_LARGE below
 * LIMIT_MSGPACK_DEPTH containers; what was written by then stays in the writer.
 */
enum err json_to_value(const cJSON *json, struct value_writer *w);

/* ---- text for outside ---- */

/*
 * A checked msgpack value as JSON text without white space, NUL-terminated. Floats are written with
 * the fewest of 15 to 17 digits that read back as the same double, whole ones below 1e17 without
 * fraction or exponent; NaN, infinities, nil and bin are null. The caller frees. NULL when out of
 * memory or not well-formed (a key that is no text, an extension type, bytes value_check refuses).
 */
char *json_from_value(struct value v);
char *json_from_object(const msgpack_object *o);    /* NULL is null */

/*
 * A growing text. After a failed allocation, or something that has no JSON form, every call does
 * nothing and `failed` is set. `at` has a NUL at at[len], and is NULL until something was added.
 */
struct json_text {
	char *at;
	size_t len, size;
	bool failed;
};
void json_text_init(struct json_text *t);
void json_text_fini(struct json_text *t);
/* As it is. */
void json_text_add(struct json_text *t, const char *raw, size_t len);
void json_text_adds(struct json_text *t, const char *raw);
void json_text_addf(struct json_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes; each byte that is not part of valid UTF-8 becomes U+FFFD. */
void json_text_quote(struct json_text *t, const char *text, size_t len);
/* As in json_from_value. */
void json_text_number(struct json_text *t, double v);
void json_text_object(struct json_text *t, const msgpack_object *o);

#endif
