#include "protocol/frame.h"

#include <math.h>
#include <string.h>

#include "protocol/limits.h"

#define ENVELOPE_FIELDS 6
#define NIL_BYTE 0xc0
#define FIELDS_MAX 32

/* ---- scalars of an encoded value; value_skip has passed over it already ---- */

static bool
is_nil(struct value v)
{
	return v.len == 1 && v.at[0] == NIL_BYTE;
}

static bool
unpack_scalar(struct value v, msgpack_object *ret_object)
{
	msgpack_unpacked u;
	size_t offset = 0;
	bool ok;

	msgpack_unpacked_init(&u);
	ok = msgpack_unpack_next(&u, (const char *)v.at, v.len, &offset) == MSGPACK_UNPACK_SUCCESS;
	if (ok)
		*ret_object = u.data;    /* texts point into v, numbers are copies */
	msgpack_unpacked_destroy(&u);
	return ok;
}

static bool
as_int(const msgpack_object *o, int64_t *ret_v)
{
	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 <= INT64_MAX)
		*ret_v = (int64_t)o->via.u64;
	else if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		*ret_v = o->via.i64;
	else
		return false;
	return true;
}

/* The first `count` elements of an encoded array of exactly that length, as spans. */
static bool
split_array(struct value encoded, unsigned count, struct value *ret_items)
{
	size_t pos = 1;

	if (encoded.at == NULL || encoded.len == 0)
		return false;
	if (encoded.at[0] == 0xdc) {
		if (encoded.len < 3 || (unsigned)(encoded.at[1] << 8 | encoded.at[2]) != count)
			return false;
		pos = 3;
	} else if (count > 15 || encoded.at[0] != (0x90 | count)) {
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		size_t n = value_skip(encoded.at + pos, encoded.len - pos);

		if (n == 0)
			return false;
		ret_items[i] = (struct value){ encoded.at + pos, n };
		pos += n;
	}
	return pos == encoded.len;
}

/* ---- envelope ---- */

enum err
frame_encode(const struct frame *f, struct value_writer *w)
{
	const struct msg_info *info = msg_info(f->type);

	if (info == NULL)
		return ERR_INTERNAL;
	if (f->body.len > info->body_max || f->body.len + 64 > LIMIT_FRAME)
		return ERR_TOO_LARGE;
	value_array(w, ENVELOPE_FIELDS);
	value_int(w, FRAME_VERSION);
	value_int(w, f->type);
	value_int(w, (int64_t)f->request);
	value_int(w, f->incarnation);
	value_int(w, f->deadline_ms);
	value_raw(w, f->body);
	return w->failed ? ERR_NO_MEMORY : OK;
}

enum err
frame_decode(const uint8_t *bytes, size_t len, struct frame *ret_f)
{
	struct value items[ENVELOPE_FIELDS];
	int64_t numbers[ENVELOPE_FIELDS - 1];
	const struct msg_info *info;

	if (len > LIMIT_FRAME)
		return ERR_TOO_LARGE;
	if (!split_array((struct value){ bytes, len }, ENVELOPE_FIELDS, items))
		return ERR_MALFORMED;
	for (unsigned i = 0; i < ENVELOPE_FIELDS - 1; i++) {
		msgpack_object o;

		if (items[i].len > 9 || !unpack_scalar(items[i], &o) || !as_int(&o, &numbers[i]))
			return ERR_MALFORMED;
	}
	if (numbers[0] != FRAME_VERSION || numbers[1] < 0 || numbers[1] >= MSG_TYPE_END)
		return ERR_MALFORMED;
	info = msg_info((enum msg_type)numbers[1]);
	if (info == NULL || numbers[2] < 0 || numbers[3] < 0 || numbers[3] > UINT32_MAX || numbers[4] < 0)
		return ERR_MALFORMED;
	if (items[5].len > info->body_max)
		return ERR_TOO_LARGE;
	*ret_f = (struct frame){ (enum msg_type)numbers[1], (uint64_t)numbers[2], (uint32_t)numbers[3], numbers[4], items[5] };
	return OK;
}

/* ---- body fields ---- */

static void
encode_blob(const struct blob *b, struct value_writer *w)
{
	if (b->bytes.at != NULL) {
		value_bytes(w, b->bytes.at, b->bytes.len);
	} else if (b->file.at != NULL) {
		value_array(w, 3);
		value_text(w, b->file);
		value_int(w, (int64_t)b->size);
		value_bytes(w, b->sha256, SHA256_SIZE);
	} else {
		value_nil(w);
	}
}

static bool
decode_blob_file(struct value v, struct blob *ret_blob)
{
	struct value items[3];
	msgpack_object name, size, hash;
	int64_t n;

	if (!split_array(v, 3, items) || !unpack_scalar(items[0], &name) || !unpack_scalar(items[1], &size) ||
	    !unpack_scalar(items[2], &hash))
		return false;
	if (name.type != MSGPACK_OBJECT_STR || name.via.str.size == 0 || name.via.str.size > SPOOL_NAME_MAX)
		return false;
	if (!as_int(&size, &n) || n < 0 || n > (int64_t)LIMIT_SPOOL_FILE)
		return false;
	if (hash.type != MSGPACK_OBJECT_BIN || hash.via.bin.size != SHA256_SIZE)
		return false;
	*ret_blob = (struct blob){ .file = { name.via.str.ptr, name.via.str.size }, .size = (uint64_t)n };
	memcpy(ret_blob->sha256, hash.via.bin.ptr, SHA256_SIZE);
	return true;
}

