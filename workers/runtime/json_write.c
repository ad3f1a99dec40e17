#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/runtime/json_scan.h"

#define TEXT_START 256

void
json_text_init(struct json_text *t)
{
	*t = (struct json_text){ NULL, 0, 0, false };
}

void
json_text_fini(struct json_text *t)
{
	free(t->at);
	json_text_init(t);
}

/* Room for `more` bytes and a NUL. */
static bool
reserve(struct json_text *t, size_t more)
{
	size_t size = t->size == 0 ? TEXT_START : t->size;
	char *grown;

	if (t->failed || more >= SIZE_MAX / 4 - t->len) {
		t->failed = true;
		return false;
	}
	if (t->len + more < t->size)
		return true;
	while (size <= t->len + more)
		size *= 2;
	grown = realloc(t->at, size);
	if (grown == NULL) {
		t->failed = true;
		return false;
	}
	t->at = grown;
	t->size = size;
	return true;
}

void
json_text_add(struct json_text *t, const char *raw, size_t len)
{
	if (len == 0 || !reserve(t, len))
		return;
	memcpy(t->at + t->len, raw, len);
	t->len += len;
	t->at[t->len] = 0;
}

void
json_text_adds(struct json_text *t, const char *raw)
{
	json_text_add(t, raw, strlen(raw));
}

void
json_text_addf(struct json_text *t, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0) {
		t->failed = true;
		return;
	}
	if (!reserve(t, (size_t)len))
		return;
	va_start(args, format);
	vsnprintf(t->at + t->len, (size_t)len + 1, format, args);
	va_end(args);
	t->len += (size_t)len;
}

/* ---- strings ---- */

static void
add_escape(struct json_text *t, unsigned char c)
{
	static const char names[] = "\"\\bfnrt", bytes[] = "\"\\\b\f\n\r\t";
	const char *byte = memchr(bytes, c, sizeof(bytes) - 1);

	if (byte != NULL)
		json_text_add(t, (char[]){ '\\', names[byte - bytes] }, 2);
	else
		json_text_addf(t, "\\u%04x", c);
}

/* The length of what can be copied as it is. */
static size_t
plain_size(const char *at, const char *end)
{
	const char *start = at;

	while (at < end) {
		unsigned char c = (unsigned char)*at;
		size_t size = c < 0x80 ? 1 : json_utf8_size(at, end);
		if (size == 0 || c < 0x20 || c == '"' || c == '\\')
			break;
		at += size;
	}
	return (size_t)(at - start);
}

void
json_text_quote(struct json_text *t, const char *text, size_t len)
{
	const char *at = text, *end = text + len;

	json_text_add(t, "\"", 1);
	while (at < end) {
		size_t plain = plain_size(at, end);
		json_text_add(t, at, plain);
		at += plain;
		if (at == end)
			break;
		if ((unsigned char)*at < 0x80)
			add_escape(t, (unsigned char)*at);
		else
			json_text_adds(t, "\xef\xbf\xbd");
		at++;
	}
	json_text_add(t, "\"", 1);
}

/* ---- numbers ---- */

/* The first precision at which the text reads back as the same double. */
static void
print_shortest(char *buf, size_t size, double v)
{
	for (int digits = fabs(v) >= DBL_MIN ? 15 : 1; digits <= 17; digits++) {
		snprintf(buf, size, "%.*g", digits, v);
		if (strtod(buf, NULL) == v)
			return;
	}
}

/* Whatever the locale puts between whole and fraction becomes a point. */
static void
use_point(char *buf)
{
	size_t own = strspn(buf, "+-0123456789e");
	size_t rest = own + strcspn(buf + own, "0123456789");

	if (buf[own] == 0)
		return;
	buf[own] = '.';
	memmove(buf + own + 1, buf + rest, strlen(buf + rest) + 1);
}

void
json_text_number(struct json_text *t, double v)
{
	char buf[48];

	if (!isfinite(v)) {
		json_text_adds(t, "null");
		return;
	}
	if (fabs(v) < 1e17 && v == trunc(v))
		snprintf(buf, sizeof(buf), "%.0f", v);
	else
		print_shortest(buf, sizeof(buf), v);
	use_point(buf);
	json_text_adds(t, buf);
}

/* ---- msgpack ---- */

static void
add_array(struct json_text *t, const msgpack_object_array *a)
{
	json_text_add(t, "[", 1);
	for (uint32_t i = 0; i < a->size && !t->failed; i++) {
		json_text_add(t, ",", i > 0);
		json_text_object(t, &a->ptr[i]);
	}
	json_text_add(t, "]", 1);
}

static void
add_map(struct json_text *t, const msgpack_object_map *m)
{
	json_text_add(t, "{", 1);
	for (uint32_t i = 0; i < m->size && !t->failed; i++) {
		const msgpack_object *key = &m->ptr[i].key;
		if (key->type != MSGPACK_OBJECT_STR) {
			t->failed = true;
			return;
		}
		json_text_add(t, ",", i > 0);
		json_text_quote(t, key->via.str.ptr, key->via.str.size);
		json_text_add(t, ":", 1);
		json_text_object(t, &m->ptr[i].val);
	}
	json_text_add(t, "}", 1);
}

void
json_text_object(struct json_text *t, const msgpack_object *o)
{
	switch (o == NULL ? MSGPACK_OBJECT_NIL : o->type) {
	case MSGPACK_OBJECT_NIL:
	case MSGPACK_OBJECT_BIN:
		json_text_adds(t, "null");
		break;
	case MSGPACK_OBJECT_BOOLEAN:
		json_text_adds(t, o->via.boolean ? "true" : "false");
		break;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		json_text_addf(t, "%" PRIu64, o->via.u64);
		break;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		json_text_addf(t, "%" PRId64, o->via.i64);
		break;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		json_text_number(t, o->via.f64);
		break;
	case MSGPACK_OBJECT_STR:
		json_text_quote(t, o->via.str.ptr, o->via.str.size);
		break;
	case MSGPACK_OBJECT_ARRAY:
		add_array(t, &o->via.array);
		break;
	case MSGPACK_OBJECT_MAP:
		add_map(t, &o->via.map);
		break;
	default:
		t->failed = true;
		break;
	}
}

char *
json_from_object(const msgpack_object *o)
{
	struct json_text t;

	json_text_init(&t);
	json_text_object(&t, o);
	if (t.failed)
		json_text_fini(&t);
	return t.at;
}

char *
json_from_value(struct value v)
{
	struct value_tree tree;
	char *json = NULL;

	if (value_parse(v, &tree) == OK)
		json = json_from_object(value_root(&tree));
	value_tree_fini(&tree);
	return json;
}
