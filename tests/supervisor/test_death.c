#include "tests/supervisor/test_support.h"

#include <signal.h>

#include "supervisor/death.h"

#define EXITED(code) ((code) << 8)
#define KILLED(number) (number)

enum { NO, YES };

static void
judges(void **state)
{
	static const struct {
		struct death death;
		uint32_t budget;
		enum child_state next;
		int64_t delay_ms;
		int exit_code;
	} cases[] = {
		/* role, status, early, rests, stopping, stdio, returns, tries; budget; next, delay, exit */
		{ { ROLE_STORE, KILLED(SIGSEGV), YES, NO, NO, YES, NO, 0 }, 9, CHILD_BACKOFF, 0, -1 },
		{ { ROLE_STORE, KILLED(SIGSEGV), YES, NO, NO, YES, NO, 3 }, 9, CHILD_BACKOFF, 400, -1 },
		{ { ROLE_STORE, KILLED(SIGKILL), NO, NO, NO, YES, NO, 3 }, 0, CHILD_BACKOFF, 0, -1 },
		{ { ROLE_STORE, KILLED(SIGSEGV), YES, NO, NO, YES, NO, 0 }, 0, CHILD_DEGRADED, 10000,
		    -1 },
		{ { ROLE_STORE, KILLED(SIGSEGV), YES, YES, NO, YES, NO, 0 }, 9, CHILD_DEGRADED, 10000,
		    -1 },
		{ { ROLE_STORE, EXITED(4), YES, NO, NO, YES, NO, 0 }, 9, CHILD_DEGRADED, 10000, -1 },
		{ { ROLE_STORE, EXITED(4), NO, NO, NO, YES, NO, 0 }, 9, CHILD_DEGRADED, 10000, -1 },
		{ { ROLE_STORE, EXITED(0), YES, NO, NO, YES, NO, 0 }, 9, CHILD_BACKOFF, 0, -1 },
		{ { ROLE_STORE, EXITED(8), YES, NO, NO, YES, NO, 1 }, 9, CHILD_BACKOFF, 100, -1 },
		{ { ROLE_STORE, EXITED(0), YES, NO, YES, YES, NO, 0 }, 9, CHILD_DOWN, 0, -1 },
		{ { ROLE_STORE, -1, YES, NO, NO, YES, NO, 2 }, 9, CHILD_BACKOFF, 200, -1 },
		{ { ROLE_FRONT, EXITED(0), YES, NO, NO, YES, NO, 0 }, 9, CHILD_DOWN, 0, 0 },
		{ { ROLE_FRONT, EXITED(0), YES, NO, NO, NO, NO, 0 }, 9, CHILD_BACKOFF, 0, -1 },
		{ { ROLE_FRONT, EXITED(4), YES, NO, NO, NO, NO, 0 }, 9, CHILD_DOWN, 0, 4 },
		{ { ROLE_FRONT, EXITED(2), NO, NO, NO, YES, NO, 0 }, 9, CHILD_DOWN, 0, 2 },
		{ { ROLE_FRONT, KILLED(SIGKILL), NO, NO, NO, YES, NO, 5 }, 0, CHILD_BACKOFF, 0, -1 },
		{ { ROLE_FRONT, KILLED(SIGKILL), YES, NO, NO, YES, NO, 1 }, 9, CHILD_BACKOFF, 100, -1 },
		{ { ROLE_FRONT, KILLED(SIGKILL), YES, NO, NO, YES, NO, 1 }, 0, CHILD_DOWN, 0, 5 },
		{ { ROLE_FRONT, EXITED(4), YES, NO, YES, YES, NO, 0 }, 9, CHILD_DOWN, 0, -1 },
		{ { ROLE_FRONT, KILLED(SIGKILL), YES, NO, YES, YES, YES, 0 }, 0, CHILD_BACKOFF, 0,
		    -1 },
		{ { ROLE_FRONT, EXITED(1), NO, NO, YES, YES, YES, 3 }, 9, CHILD_BACKOFF, 0, -1 },
		{ { ROLE_FRONT, -1, NO, NO, YES, YES, YES, 3 }, 9, CHILD_BACKOFF, 0, -1 },
		{ { ROLE_FRONT, EXITED(0), NO, NO, YES, YES, YES, 0 }, 9, CHILD_DOWN, 0, -1 },
		{ { ROLE_FRONT, EXITED(4), NO, NO, YES, YES, YES, 0 }, 9, CHILD_DOWN, 0, -1 },
		{ { ROLE_FRONT, KILLED(SIGKILL), NO, NO, YES, YES, NO, 0 }, 9, CHILD_DOWN, 0, -1 },
	};
	struct restart_budget budget;
	struct verdict v;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		budget_init(&budget, cases[i].budget, 1000);
		v = death_judge(&cases[i].death, &budget, 5000);
		assert_int_equal(v.next, cases[i].next);
		assert_int_equal(v.delay_ms, cases[i].delay_ms);
		assert_int_equal(v.exit_code, cases[i].exit_code);
		assert_non_null(v.what_next);
	}
}

static void
counts_only_early_deaths(void **state)
{
	struct death early = { .role = ROLE_STORE, .wait_status = KILLED(SIGSEGV), .early = true };
	struct death late = { .role = ROLE_STORE, .wait_status = KILLED(SIGSEGV), .early = false };
	struct restart_budget budget;

	(void)state;
	budget_init(&budget, 1, 1000);
	for (int i = 0; i < 5; i++)
		assert_int_equal(death_judge(&late, &budget, i).next, CHILD_BACKOFF);
	assert_int_equal(death_judge(&early, &budget, 10).next, CHILD_BACKOFF);
	assert_int_equal(death_judge(&early, &budget, 11).next, CHILD_DEGRADED);
}

static void
knows_an_early_death(void **state)
{
	(void)state;
	assert_true(death_is_early(false, 0, 60000));
	assert_true(death_is_early(false, 59999, 60000));
	assert_false(death_is_early(false, 60000, 60000));
	assert_false(death_is_early(true, 0, 60000));
}

static void
describes(void **state)
{
	static const struct {
		int status;
		const char *text;
	} cases[] = {
		{ KILLED(SIGSEGV), "SIGSEGV" },
		{ KILLED(SIGABRT) | 0x80, "SIGABRT (core dumped)" },
		{ KILLED(40), "signal 40" },
		{ EXITED(4), "exit 4 CANNOT_START" },
		{ EXITED(77), "exit 77" },
		{ -1, "could not be started" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		death_describe(cases[i].status, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges),
		cmocka_unit_test(counts_only_early_deaths),
		cmocka_unit_test(knows_an_early_death),
		cmocka_unit_test(describes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
