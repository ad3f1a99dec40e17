#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/limits.h"
#include "protocol/value.h"

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static const struct { const char *what; const uint8_t *at; size_t len; bool ok; } cases[] = {
	{ "nil", BYTES(0xc0), true },
	{ "number", BYTES(0xcd, 1, 2), true },
	{ "text", BYTES(0xa2, 'a', 'b'), true },
	{ "map", BYTES(0x81, 0xa1, 'k', 1), true },
	{ "empty array", BYTES(0x90), true },
	{ "two-byte UTF-8", BYTES(0xa2, 0xc3, 0xa9), true },
	{ "nothing", BYTES(0xc0), true },
	{ "two values", BYTES(0xc0, 0xc0), false },
	{ "cut number", BYTES(0xcd, 1), false },
	{ "cut text", BYTES(0xa3, 'a', 'b'), false },
	{ "array without its elements", BYTES(0x92, 1), false },
	{ "map without its last value", BYTES(0x81, 0xa1, 'k'), false },
	{ "2^29 elements claimed in five bytes", BYTES(0xdd, 0x20, 0, 0, 0), false },
	{ "4 GB of text claimed", BYTES(0xdb, 0xff, 0xff, 0xff, 0xff, 'x'), false },
	{ "reserved header", BYTES(0xc1), false },
	{ "extension", BYTES(0xd4, 1, 2), false },
	{ "extension with a length", BYTES(0xc7, 1, 1, 2), false },
	{ "lone continuation byte", BYTES(0xa1, 0x80), false },
	{ "overlong slash", BYTES(0xa2, 0xc0, 0xaf), false },
	{ "surrogate in UTF-8", BYTES(0xa3, 0xed, 0xa0, 0x80), false },
	{ "beyond U+10FFFF", BYTES(0xa4, 0xf4, 0x90, 0x80, 0x80), false },
	{ "cut UTF-8", BYTES(0xa2, 0xe2, 0x82), false },
};

static void
hostile_bytes(void **state)
{
	struct value_tree tree;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (value_check(cases[i].at, cases[i].len) != cases[i].ok)
			fail_msg("%s", cases[i].what);
		assert_int_equal(value_parse((struct value){ cases[i].at, cases[i].len }, &tree),
		    cases[i].ok ? OK : ERR_MALFORMED);
		value_tree_fini(&tree);
	}
	assert_false(value_check(NULL, 0));
}

static void
depth_is_bounded(void **state)
{
	uint8_t bytes[100];

	(void)state;
	memset(bytes, 0x91, sizeof(bytes));
	bytes[LIMIT_MSGPACK_DEPTH] = 0xc0;
	assert_true(value_check(bytes, LIMIT_MSGPACK_DEPTH + 1));
	bytes[LIMIT_MSGPACK_DEPTH] = 0x91;
	bytes[LIMIT_MSGPACK_DEPTH + 1] = 0xc0;
	assert_false(value_check(bytes, LIMIT_MSGPACK_DEPTH + 2));
}

static void
what_is_accepted_unpacks(void **state)
{
	unsigned accepted = 0;

	(void)state;
	srand(7);
	for (int i = 0; i < 200000; i++) {
		uint8_t bytes[24];
		size_t len = 1 + (size_t)rand() % sizeof(bytes);
		struct value_tree tree;

		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)(rand() % 3 == 0 ? 0x90 + rand() % 16 : rand());
		if (!value_check(bytes, len))
			continue;
		accepted++;
		assert_int_equal(value_parse((struct value){ bytes, len }, &tree), OK);
		value_tree_fini(&tree);
	}
	assert_true(accepted > 1000);
}

static void
writing_and_reading(void **state)
{
	struct value_writer w;
	struct value_tree tree;
	const msgpack_object *root;
	size_t map, list;

	(void)state;
	value_writer_init(&w);
	map = value_open_map(&w);
	value_put_string(&w, "text", "é");
	value_put_int(&w, "int", INT64_MIN);
	value_put_real(&w, "real", 0.1);
	value_put_real(&w, "nan", (double)NAN);
	value_put_bool(&w, "yes", true);
	value_string(&w, "list");
	list = value_open_array(&w);
	value_int(&w, 1);
	value_close_array(&w, list, 1);
	value_close_map(&w, map, 6);
	assert_int_equal(value_parse(value_done(&w), &tree), OK);
	root = value_root(&tree);
	assert_true(text_is(value_get_text(root, "text"), "é"));
	assert_true(value_get_int(root, "int", 0) == INT64_MIN);
	assert_true(value_get_real(root, "real", 0) == 0.1);
	assert_int_equal(value_get(root, "nan")->type, MSGPACK_OBJECT_NIL);
	assert_true(value_get_bool(root, "yes", false));
	assert_int_equal(value_get(root, "list")->via.array.size, 1);
	assert_null(value_get(root, "absent"));
	assert_int_equal(value_get_int(root, "text", -3), -3);
	assert_null(value_get_text(root, "int").at);
	value_tree_fini(&tree);
	value_writer_fini(&w);
}

static struct value
map_of(struct value_writer *w, const char *key, int64_t v, const char *key2, int64_t v2)
{
	value_writer_init(w);
	value_map(w, 2);
	value_put_int(w, key, v);
	value_put_int(w, key2, v2);
	return value_done(w);
}

static void
merging(void **state)
{
	struct value_writer a, b, w;
	struct value first = map_of(&a, "x", 1, "y", 2), second = map_of(&b, "y", 3, "z", 4);
	struct value_tree tree;

	(void)state;
	value_writer_init(&w);
	assert_int_equal(value_merge(&w, first, second), OK);
	assert_int_equal(value_parse(value_done(&w), &tree), OK);
	assert_int_equal(value_root(&tree)->via.map.size, 3);
	assert_int_equal(value_get_int(value_root(&tree), "y", 0), 2);
	assert_int_equal(value_get_int(value_root(&tree), "z", 0), 4);
	value_tree_fini(&tree);
	assert_int_equal(value_merge(&w, first, (struct value){ (const uint8_t *)"\x01", 1 }), ERR_MALFORMED);
	value_writer_fini(&w);
	value_writer_fini(&a);
	value_writer_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_bytes),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(what_is_accepted_unpacks),
		cmocka_unit_test(writing_and_reading),
		cmocka_unit_test(merging),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
