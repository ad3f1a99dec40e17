/* What is wrong with a request before anybody looks at the file system. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "workers/profiler/request.h"

#define ID "01J00000000000000000000000"

static struct body_profile_run
good(void)
{
	return (struct body_profile_run){ .job_id = text_of(ID), .script_path = text_of("s.py"),
	    .cpu = true,
		.cpu_sampling_rate = 0.01, .allocation_sampling_window = 1048576, .timeout = NAN,
		    .duration = NAN };
}

#define CASE(name, change, part) static void name(struct body_profile_run *b) { change; }
#define CASES(F) \
	F(no_program, b->script_path = text_of(NULL), "none of") \
	F(two_programs, b->code = text_of("x"), "more than one") \
	F(bad_id, b->job_id = text_of("../../../../etc/passwd0000"), "job_id") \
	F(short_id, b->job_id = text_of("01J"), "job_id") \
	F(no_cpu, b->cpu = false, "always profiles the CPU") \
	F(rate_zero, b->cpu_sampling_rate = 0, "cpu_sampling_rate") \
	F(rate_negative, b->cpu_sampling_rate = -1, "cpu_sampling_rate") \
	F(window_zero, b->allocation_sampling_window = 0, "allocation_sampling_window") \
	F(window_huge, b->allocation_sampling_window = INT64_MAX, "allocation_sampling_window") \
	F(timeout_negative, b->timeout = -5, "timeout") \
	F(timeout_huge, b->timeout = 1e300, "timeout") \
	F(timeout_infinite, b->timeout = INFINITY, "copied") \
	F(duration_zero, b->duration = 0, "duration") \
	F(memory_negative, b->max_memory_mb = -1, "max_memory_mb") \
	F(memory_huge, b->max_memory_mb = INT64_MAX, "max_memory_mb") \
	F(empty_path, b->script_path = text_of(""), "script_path") \
	F(nul_in_path, b->script_path = ((struct text){ "a\0.py", 5 }), "NUL") \
	F(nul_in_cwd, b->cwd = ((struct text){ "/\0", 2 }), "NUL") \
	F(module_option, (b->script_path = text_of(NULL), b->module = text_of("-c")), "dotted") \
	F(module_path, (b->script_path = text_of(NULL), b->module = text_of("../x")), "dotted") \
	F(module_dot, (b->script_path = text_of(NULL), b->module = text_of("a.")), "dotted name")
CASES(CASE)

static const struct {
	const char *name;
	void (*change)(struct body_profile_run *b);
	const char *part;
} bad[] = {
#define ROW(name, change, part) { #name, name, part },
	CASES(ROW)
};

static void
refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct body_profile_run body = good();
		struct run_request r;
		struct refusal why = { 0 };
		bad[i].change(&body);
		enum err e = request_copy(&body, &r, &why);
		if (bad[i].change == timeout_infinite && e == OK) {
			request_fini(&r);        /* an infinite REAL travels as nil: no limit */
			continue;
		}
		if (e == OK || why.code != e || strstr(why.message, bad[i].part) == NULL)
			fail_msg("%s: %d %s", bad[i].name, e, why.message);
		request_fini(&r);
	}
}

static void
lists(void **state)
{
	struct body_profile_run body = good();
	struct value_writer args, env;
	struct run_request r;
	struct refusal why;

	(void)state;
	value_writer_init(&args);
	value_array(&args, 3);
	value_string(&args, "--flag");
	value_string(&args, "");
	value_string(&args, "a b");
	value_writer_init(&env);
	value_map(&env, 2);
	value_put_string(&env, "A", "1=2");
	value_put_string(&env, "AB", "");
	body.script_args = value_done(&args);
	body.env = value_done(&env);
	assert_int_equal(request_copy(&body, &r, &why), OK);
	value_writer_fini(&args);
	value_writer_fini(&env);
	assert_int_equal(r.arg_count, 3);
	assert_string_equal(r.args[0], "--flag");
	assert_string_equal(r.args[1], "");
	assert_string_equal(r.args[2], "a b");
	assert_null(r.args[3]);
	assert_string_equal(request_env(&r, "A"), "1=2");
	assert_string_equal(request_env(&r, "AB"), "");
	assert_null(request_env(&r, "B"));
	assert_true(text_is(r.body.script_path, "s.py"));
	request_fini(&r);
}

/* Encoded lists that are not what they should be. */
static const struct {
	bool env;
	const char *bytes;
	size_t len;
} bad_lists[] = {
	{ false, "\x81\xa1" "a\xa1" "b", 5 },            /* a map */
	{ false, "\x91\x01", 2 },                        /* of numbers */
	{ false, "\x91\xa1\0", 3 },                      /* NUL */
	{ false, "\x01", 1 },
	{ true, "\x91\xa1" "a", 3 },                     /* an array */
	{ true, "\x81\xa1" "a\x01", 4 },                 /* to numbers */
	{ true, "\x81\x01\xa1" "a", 4 },                 /* from numbers */
	{ true, "\x81\xa0\xa1" "a", 4 },                 /* no name */
	{ true, "\x81\xa2" "a=\xa1" "b", 6 },            /* = in a name */
	{ true, "\x81\xa1" "a\xa1\0", 5 },               /* NUL */
};

static void
bad_lists_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_lists / sizeof *bad_lists; i++) {
		struct body_profile_run body = good();
		struct run_request r;
		struct refusal why = { 0 };
		struct value v = { (const uint8_t *)bad_lists[i].bytes, bad_lists[i].len };
		*(bad_lists[i].env ? &body.env : &body.script_args) = v;
		if (request_copy(&body, &r, &why) != ERR_INVALID_ARGUMENT)
			fail_msg("list %zu", i);
		assert_non_null(strstr(why.message, bad_lists[i].env ? "env" : "script_args"));
	}
}

static void
which_limit_comes_first(void **state)
{
	static const struct {
		double timeout, duration, limit_s;
		bool is_duration;
	} cases[] = {
		{ NAN, NAN, 0, false },
		{ 5, NAN, 5, false },
		{ NAN, 5, 5, true },
		{ 5, 6, 5, false },
		{ 6, 5, 5, true },
		{ 5, 5, 5, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct run_request r = { 0 };
		bool is_duration;
		r.body.timeout = cases[i].timeout;
		r.body.duration = cases[i].duration;
		assert_true(request_limit_s(&r, &is_duration) == cases[i].limit_s);
		assert_int_equal(is_duration, cases[i].is_duration);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(lists),
		cmocka_unit_test(bad_lists_are_refused),
		cmocka_unit_test(which_limit_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