static bool
decode_blob(struct value v, uint32_t max, struct blob *ret_blob)
{
	msgpack_object o;

	if ((v.at[0] & 0xf0) == 0x90 || v.at[0] == 0xdc)
		return decode_blob_file(v, ret_blob);
	if (!unpack_scalar(v, &o) || o.type != MSGPACK_OBJECT_BIN || o.via.bin.size > max)
		return false;
	*ret_blob = (struct blob){ .bytes = {
		o.via.bin.size == 0 ? (const uint8_t *)"" : (const uint8_t *)o.via.bin.ptr, o.via.bin.size } };
	return true;
}

/* True when `v` may stand in the field; *at (may be NULL) then holds the C value. */
static bool
decode_field(const struct field_info *field, struct value v, void *at)
{
	union {
		bool b;
		int64_t i;
		double d;
		struct text t;
		struct blob blob;
		struct value v;
	} u;
	msgpack_object o = { .type = MSGPACK_OBJECT_NIL };
	size_t size = 0;
	bool nil = is_nil(v);

	memset(&u, 0, sizeof(u));
	if (nil && field->presence == PRESENCE_REQUIRED)
		return false;
	if (!nil && field->type != FIELD_VALUE && field->type != FIELD_BLOB && !unpack_scalar(v, &o))
		return false;
	switch (field->type) {
	case FIELD_BOOL:
		size = sizeof(u.b);
		if (!nil && o.type != MSGPACK_OBJECT_BOOLEAN)
			return false;
		u.b = !nil && o.via.boolean;
		break;
	case FIELD_INT:
		size = sizeof(u.i);
		if (!nil && !as_int(&o, &u.i))
			return false;
		break;
	case FIELD_REAL:
		size = sizeof(u.d);
		u.d = nil ? (double)NAN : value_as_real(&o, (double)NAN);
		if (!nil && !isfinite(u.d))
			return false;
		break;
	case FIELD_TEXT:
		size = sizeof(u.t);
		if (!nil && (o.type != MSGPACK_OBJECT_STR || o.via.str.size > field->max))
			return false;
		u.t = value_as_text(&o);
		break;
	case FIELD_BLOB:
		size = sizeof(u.blob);
		if (!nil && !decode_blob(v, field->max, &u.blob))
			return false;
		break;
	case FIELD_VALUE:
		size = sizeof(u.v);
		if (v.len > field->max)
			return false;
		u.v = nil ? (struct value){ NULL, 0 } : v;
		break;
	}
	if (at != NULL)
		memcpy(at, &u, size);
	return true;
}

bool
field_accepts(const struct field_info *field, struct value encoded)
{
	return encoded.at != NULL && decode_field(field, encoded, NULL);
}

/* ---- body ---- */

static enum err
encode_field(const struct field_info *field, const void *at, struct value_writer *w)
{
	size_t before = w->buffer.size;
	struct value written;

	switch (field->type) {
	case FIELD_BOOL:
		value_bool(w, *(const bool *)at);
		break;
	case FIELD_INT:
		value_int(w, *(const int64_t *)at);
		break;
	case FIELD_REAL:
		value_real(w, *(const double *)at);
		break;
	case FIELD_TEXT:
		value_text(w, *(const struct text *)at);
		break;
	case FIELD_BLOB:
		encode_blob(at, w);
		break;
	case FIELD_VALUE:
		value_raw(w, *(const struct value *)at);
		break;
	}
	if (w->failed)
		return ERR_NO_MEMORY;
	written = (struct value){ (const uint8_t *)w->buffer.data + before, w->buffer.size - before };
	if (is_nil(written))
		return field->presence == PRESENCE_NIL ? OK : ERR_INVALID_ARGUMENT;
	if (!value_check(written.at, written.len))
		return ERR_MALFORMED;
	return decode_field(field, written, NULL) ? OK : ERR_TOO_LARGE;
}

enum err
body_encode(enum msg_type type, const void *body, struct value_writer *w)
{
	const struct msg_info *info = msg_info(type);
	size_t before = w->buffer.size;
	enum err e = OK;

	if (info == NULL)
		return ERR_INTERNAL;
	value_array(w, info->field_count);
	for (unsigned i = 0; i < info->field_count && e == OK; i++)
		e = encode_field(&info->fields[i], (const char *)body + info->fields[i].offset, w);
	if (e == OK && w->failed)
		e = ERR_NO_MEMORY;
	if (e == OK && w->buffer.size - before > info->body_max)
		e = ERR_TOO_LARGE;
	return e;
}

enum err
body_split(enum msg_type type, struct value encoded, struct value *ret_fields)
{
	const struct msg_info *info = msg_info(type);
	struct value items[FIELDS_MAX];

	if (info == NULL || info->field_count > FIELDS_MAX)
		return ERR_INTERNAL;
	if (encoded.len > info->body_max || !split_array(encoded, info->field_count, items))
		return ERR_MALFORMED;
	for (unsigned i = 0; i < info->field_count; i++)
		if (!decode_field(&info->fields[i], items[i], NULL))
			return ERR_MALFORMED;
	memcpy(ret_fields, items, info->field_count * sizeof(items[0]));
	return OK;
}

enum err
body_decode(enum msg_type type, struct value encoded, void *ret_body)
{
	const struct msg_info *info = msg_info(type);
	struct value items[FIELDS_MAX];
	enum err e = body_split(type, encoded, items);

	if (e != OK)
		return e;
	memset(ret_body, 0, info->body_size);
	for (unsigned i = 0; i < info->field_count; i++)
		decode_field(&info->fields[i], items[i], (char *)ret_body + info->fields[i].offset);
	return OK;
}
