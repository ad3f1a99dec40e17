#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "protocol/ulid.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void
made_ids_are_valid_and_carry_the_time(void **state)
{
	time_t now = time(NULL);
	char id[LIMIT_ULID + 1];
	uint64_t ms = 0;

	(void)state;
	ulid_make(id);
	assert_true(ulid_valid(id, strlen(id)));
	for (int i = 0; i < 10; i++)
		ms = ms * 32 + (uint64_t)(strchr(alphabet, id[i]) - alphabet);
	assert_in_range(ms / 1000, now - 1, now + 60);
}

static void
the_random_part_is_fresh_each_time(void **state)
{
	char ids[200][LIMIT_ULID + 1];
	int changed = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		ulid_make(ids[i]);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(ids[i] + 10, ids[k] + 10);
	}
	for (int at = 10; at < LIMIT_ULID; at++)         /* every place moves: no counter, no constant */
		for (int i = 1; i < 200; i++)
			if (ids[i][at] != ids[0][at]) {
				changed++;
				break;
			}
	assert_int_equal(changed, LIMIT_ULID - 10);
}

static void
what_is_no_id(void **state)
{
	static const char *const bad[] = { "", "0", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVV",
		"81ARZ3NDEKTSV4RRFFQ69G5FAV", "01arz3ndektsv4rrffq69g5fav", "01ARZ3NDEKTSV4RRFFQ69G5FAI",
		"01ARZ3NDEKTSV4RRFFQ69G5FAU", "../../../../../../etc/pass", "01ARZ3NDEKTSV4RRFFQ69G5FA%" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ulid_valid(bad[i], strlen(bad[i])));
	assert_false(ulid_valid("01ARZ3NDEKTSV4RRFFQ69\0G5FA", 26));
	assert_false(ulid_valid(NULL, 26));
	assert_true(ulid_valid("01ARZ3NDEKTSV4RRFFQ69G5FAV", 26));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_ids_are_valid_and_carry_the_time),
		cmocka_unit_test(the_random_part_is_fresh_each_time),
		cmocka_unit_test(what_is_no_id),
	};

	return cmocka_run_group_tests_name("ulid", tests, NULL, NULL);
}
