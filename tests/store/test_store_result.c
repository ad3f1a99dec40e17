#include "tests/store/scratch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "workers/store/fault.h"
#include "workers/store/result.h"

static void
finish(struct result *r, struct answer *a)
{
	answer_init(a);
	assert_int_equal(result_finish(r, &a->w), OK);
	answer_read(a);
	result_fini(r);
}

static void
the_first_to_set_a_key_wins(void **state)
{
	struct value_tree tree;
	struct result r;
	struct answer a;

	(void)state;
	assert_int_equal(value_parse(scratch_map("a", "2", "b", "2", "b", "3", NULL), &tree), OK);
	result_init(&r);
	result_string(&r, "a", "1");
	result_string(&r, "a", "9");
	result_string(&r, "none", NULL);
	result_real(&r, "nan", NAN);
	result_real(&r, "infinite", INFINITY);
	result_value(&r, "nil", (struct value){ NULL, 0 });
	assert_int_equal(result_members(&r, value_root(&tree)), OK);
	assert_int_equal(result_members(&r, NULL), OK);
	finish(&r, &a);
	assert_int_equal(a.root->via.map.size, 2);
	assert_member(a.root, "a", "1");
	assert_member(a.root, "b", "2");
	answer_fini(&a);
	value_tree_fini(&tree);
}

static void
only_maps_are_taken_in(void **state)
{
	static const struct { const char *bytes; size_t len; enum err e; } cases[] = {
		{ "\x80", 1, OK }, { "\xc0", 1, OK }, { "\x90", 1, ERR_INVALID_ARGUMENT },
		{ "\x01", 1, ERR_INVALID_ARGUMENT }, { "\xa1x", 2, ERR_INVALID_ARGUMENT },
		{ "\x81\x01\x02", 3, OK }, /* a key that is no text is passed over */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value v = { (const uint8_t *)cases[i].bytes, cases[i].len };
		struct value_tree tree;
		struct result r;
		struct answer a;

		assert_int_equal(value_parse(v, &tree), OK);
		result_init(&r);
		assert_int_equal(result_members(&r, value_root(&tree)), cases[i].e);
		finish(&r, &a);
		assert_int_equal(a.root->via.map.size, 0);
		answer_fini(&a);
		value_tree_fini(&tree);
	}
}

static void
many_members_are_cut(void **state)
{
	struct value_writer w;
	struct value_tree tree;
	struct result r;
	struct answer a;

	(void)state;
	value_writer_init(&w);
	value_map(&w, 2000);
	for (int i = 0; i < 2000; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%d", i);
		value_put_int(&w, key, i);
	}
	assert_int_equal(value_parse(value_done(&w), &tree), OK);
	result_init(&r);
	assert_int_equal(result_members(&r, value_root(&tree)), OK);
	finish(&r, &a);
	assert_int_equal(a.root->via.map.size, RESULT_KEYS + 1);
	assert_int_equal(value_get(a.root, "left_out")->via.array.size, RESULT_LEFT_OUT);
	answer_fini(&a);
	value_tree_fini(&tree);
	value_writer_fini(&w);
}

static struct value
warnings_of(struct value_writer *w, unsigned count, size_t len)
{
	static char text[4096];

	memset(text, 'w', sizeof(text));
	value_writer_init(w);
	value_map(w, 1);
	value_string(w, "warnings");
	value_array(w, count);
	for (unsigned i = 0; i < count; i++)
		value_text(w, (struct text){ text, len });
	return value_done(w);
}

