#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "protocol/error.h"

static const enum err all[] = {
#define ERR(name, number, word, text, rpc, retry, hint) ERR_##name,
#include "protocol/errors.def"
#undef ERR
};
static const size_t count = sizeof(all) / sizeof(all[0]);

static void
names_are_unique_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const char *name = err_info(all[i])->name;

		assert_true(all[i] < 0);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		assert_true(strlen(err_info(all[i])->text) > 0);
		assert_true(strlen(err_info(all[i])->hint) > 0);
		assert_true(err_info(all[i])->jsonrpc_code < 0);
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(name, err_info(all[k])->name);
			assert_int_not_equal(all[i], all[k]);
		}
	}
}

static void
foreign_numbers_are_internal(void **state)
{
	static const long long numbers[] = { 1, 99, -99, -1000000, INT64_MIN, INT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(err_from_number(numbers[i]), ERR_INTERNAL);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(err_from_number(all[i]), all[i]);
	assert_int_equal(err_from_number(0), OK);
	assert_string_equal(err_info(OK)->name, "ok");
}

static void
errno_values(void **state)
{
	static const struct { int number; enum err e; } cases[] = {
		{ ENOSPC, ERR_STORAGE_FULL }, { EDQUOT, ERR_STORAGE_FULL }, { EROFS, ERR_STORAGE_READ_ONLY },
		{ ENOMEM, ERR_NO_MEMORY }, { ENOENT, ERR_NOT_FOUND }, { EACCES, ERR_NOT_READABLE },
		{ EPERM, ERR_NOT_READABLE }, { EIO, ERR_SYSTEM }, { 0, ERR_SYSTEM },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(err_from_errno(cases[i].number), cases[i].e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_words),
		cmocka_unit_test(foreign_numbers_are_internal),
		cmocka_unit_test(errno_values),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
