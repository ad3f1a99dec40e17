#include "protocol/value.h"

#include <math.h>
#include <string.h>

#include "protocol/limits.h"

/* ---- writing ---- */

static int
write_packed(void *data, const char *bytes, size_t len)
{
	struct value_writer *w = data;

	if (w->failed)
		return -1;
	if (msgpack_sbuffer_write(&w->buffer, bytes, len) != 0)
		w->failed = true;
	return w->failed ? -1 : 0;
}

void
value_writer_init(struct value_writer *w)
{
	w->failed = false;
	msgpack_sbuffer_init(&w->buffer);
	msgpack_packer_init(&w->packer, w, write_packed);
}

void
value_writer_fini(struct value_writer *w)
{
	msgpack_sbuffer_destroy(&w->buffer);
}

void
value_map(struct value_writer *w, size_t count)
{
	msgpack_pack_map(&w->packer, count);
}

void
value_array(struct value_writer *w, size_t count)
{
	msgpack_pack_array(&w->packer, count);
}

void
value_nil(struct value_writer *w)
{
	msgpack_pack_nil(&w->packer);
}

void
value_bool(struct value_writer *w, bool v)
{
	if (v)
		msgpack_pack_true(&w->packer);
	else
		msgpack_pack_false(&w->packer);
}

void
value_int(struct value_writer *w, int64_t v)
{
	msgpack_pack_int64(&w->packer, v);
}

void
value_real(struct value_writer *w, double v)
{
	if (isfinite(v))
		msgpack_pack_double(&w->packer, v);
	else
		msgpack_pack_nil(&w->packer);
}

void
value_text(struct value_writer *w, struct text v)
{
	if (v.at == NULL) {
		value_nil(w);
		return;
	}
	msgpack_pack_str(&w->packer, v.len);
	msgpack_pack_str_body(&w->packer, v.at, v.len);
}

void
value_string(struct value_writer *w, const char *v)
{
	value_text(w, text_of(v));
}

void
value_bytes(struct value_writer *w, const void *at, size_t len)
{
	msgpack_pack_bin(&w->packer, len);
	msgpack_pack_bin_body(&w->packer, at, len);
}

void
value_raw(struct value_writer *w, struct value v)
{
	if (v.at == NULL)
		value_nil(w);
	else
		write_packed(w, (const char *)v.at, v.len);
}

void
value_put_bool(struct value_writer *w, const char *key, bool v)
{
	value_string(w, key);
	value_bool(w, v);
}

void
value_put_int(struct value_writer *w, const char *key, int64_t v)
{
	value_string(w, key);
	value_int(w, v);
}

void
value_put_real(struct value_writer *w, const char *key, double v)
{
	value_string(w, key);
	value_real(w, v);
}

void
value_put_string(struct value_writer *w, const char *key, const char *v)
{
	value_string(w, key);
	value_string(w, v);
}

void
value_put_text(struct value_writer *w, const char *key, struct text v)
{
	value_string(w, key);
	value_text(w, v);
}

void
value_put_raw(struct value_writer *w, const char *key, struct value v)
{
	value_string(w, key);
	value_raw(w, v);
}

struct value
value_done(const struct value_writer *w)
{
	if (w->failed || w->buffer.size == 0)
		return (struct value){ NULL, 0 };
	return (struct value){ (const uint8_t *)w->buffer.data, w->buffer.size };
}

/* The widest header (tag and 32-bit count), filled in when the count is known. */
static size_t
open_container(struct value_writer *w, uint8_t tag)
{
	const char header[5] = { (char)tag, 0, 0, 0, 0 };
	size_t at = w->buffer.size;

	write_packed(w, header, sizeof(header));
	return at;
}

static void
close_container(struct value_writer *w, size_t opened, uint32_t count)
{
	if (w->failed)
		return;
	for (int i = 0; i < 4; i++)
		w->buffer.data[opened + 1 + (size_t)i] = (char)(count >> (24 - 8 * i));
}

size_t
value_open_map(struct value_writer *w)
{
	return open_container(w, 0xdf);
}

void
value_close_map(struct value_writer *w, size_t opened, uint32_t pairs)
{
	close_container(w, opened, pairs);
}

size_t
value_open_array(struct value_writer *w)
{
	return open_container(w, 0xdd);
}

void
value_close_array(struct value_writer *w, size_t opened, uint32_t count)
{
	close_container(w, opened, count);
}

/* ---- walking ---- */

static bool
utf8_valid(const uint8_t *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		uint32_t c = s[i];
		size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;

		if (n == 0 || len - i < n)
			return false;
		for (size_t k = 1; k < n; k++)
			if ((s[i + k] & 0xc0) != 0x80)
				return false;
		if ((c == 0xe0 && s[i + 1] < 0xa0) || (c == 0xed && s[i + 1] > 0x9f) ||
		    (c == 0xf0 && s[i + 1] < 0x90) || (c == 0xf4 && s[i + 1] > 0x8f))
			return false;
		i += n;
	}
	return true;
}