static void
warnings_are_joined_within_bounds(void **state)
{
	static const struct {
		unsigned first, second;
		size_t len;
		unsigned least, most;
	} cases[] = {
		{ 0, 0, 1, 0, 0 },
		{ 1, 0, 1, 1, 1 },
		{ 0, 2, 1, 2, 2 },
		{ 3, 4, 10, 7, 7 },
		{ 10, 10, 4000, 10, 15 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value_writer one, two;
		struct value_tree first, second;
		const msgpack_object *warnings;
		struct result r;
		struct answer a;

		assert_int_equal(
		    value_parse(warnings_of(&one, cases[i].first, cases[i].len), &first), OK);
		assert_int_equal(
		    value_parse(warnings_of(&two, cases[i].second, cases[i].len), &second), OK);
		result_init(&r);
		result_members(&r, value_root(&first));
		result_members(&r, value_root(&second));
		result_warnings(&r, value_root(&first), value_root(&second));
		finish(&r, &a);
		assert_true(a.w.buffer.size <= RESULT_MAX);
		warnings = value_get(a.root, "warnings");
		assert_in_range(warnings->via.array.size, cases[i].least, cases[i].most);
		answer_fini(&a);
		value_tree_fini(&first);
		value_tree_fini(&second);
		value_writer_fini(&one);
		value_writer_fini(&two);
	}
}

/* Each warning has room of its own however full the rest is. */
static void
warnings_outlive_large_members(void **state)
{
	static char big[50000];
	struct value_writer w;
	struct value_tree tree, warnings;
	struct result r;
	struct answer a;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	assert_int_equal(value_parse(scratch_map("big", big, "more", big, NULL), &tree), OK);
	assert_int_equal(value_parse(warnings_of(&w, 1, 4000), &warnings), OK);
	result_init(&r);
	result_members(&r, value_root(&tree));
	result_warnings(&r, value_root(&warnings), NULL);
	finish(&r, &a);
	assert_int_equal(value_get(a.root, "warnings")->via.array.size, 1);
	assert_non_null(value_get(a.root, "big"));
	assert_true(text_is(value_as_text(&value_get(a.root, "left_out")->via.array.ptr[0]),
	    "more"));
	answer_fini(&a);
	value_tree_fini(&tree);
	value_tree_fini(&warnings);
	value_writer_fini(&w);
}

static void
stored_garbage_does_not_pass(void **state)
{
	struct answer a;
	struct result r;

	(void)state;
	answer_init(&a);
	result_init(&r);
	result_value(&r, "run", (struct value){ (const uint8_t *)"\xa5x", 2 });
	assert_int_equal(result_finish(&r, &a.w), ERR_CORRUPT);
	assert_int_equal(a.w.buffer.size, 0);
	result_fini(&r);
	answer_fini(&a);
}

static void
fault_texts_are_bounded_utf8(void **state)
{
	static char longer[3 * FAULT_TEXT];
	static struct fault f;

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(longer); i += 2)
		memcpy(longer + i, "\xc3\xa9", 3);
	assert_int_equal(fault_set(&f, ERR_STORAGE, longer, "x%s", longer), ERR_STORAGE);
	assert_int_equal(strlen(f.message), FAULT_TEXT);
	assert_int_equal(strlen(f.hint), FAULT_TEXT);
	assert_string_equal(f.message + FAULT_TEXT - 2, "??");       /* cut inside a character */
	fault_set(&f, ERR_STORAGE, NULL, "dir /tmp/\xff\xfe is full");
	assert_string_equal(f.message, "dir /tmp/?? is full");
	assert_string_equal(f.hint, "");
	fault_set(&f, ERR_STORAGE, "look into /tmp/\xff", "full");
	assert_string_equal(f.hint, "look into /tmp/?");
	fault_copy(&f, ERR_BUSY, (struct text){ "\xc3\xa9tc", 3 }, (struct text){ NULL, 0 });
	assert_string_equal(f.message, "\xc3\xa9t");
	fault_clear(&f);
	assert_string_equal(f.message, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_to_set_a_key_wins),
		cmocka_unit_test(only_maps_are_taken_in),
		cmocka_unit_test(many_members_are_cut),
		cmocka_unit_test(warnings_are_joined_within_bounds),
		cmocka_unit_test(warnings_outlive_large_members),
		cmocka_unit_test(stored_garbage_does_not_pass),
		cmocka_unit_test(fault_texts_are_bounded_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
