#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/limits.h"
#include "workers/runtime/json_scan.h"

/* Up to 1.7.18 cJSON takes 63 bytes of a number and stumbles over the rest (CVE-2023-26819); not
 * every distribution carries the patch. */
#define NUMBER_MAX 63

/* ---- keys ---- */

/* A key's bytes with escapes undone, one by one. */
struct key_reader {
	const char *at, *end;
	bool plain;              /* holds no escapes */
	unsigned char rest[3];   /* of a code point that was escaped; last one first */
	unsigned rest_count;
};

unsigned
json_hex4(const char *at)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		unsigned c = (unsigned char)at[i];
		v = v << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

/* The UTF-8 form's first byte; the others go to r->rest. */
static int
encode(struct key_reader *r, unsigned code)
{
	static const unsigned lead[] = { 0x00, 0xc0, 0xe0, 0xf0 };
	unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;

	for (unsigned i = 0; i < more; i++, code >>= 6)
		r->rest[i] = (unsigned char)(0x80 | (code & 0x3f));
	r->rest_count = more;
	return (int)(lead[more] | code);
}

static int
undo_escape(struct key_reader *r)
{
	static const char names[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	char c = r->at[1];
	const char *name = strchr(names, c);
	unsigned code;

	if (c != 'u') {
		r->at += 2;
		return name != NULL ? bytes[name - names] : c;
	}
	code = json_hex4(r->at + 2);
	r->at += 6;
	if (code >= 0xd800 && code < 0xdc00) {
		code = 0x10000 + ((code - 0xd800) << 10) + (json_hex4(r->at + 2) - 0xdc00);
		r->at += 6;
	}
	return encode(r, code);
}

static int
next_byte(struct key_reader *r)
{
	if (r->rest_count > 0)
		return r->rest[--r->rest_count];
	if (r->at == r->end)
		return JSON_NOTHING;
	if (!r->plain && *r->at == '\\')
		return undo_escape(r);
	return (unsigned char)*r->at++;
}

static bool
has_escape(struct json_span key)
{
	return memchr(key.at, '\\', key.len) != NULL;
}

int
json_compare_keys(struct json_span a, struct json_span b, bool plain)
{
	struct key_reader ra = { a.at, a.at + a.len, !has_escape(a), { 0 }, 0 };
	struct key_reader rb = { b.at, b.at + b.len, plain || !has_escape(b), { 0 }, 0 };
	int ca, cb;

	if (ra.plain && rb.plain) {
		int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);
		return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
	}
	do {
		ca = next_byte(&ra);
		cb = next_byte(&rb);
	} while (ca == cb && ca != JSON_NOTHING);
	return ca - cb;
}

/* ---- walking text that was scanned ---- */

static const char *
past_space(const char *at, const char *end)
{
	while (at < end && json_is_space(*at))
		at++;
	return at;
}

const char *
json_skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

static const char *
past_scalar(const char *at, const char *end)
{
	while (at < end && !json_is_space(*at) && *at != ',' && *at != ']' && *at != '}')
		at++;
	return at;
}

static const char *
past_value(const char *at, const char *end)
{
	unsigned depth = 0;

	if (at < end && *at != '"' && *at != '[' && *at != '{')
		return past_scalar(at, end);
	while (at < end) {
		if (*at == '[' || *at == '{')
			depth++;
		else if ((*at == ']' || *at == '}') && depth > 0)
			depth--;
		at = *at == '"' ? json_skip_string(at, end) : at + 1;
		if (depth == 0)
			break;
	}
	return at;
}

/* The next thing inside a container: past the opening bracket or the comma. NULL at the end. */
static const char *
next_item(const char *text, const char *end, size_t cursor, char open)
{
	const char *at = past_space(text + cursor, end);

	if (at == end || *at != (cursor == 0 ? open : ','))
		return NULL;
	at = past_space(at + 1, end);
	return at == end || *at == ']' || *at == '}' ? NULL : at;
}

bool
json_next_element(const char *array, size_t len, size_t *cursor, struct json_span *ret_value)
{
	const char *end = array + len;
	const char *at = next_item(array, end, *cursor, '[');
	const char *after;

	if (at == NULL)
		return false;
	after = past_value(at, end);
	*ret_value = (struct json_span){ at, (size_t)(after - at) };
	*cursor = (size_t)(after - array);
	return true;
}

bool
json_next_member(const char *object, size_t len, size_t *cursor, struct json_span *ret_key,
    struct json_span *ret_value)
{
	const char *end = object + len;
	const char *key = next_item(object, end, *cursor, '{');
	const char *key_end, *at, *after;

	if (key == NULL || *key != '"')
		return false;
	key_end = json_skip_string(key, end);
	at = past_space(key_end, end);
	if (at == end || *at != ':')
		return false;
	at = past_space(at + 1, end);
	after = past_value(at, end);
	*ret_key = (struct json_span){ key + 1, (size_t)(key_end - key) - 2 };
	*ret_value = (struct json_span){ at, (size_t)(after - at) };
	*cursor = (size_t)(after - object);
	return true;
}

