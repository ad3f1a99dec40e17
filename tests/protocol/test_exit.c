#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "protocol/exit.h"

static void
numbers_are_unique_and_fit_a_status(void **state)
{
	const struct exit_info *row;

	(void)state;
	for (unsigned i = 0; (row = exit_row(i)) != NULL; i++) {
		assert_true(row->number >= 0 && row->number <= 255);
		assert_ptr_equal(exit_info(row->number), row);
	}
	assert_null(exit_info(77));
}

static void
only_what_cannot_get_better_is_permanent(void **state)
{
	(void)state;
	assert_false(exit_info(EXIT_CODE_OK)->permanent);
	assert_false(exit_info(EXIT_CODE_INTERNAL)->permanent);
	assert_false(exit_info(EXIT_CODE_STORAGE)->permanent);
	assert_true(exit_info(EXIT_CODE_USAGE)->permanent);
	assert_true(exit_info(EXIT_CODE_CANNOT_START)->permanent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_unique_and_fit_a_status),
		cmocka_unit_test(only_what_cannot_get_better_is_permanent),
	};

	return cmocka_run_group_tests_name("exit", tests, NULL, NULL);
}
