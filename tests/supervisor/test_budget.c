#include "tests/supervisor/test_support.h"

#include "supervisor/budget.h"

static void
allows_so_many_in_a_window(void **state)
{
	static const struct {
		uint32_t max;
		unsigned deaths;
		int64_t at_ms[6];
		bool last_allowed;
	} cases[] = {
		{ 3, 4, { 0, 10, 20, 30 }, false },             /* four inside one second */
		{ 3, 4, { 0, 10, 20, 1000 }, false },           /* the window's end belongs to it */
		{ 3, 4, { 0, 10, 20, 1001 }, true },            /* the first has left the window */
		{ 3, 5, { 0, 10, 20, 1001, 1005 }, false },     /* the second has not */
		{ 3, 6, { 0, 10, 20, 30, 40, 1001 }, true },    /* refused ones do not count */
		{ 1, 2, { 0, 500 }, false },
		{ 1, 2, { 0, 1500 }, true },
		{ 0, 1, { 0 }, false },                         /* no budget: never */
	};
	struct restart_budget b;
	bool allowed = false;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		budget_init(&b, cases[i].max, 1000);
		for (unsigned n = 0; n < cases[i].deaths; n++)
			allowed = budget_allows(&b, cases[i].at_ms[n]);
		assert_int_equal(allowed, cases[i].last_allowed);
	}
}

static void
backs_off_doubling_to_the_ceiling(void **state)
{
	static const int64_t delays[] = { 0, 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000 };

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(delays); i++)
		assert_int_equal(backoff_delay_ms(i), delays[i]);
	assert_int_equal(backoff_delay_ms(UINT32_MAX), 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allows_so_many_in_a_window),
		cmocka_unit_test(backs_off_doubling_to_the_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