struct json_span
json_member(const char *text, size_t len, const char *key)
{
	struct json_span wanted = { key, strlen(key) }, found, value;
	size_t cursor = 0;

	while (json_next_member(text, len, &cursor, &found, &value))
		if (json_compare_keys(found, wanted, true) == 0)
			return value;
	return (struct json_span){ NULL, 0 };
}

/* ---- to cJSON ---- */

static bool
starts_number(char c)
{
	return c == '-' || (c >= '0' && c <= '9');
}

static size_t
number_size(const char *at, const char *end)
{
	const char *start = at;

	while (at < end && (starts_number(*at) || *at == '.' || *at == '+' || (*at | 0x20) == 'e'))
		at++;
	return (size_t)(at - start);
}

/* Writes the same double over the number in at most 24 characters and fills up with blanks. */
static void
shorten_number(char *at, size_t len)
{
	char last = at[len];
	double v;
	int written;

	at[len] = 0;
	v = strtod(at, NULL);
	at[len] = last;
	if (isinf(v))
		written = snprintf(at, len, "%s", v < 0 ? "-1e999" : "1e999");
	else
		written = snprintf(at, len, "%.17g", v);
	memset(at + written, ' ', len - (size_t)written);
}

/* `text` was scanned and has room for one byte more. */
static void
shorten_numbers(char *text, size_t len)
{
	char *at = text, *end = text + len;

	while (at < end) {
		size_t size = starts_number(*at) ? number_size(at, end) : 0;
		if (size > NUMBER_MAX)
			shorten_number(at, size);
		if (*at == '"')
			at += json_skip_string(at, end) - at;
		else
			at += size > 0 ? size : 1;
	}
}

static enum err
parse_long_numbers(const char *text, size_t len, cJSON **ret_json)
{
	char *copy = malloc(len + 1);
	cJSON *json;

	if (copy == NULL)
		return ERR_NO_MEMORY;
	memcpy(copy, text, len);
	copy[len] = 0;
	shorten_numbers(copy, len);
	json = cJSON_ParseWithLength(copy, len);
	free(copy);
	if (json == NULL)
		return ERR_NO_MEMORY;
	*ret_json = json;
	return OK;
}

enum err
json_parse(const char *text, size_t len, const struct json_limits *limits, cJSON **ret_json)
{
	size_t longest_number;
	enum err e = json_scan_measure(text, len, limits, NULL, NULL, &longest_number);
	cJSON *json;

	if (e != OK)
		return e;
	if (longest_number > NUMBER_MAX)
		return parse_long_numbers(text, len, ret_json);
	json = cJSON_ParseWithLength(text, len);
	if (json == NULL)
		return ERR_NO_MEMORY;       /* nothing else is left to be wrong */
	*ret_json = json;
	return OK;
}

const cJSON *
json_get(const cJSON *object, const char *key)
{
	if (!cJSON_IsObject(object))
		return NULL;
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* ---- to msgpack ---- */

static void
write_number(double v, struct value_writer *w)
{
	const double exact = 9007199254740992.0;

	if (v >= -exact && v <= exact && v == trunc(v))
		value_int(w, (int64_t)v);
	else
		value_real(w, v);
}

static size_t
count_children(const cJSON *json)
{
	size_t n = 0;

	for (const cJSON *child = json->child; child != NULL; child = child->next)
		n++;
	return n;
}

static enum err write_json(const cJSON *json, struct value_writer *w, unsigned depth);

static enum err
write_children(const cJSON *json, struct value_writer *w, unsigned depth)
{
	enum err e = OK;

	if (depth > LIMIT_MSGPACK_DEPTH)
		return ERR_TOO_LARGE;
	(cJSON_IsArray(json) ? value_array : value_map)(w, count_children(json));
	for (const cJSON *child = json->child; child != NULL && e == OK; child = child->next) {
		if (cJSON_IsObject(json))
			value_string(w, child->string);
		e = write_json(child, w, depth);
	}
	return e;
}

static enum err
write_json(const cJSON *json, struct value_writer *w, unsigned depth)
{
	if (cJSON_IsNull(json))
		value_nil(w);
	else if (cJSON_IsBool(json))
		value_bool(w, cJSON_IsTrue(json));
	else if (cJSON_IsNumber(json))
		write_number(json->valuedouble, w);
	else if (cJSON_IsString(json))
		value_string(w, json->valuestring);
	else if (cJSON_IsArray(json) || cJSON_IsObject(json))
		return write_children(json, w, depth + 1);
	else
		return ERR_MALFORMED;
	return OK;
}

enum err
json_to_value(const cJSON *json, struct value_writer *w)
{
	enum err e = write_json(json, w, 0);

	return e == OK && w->failed ? ERR_NO_MEMORY : e;
}
