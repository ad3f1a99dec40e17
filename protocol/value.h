/*
 * msgpack values: one writer, one check of hostile bytes, one reader.
 *
 * msgpack-c reserves memory for whatever length a header claims and checks no UTF-8, so
 * nothing is given to it before value_check has walked it.
 */
#ifndef PROTOCOL_VALUE_H
#define PROTOCOL_VALUE_H

#include <msgpack.h>
#include <stdbool.h>

#include "protocol/message.h"

/* ---- writing ---- */

/* A growing buffer and what is packed into it. After a failed allocation every call does nothing and
 * value_done returns nil. */
struct value_writer {
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	bool failed;
};

void value_writer_init(struct value_writer *w);
void value_writer_fini(struct value_writer *w);

/* Announce a container; exactly `count` values (2 x `count` for a map) must follow. */
void value_map(struct value_writer *w, size_t count);
void value_array(struct value_writer *w, size_t count);

void value_nil(struct value_writer *w);
void value_bool(struct value_writer *w, bool v);
void value_int(struct value_writer *w, int64_t v);
void value_real(struct value_writer *w, double v);       /* NaN and infinities are written as nil */
void value_text(struct value_writer *w, struct text v);  /* nil text is written as nil */
void value_string(struct value_writer *w, const char *v);
void value_bytes(struct value_writer *w, const void *at, size_t len);   /* msgpack bin */
void value_raw(struct value_writer *w, struct value v);  /* an encoded value as it is; nil for nil */

/* Key and value of a map in one call. */
void value_put_bool(struct value_writer *w, const char *key, bool v);
void value_put_int(struct value_writer *w, const char *key, int64_t v);
void value_put_real(struct value_writer *w, const char *key, double v);
void value_put_string(struct value_writer *w, const char *key, const char *v);
void value_put_text(struct value_writer *w, const char *key, struct text v);
void value_put_raw(struct value_writer *w, const char *key, struct value v);

/* What was written so far, borrowed from the writer until its next use; nil when it failed. */
struct value value_done(const struct value_writer *w);

/*
 * A map whose size is not known beforehand: value_open_map, any number of value_put_*, each counted by
 * the caller, then value_close_map with what value_open_map returned and the number of pairs.
 */
size_t value_open_map(struct value_writer *w);
void value_close_map(struct value_writer *w, size_t opened, uint32_t pairs);
size_t value_open_array(struct value_writer *w);
void value_close_array(struct value_writer *w, size_t opened, uint32_t count);

/* ---- checking and walking encoded bytes ---- */

/*
 * The length of the value that starts at `at`, or 0 when it is not one whole well-formed value within
 * `len` bytes: bounded depth and node count (limits.h), every length inside the buffer, text valid
 * UTF-8, no extension types.
 */
size_t value_skip(const uint8_t *at, size_t len);

/* Exactly one value, nothing after it. */
bool value_check(const uint8_t *at, size_t len);

/* ---- reading ---- */

/* An unpacked value. Objects borrow from the encoded bytes and from the zone inside. */
struct value_tree {
	msgpack_unpacked unpacked;
	bool filled;
};

/* Checks and unpacks. ERR_MALFORMED, and an empty tree, when the bytes are not acceptable; a nil value
 * gives a tree whose root is nil. Free with value_tree_fini, also after failure. */
enum err value_parse(struct value v, struct value_tree *ret_tree);
void value_tree_fini(struct value_tree *tree);
const msgpack_object *value_root(const struct value_tree *tree);

/* The member of a map, NULL when `map` is NULL, not a map, or has no such key. The first one wins. */
const msgpack_object *value_get(const msgpack_object *map, const char *key);

/* Typed reads: the fallback when the object is NULL or of another type. value_get_real takes integers
 * too. Texts borrow. */
struct text value_get_text(const msgpack_object *map, const char *key);
int64_t value_get_int(const msgpack_object *map, const char *key, int64_t fallback);
double value_get_real(const msgpack_object *map, const char *key, double fallback);
bool value_get_bool(const msgpack_object *map, const char *key, bool fallback);
struct text value_as_text(const msgpack_object *o);
double value_as_real(const msgpack_object *o, double fallback);

/* Re-encodes an object. */
void value_object(struct value_writer *w, const msgpack_object *o);

/*
 * Writes into `w` the map that has all members of `first` and those of `second` whose keys `first` does
 * not have, in that order. Either may be nil. ERR_MALFORMED when one of them is not a map.
 */
enum err value_merge(struct value_writer *w, struct value first, struct value second);

#endif
