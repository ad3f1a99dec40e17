#include "workers/store/result.h"

#include <math.h>
#include <string.h>

#define ROOM_LEFT_OUT 1024               /* kept free for `left_out` */
#define ROOM_WARNINGS 8192               /* kept free for `warnings` and `left_out` */
#define LEFT_OUT_NAME 48                 /* longer names are not told */

void
result_init(struct result *r)
{
	value_writer_init(&r->w);
	r->opened = value_open_map(&r->w);
	r->pairs = 0;
	r->key_count = 0;
	r->left_out_count = 0;
}

void
result_fini(struct result *r)
{
	value_writer_fini(&r->w);
}

static bool
has_key(const struct result *r, struct text key)
{
	for (unsigned i = 0; i < r->key_count; i++)
		if (r->keys[i].len == key.len && memcmp(r->keys[i].at, key.at, key.len) == 0)
			return true;
	return false;
}

static void
leave_out(struct result *r, struct text key)
{
	if (r->left_out_count < RESULT_LEFT_OUT && key.len <= LEFT_OUT_NAME)
		r->left_out[r->left_out_count++] = key;
}

/* Writes the key when it is a new one; the value must follow, then member_end with what this
 * returned. */
static bool
member_begin(struct result *r, struct text key, size_t *ret_mark)
{
	if (has_key(r, key))
		return false;
	if (r->key_count == RESULT_KEYS) {
		leave_out(r, key);
		return false;
	}
	*ret_mark = r->w.buffer.size;
	value_text(&r->w, key);
	return true;
}

static void
member_end(struct result *r, struct text key, size_t mark, size_t room)
{
	if (r->w.buffer.size + room > RESULT_MAX) {
		r->w.buffer.size = mark;
		leave_out(r, key);
		return;
	}
	r->keys[r->key_count++] = key;
	r->pairs++;
}

void
result_text(struct result *r, const char *key, struct text v)
{
	size_t mark;

	if (v.at == NULL || !member_begin(r, text_of(key), &mark))
		return;
	value_text(&r->w, v);
	member_end(r, text_of(key), mark, ROOM_WARNINGS);
}

void
result_string(struct result *r, const char *key, const char *v)
{
	result_text(r, key, text_of(v));
}

void
result_real(struct result *r, const char *key, double v)
{
	size_t mark;

	if (!isfinite(v) || !member_begin(r, text_of(key), &mark))
		return;
	value_real(&r->w, v);
	member_end(r, text_of(key), mark, ROOM_WARNINGS);
}

void
result_value(struct result *r, const char *key, struct value v)
{
	size_t mark;

	if (v.at == NULL || !member_begin(r, text_of(key), &mark))
		return;
	value_raw(&r->w, v);
	member_end(r, text_of(key), mark, ROOM_WARNINGS);
}

static void
add_member(struct result *r, const msgpack_object_kv *pair)
{
	struct text key = value_as_text(&pair->key);
	size_t mark;

	if (key.at == NULL || text_is(key, "warnings") || !member_begin(r, key, &mark))
		return;
	value_object(&r->w, &pair->val);
	member_end(r, key, mark, ROOM_WARNINGS);
}

enum err
result_members(struct result *r, const msgpack_object *map)
{
	if (map == NULL || map->type == MSGPACK_OBJECT_NIL)
		return OK;
	if (map->type != MSGPACK_OBJECT_MAP)
		return ERR_INVALID_ARGUMENT;
	for (uint32_t i = 0; i < map->via.map.size; i++)
		add_member(r, &map->via.map.ptr[i]);
	return OK;
}

/* As many elements as there is room for. */
static uint32_t
add_elements(struct result *r, const msgpack_object *array)
{
	uint32_t count = 0;

	if (array == NULL || array->type != MSGPACK_OBJECT_ARRAY)
		return 0;
	for (uint32_t i = 0; i < array->via.array.size; i++) {
		size_t mark = r->w.buffer.size;

		value_object(&r->w, &array->via.array.ptr[i]);
		if (r->w.buffer.size + ROOM_LEFT_OUT > RESULT_MAX) {
			r->w.buffer.size = mark;
			leave_out(r, text_of("warnings"));
			return count;
		}
		count++;
	}
	return count;
}

void
result_warnings(struct result *r, const msgpack_object *first, const msgpack_object *second)
{
	struct text key = text_of("warnings");
	size_t mark, opened;
	uint32_t count;

	if (!member_begin(r, key, &mark))
		return;
	opened = value_open_array(&r->w);
	count = add_elements(r, value_get(first, "warnings"));
	count += add_elements(r, value_get(second, "warnings"));
	value_close_array(&r->w, opened, count);
	member_end(r, key, mark, ROOM_LEFT_OUT);
}

static void
name_left_out(struct result *r)
{
	if (r->left_out_count == 0)
		return;
	value_string(&r->w, "left_out");
	value_array(&r->w, r->left_out_count);
	for (unsigned i = 0; i < r->left_out_count; i++)
		value_text(&r->w, r->left_out[i]);
	r->pairs++;
}

enum err
result_finish(struct result *r, struct value_writer *w)
{
	struct value whole;

	name_left_out(r);
	value_close_map(&r->w, r->opened, r->pairs);
	whole = value_done(&r->w);
	if (whole.at == NULL)
		return ERR_NO_MEMORY;
	if (!value_check(whole.at, whole.len))
		return ERR_CORRUPT;
	value_raw(w, whole);
	return OK;
}