enum shape { SHAPE_BAD, SHAPE_SCALAR, SHAPE_TEXT, SHAPE_BYTES, SHAPE_ARRAY, SHAPE_MAP };

/* How to read the header byte: what it starts, how many bytes of big-endian length (or of a number) follow. */
struct header {
	enum shape shape;
	uint8_t wide;
};

static const struct header wide_headers[32] = {
	[0x00] = { SHAPE_SCALAR, 0 },                                                  /* nil */
	[0x02] = { SHAPE_SCALAR, 0 }, [0x03] = { SHAPE_SCALAR, 0 },                    /* false, true */
	[0x04] = { SHAPE_BYTES, 1 }, [0x05] = { SHAPE_BYTES, 2 }, [0x06] = { SHAPE_BYTES, 4 },
	[0x0a] = { SHAPE_SCALAR, 4 }, [0x0b] = { SHAPE_SCALAR, 8 },                    /* floats */
	[0x0c] = { SHAPE_SCALAR, 1 }, [0x0d] = { SHAPE_SCALAR, 2 },
	[0x0e] = { SHAPE_SCALAR, 4 }, [0x0f] = { SHAPE_SCALAR, 8 },
	[0x10] = { SHAPE_SCALAR, 1 }, [0x11] = { SHAPE_SCALAR, 2 },
	[0x12] = { SHAPE_SCALAR, 4 }, [0x13] = { SHAPE_SCALAR, 8 },
	[0x19] = { SHAPE_TEXT, 1 }, [0x1a] = { SHAPE_TEXT, 2 }, [0x1b] = { SHAPE_TEXT, 4 },
	[0x1c] = { SHAPE_ARRAY, 2 }, [0x1d] = { SHAPE_ARRAY, 4 },
	[0x1e] = { SHAPE_MAP, 2 }, [0x1f] = { SHAPE_MAP, 4 },
};

struct item {
	enum shape shape;
	size_t header_len;       /* bytes before the payload or the first element */
	uint64_t count;          /* payload bytes, or elements (pairs for a map) */
};

static bool
read_item(const uint8_t *at, size_t len, struct item *ret_item)
{
	uint8_t b;
	struct header h;
	uint64_t n = 0;

	if (len == 0)
		return false;
	b = at[0];
	if (b < 0x80 || b >= 0xe0)
		*ret_item = (struct item){ SHAPE_SCALAR, 1, 0 };
	else if (b < 0x90)
		*ret_item = (struct item){ SHAPE_MAP, 1, b & 15u };
	else if (b < 0xa0)
		*ret_item = (struct item){ SHAPE_ARRAY, 1, b & 15u };
	else if (b < 0xc0)
		*ret_item = (struct item){ SHAPE_TEXT, 1, b & 31u };
	if (b < 0xc0 || b >= 0xe0)
		return true;
	h = wide_headers[b - 0xc0];
	if (h.shape == SHAPE_BAD || len < 1u + h.wide)
		return false;
	for (unsigned i = 0; i < h.wide; i++)
		n = n << 8 | at[1 + i];
	*ret_item = (struct item){ h.shape, 1u + h.wide, h.shape == SHAPE_SCALAR ? 0 : n };
	return true;
}

/* Consumes one header and, for text and bytes, the payload. */
static bool
take_item(const uint8_t *at, size_t len, size_t *pos, struct item *ret_item)
{
	struct item item;

	if (!read_item(at + *pos, len - *pos, &item))
		return false;
	*pos += item.header_len;
	if (item.count > len - *pos)
		return false;            /* every element takes a byte at least */
	if (item.shape == SHAPE_TEXT && !utf8_valid(at + *pos, (size_t)item.count))
		return false;
	if (item.shape == SHAPE_TEXT || item.shape == SHAPE_BYTES)
		*pos += (size_t)item.count;
	*ret_item = item;
	return true;
}

size_t
value_skip(const uint8_t *at, size_t len)
{
	uint64_t left[LIMIT_MSGPACK_DEPTH + 1];
	unsigned depth = 0, nodes = 0;
	size_t pos = 0;
	struct item item;

	left[0] = 1;
	while (left[depth] > 0 || depth > 0) {
		if (left[depth] == 0) {
			depth--;
			continue;
		}
		left[depth]--;
		if (++nodes > LIMIT_MSGPACK_NODES || !take_item(at, len, &pos, &item))
			return 0;
		if (item.shape != SHAPE_ARRAY && item.shape != SHAPE_MAP)
			continue;
		if (depth == LIMIT_MSGPACK_DEPTH)
			return 0;
		left[++depth] = item.shape == SHAPE_MAP ? 2 * item.count : item.count;
	}
	return pos;
}

bool
value_check(const uint8_t *at, size_t len)
{
	return at != NULL && len > 0 && value_skip(at, len) == len;
}

