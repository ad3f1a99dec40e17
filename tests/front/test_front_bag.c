#include "tests/runtime/turn.h"

#include "protocol/value.h"
#include "workers/front/bag.h"

static struct value
bytes_of(const char *s)
{
	return (struct value){ (const uint8_t *)s, strlen(s) };
}

static void
assert_has(const struct bag *bag, const char *name, const char *bytes)
{
	struct value v = bag_get(bag, name);

	assert_non_null(v.at);
	assert_int_equal(v.len, strlen(bytes));
	assert_memory_equal(v.at, bytes, v.len);
}

static void
values_are_copied_and_the_last_one_wins(void **state)
{
	char changing[] = "first";
	struct bag bag = { NULL, 0, 0 };

	(void)state;
	assert_int_equal(bag_put(&bag, "a", bytes_of(changing)), OK);
	changing[0] = 'X';
	assert_has(&bag, "a", "first");
	assert_int_equal(bag_put(&bag, "b", bytes_of("other")), OK);
	assert_int_equal(bag_put(&bag, "a", bytes_of("second, longer")), OK);
	assert_has(&bag, "a", "second, longer");
	assert_has(&bag, "b", "other");
	assert_int_equal(bag.count, 2);
	bag_fini(&bag);
	assert_null(bag_get(&bag, "a").at);
}

static void
what_is_not_there_and_what_is_empty_is_nil(void **state)
{
	struct bag bag = { NULL, 0, 0 };

	(void)state;
	assert_null(bag_get(&bag, "a").at);
	assert_int_equal(bag_put(&bag, "a", (struct value){ NULL, 0 }), OK);
	assert_null(bag_get(&bag, "a").at);
	assert_null(bag_get(&bag, "").at);
	bag_fini(&bag);
	bag_fini(&bag);
}

static void
names_have_a_longest_length(void **state)
{
	char name[BAG_NAME_MAX + 1];
	struct bag bag = { NULL, 0, 0 };

	(void)state;
	memset(name, 'n', sizeof(name));
	name[BAG_NAME_MAX] = 0;
	assert_int_equal(bag_put(&bag, name, bytes_of("x")), ERR_TOO_LARGE);
	assert_null(bag_get(&bag, name).at);
	name[BAG_NAME_MAX - 1] = 0;
	assert_int_equal(bag_put(&bag, name, bytes_of("x")), OK);
	assert_has(&bag, name, "x");
	bag_fini(&bag);
}

static void
many_names_fit(void **state)
{
	struct bag bag = { NULL, 0, 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		assert_int_equal(bag_put(&bag, name, bytes_of(name)), OK);
	}
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		assert_has(&bag, name, name);
	}
	bag_fini(&bag);
}

static void
texts_are_encoded(void **state)
{
	struct bag bag = { NULL, 0, 0 };

	(void)state;
	assert_int_equal(bag_put_text(&bag, "t", text_of("abc")), OK);
	assert_has(&bag, "t", "\xa3" "abc");
	assert_int_equal(bag_put_text(&bag, "n", (struct text){ NULL, 0 }), OK);
	assert_has(&bag, "n", "\xc0");
	assert_int_equal(bag_put_text(&bag, "e", text_of("")), OK);
	assert_has(&bag, "e", "\xa0");
	bag_fini(&bag);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_copied_and_the_last_one_wins),
		cmocka_unit_test(what_is_not_there_and_what_is_empty_is_nil),
		cmocka_unit_test(names_have_a_longest_length),
		cmocka_unit_test(many_names_fit),
		cmocka_unit_test(texts_are_encoded),
	};

	return cmocka_run_group_tests_name("front_bag", tests, NULL, NULL);
}