/* ---- reading ---- */

enum err
value_parse(struct value v, struct value_tree *ret_tree)
{
	size_t offset = 0;
	msgpack_unpack_return r;

	ret_tree->filled = false;
	if (v.at == NULL)
		return OK;
	if (!value_check(v.at, v.len))
		return ERR_MALFORMED;
	msgpack_unpacked_init(&ret_tree->unpacked);
	r = msgpack_unpack_next(&ret_tree->unpacked, (const char *)v.at, v.len, &offset);
	if (r != MSGPACK_UNPACK_SUCCESS || offset != v.len) {
		msgpack_unpacked_destroy(&ret_tree->unpacked);
		return r == MSGPACK_UNPACK_NOMEM_ERROR ? ERR_NO_MEMORY : ERR_MALFORMED;
	}
	ret_tree->filled = true;
	return OK;
}

void
value_tree_fini(struct value_tree *tree)
{
	if (tree->filled)
		msgpack_unpacked_destroy(&tree->unpacked);
	tree->filled = false;
}

static const msgpack_object nil_object = { .type = MSGPACK_OBJECT_NIL };

const msgpack_object *
value_root(const struct value_tree *tree)
{
	return tree->filled ? &tree->unpacked.data : &nil_object;
}

const msgpack_object *
value_get(const msgpack_object *map, const char *key)
{
	size_t len = strlen(key);

	if (map == NULL || map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object *k = &map->via.map.ptr[i].key;

		if (k->type == MSGPACK_OBJECT_STR && k->via.str.size == len && memcmp(k->via.str.ptr, key, len) == 0)
			return &map->via.map.ptr[i].val;
	}
	return NULL;
}

struct text
value_as_text(const msgpack_object *o)
{
	if (o == NULL || o->type != MSGPACK_OBJECT_STR)
		return (struct text){ NULL, 0 };
	/* msgpack-c may give no pointer for an empty text, which is not nil */
	return (struct text){ o->via.str.size == 0 ? "" : o->via.str.ptr, o->via.str.size };
}

double
value_as_real(const msgpack_object *o, double fallback)
{
	if (o == NULL)
		return fallback;
	switch (o->type) {
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		return o->via.f64;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		return (double)o->via.u64;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return (double)o->via.i64;
	default:
		return fallback;
	}
}

struct text
value_get_text(const msgpack_object *map, const char *key)
{
	return value_as_text(value_get(map, key));
}

int64_t
value_get_int(const msgpack_object *map, const char *key, int64_t fallback)
{
	const msgpack_object *o = value_get(map, key);

	if (o != NULL && o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 <= INT64_MAX)
		return (int64_t)o->via.u64;
	if (o != NULL && o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		return o->via.i64;
	return fallback;
}

double
value_get_real(const msgpack_object *map, const char *key, double fallback)
{
	return value_as_real(value_get(map, key), fallback);
}

bool
value_get_bool(const msgpack_object *map, const char *key, bool fallback)
{
	const msgpack_object *o = value_get(map, key);

	return o != NULL && o->type == MSGPACK_OBJECT_BOOLEAN ? o->via.boolean : fallback;
}

void
value_object(struct value_writer *w, const msgpack_object *o)
{
	msgpack_pack_object(&w->packer, *o);
}

/* ---- merging ---- */

static uint32_t
put_missing(struct value_writer *w, const msgpack_object *map, const msgpack_object *except)
{
	uint32_t count = 0;
	char key[256];

	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_kv *kv = &map->via.map.ptr[i];

		if (text_copy(value_as_text(&kv->key), key, sizeof(key)) && value_get(except, key) != NULL)
			continue;
		value_object(w, &kv->key);
		value_object(w, &kv->val);
		count++;
	}
	return count;
}

static bool
mapping_or_nil(const msgpack_object *o)
{
	return o->type == MSGPACK_OBJECT_MAP || o->type == MSGPACK_OBJECT_NIL;
}

enum err
value_merge(struct value_writer *w, struct value first, struct value second)
{
	struct value_tree a = { .filled = false }, b = { .filled = false };
	enum err e = value_parse(first, &a);
	uint32_t count = 0;
	size_t opened;

	if (e == OK)
		e = value_parse(second, &b);
	if (e == OK && !(mapping_or_nil(value_root(&a)) && mapping_or_nil(value_root(&b))))
		e = ERR_MALFORMED;
	if (e != OK)
		goto out;
	opened = value_open_map(w);
	if (value_root(&a)->type == MSGPACK_OBJECT_MAP)
		count += put_missing(w, value_root(&a), NULL);
	if (value_root(&b)->type == MSGPACK_OBJECT_MAP)
		count += put_missing(w, value_root(&b), value_root(&a));
	value_close_map(w, opened, count);
out:
	value_tree_fini(&a);
	value_tree_fini(&b);
	return e;
}
