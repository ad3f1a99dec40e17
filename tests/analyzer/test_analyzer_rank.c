#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "workers/analyzer/rank.h"
#include "workers/analyzer/samples.h"
#include "workers/analyzer/stacks.h"

static void
test_match_files(void **state)
{
	static const struct { const char *filename; unsigned matches; } cases[] = {
		{ "pricing.py", 1 << 0 | 1 << 2 }, { "shop/pricing.py", 1 << 0 },
		    { "/p/shop/pricing.py", 1 << 0 },
		{ "./shop/pricing.py", 1 << 0 }, { "/pricing.py", 1 << 0 | 1 << 2 }, { "ricing.py",
		    0 }, { "", 0 }, { "/", 0 },
		{ "shop", 0 }, { "/q/p/shop/pricing.py", 0 }, { "<exec@a.py:3>", 1 << 1 },
		    { "PRICING.PY", 0 },
	};
	struct profile_file files[] = {
		{ .path = text_of("/p/shop/pricing.py") }, { .path = text_of("<exec@a.py:3>") },
		{ .path = text_of("/other/pricing.py") },
	};
	struct profile p = { .files = files, .file_count = 3 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool *wanted = NULL;
		enum err e = rank_match_files(&p, text_of(cases[i].filename), &wanted);
		unsigned matches = 0;

		assert_int_equal(e, cases[i].matches == 0 ? ERR_NOT_FOUND : OK);
		for (unsigned j = 0; e == OK && j < 3; j++)
			matches |= (unsigned)wanted[j] << j;
		assert_int_equal(matches, cases[i].matches);
		free(wanted);
	}
}

static void
test_order(void **state)
{
	static const uint32_t expected[] = { 3, 1, 0, 4 };
	struct profile_line lines[] = {
		{ .file = 1, .number = 5, .metric = { 10 } }, { .file = 0, .number = 9,
		    .metric = { 4, 3, 3 } },
		{ .file = 0, .number = 1 }, { .file = 1, .number = 2, .metric = { 0, 0, 30 } },
		{ .file = 1, .number = 6, .metric = { 10 } },
	};
	struct profile p = { .lines = lines, .line_count = 5 };
	struct ranking r;

	(void)state;
	assert_int_equal(rank_lines(&p, metric_cpu, NULL, &r), OK);
	assert_int_equal(r.count, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(r.at[i].index, expected[i]);
	ranking_fini(&r);
	assert_int_equal(rank_lines(&p, metric_cpu, (const bool[]){ true, false }, &r), OK);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.at[0].index, 1);
	ranking_fini(&r);
}

static void
test_cursor(void **state)
{
	static const char *const bad[] = {
		"", "0", "abc", "00000000", "0000000g10", "99999999ffffffffffffff", "zzzzzzzz1",
		    "../../etc/passwd",
	};
	uint32_t hash = cursor_hash(cursor_hash(0, text_of("a")), text_of("bc")), offset = 77;
	char cursor[CURSOR_BYTES], longer[CURSOR_BYTES + 2];

	(void)state;
	assert_int_not_equal(hash, cursor_hash(cursor_hash(0, text_of("ab")), text_of("c")));
	cursor_write(hash, 4000000000u, cursor);
	assert_int_equal(cursor_read(hash, text_of(cursor), &offset), OK);
	assert_int_equal(offset, 4000000000u);
	assert_int_equal(cursor_read(hash + 1, text_of(cursor), &offset), ERR_INVALID_ARGUMENT);
	strcpy(longer, cursor);
	strcat(longer, " ");
	assert_int_equal(cursor_read(hash, text_of(longer), &offset), ERR_INVALID_ARGUMENT);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cursor_read(hash, text_of(bad[i]), &offset), ERR_INVALID_ARGUMENT);
	assert_int_equal(cursor_read(hash, (struct text){ NULL, 0 }, &offset), OK);
	assert_int_equal(offset, 0);
}

static void
test_plus_minus(void **state)
{
	static const struct { uint64_t samples; double share, expected; } cases[] = {
		{ 430, 32.95, 6.4115 }, { 100, 10, 8.4853 }, { 24, 66.6582, 27.2183 }, { 100, 0,
		    0 }, { 100, 100, 0 },
		{ 100, 100.0001, 0 },
	};
	struct profile p = { .has_samples = true };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p.samples = cases[i].samples;
		assert_true(fabs(share_plus_minus(&p, cases[i].share) - cases[i].expected) < 0.001);
	}
	p.samples = 0;
	assert_true(isnan(share_plus_minus(&p, 10)));
	p = (struct profile){ .samples = 100 };
	assert_true(isnan(share_plus_minus(&p, 10)));
}

static void
test_frames(void **state)
{
	static const struct { const char *frame, *file, *function; uint32_t line; } cases[] = {
		{ "/p/a.py main:12;", "/p/a.py", "main", 12 },
		{ "/p/my lib/a:b.py A.<locals>.<lambda>:3;", "/p/my lib/a:b.py",
		    "A.<locals>.<lambda>", 3 },
		{ "a.py <module>:1", "a.py", "<module>", 1 },
		{ "a.py f:;", NULL, NULL, 0 }, { "a.py f:99999999;", NULL, NULL, 0 }, { "nothing",
		    NULL, NULL, 0 },
		{ "f:12;", NULL, NULL, 0 }, { "", NULL, NULL, 0 }, { ";", NULL, NULL, 0 },
		    { "a.py f:1x;", NULL, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct profile_frame f;
		bool parsed = stack_frame_parse(text_of(cases[i].frame), &f);

		assert_int_equal(parsed, cases[i].file != NULL);
		if (!parsed)
			continue;
		assert_true(text_is(f.file, cases[i].file) && text_is(f.function,
		    cases[i].function));
		assert_int_equal(f.line, cases[i].line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match_files),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_plus_minus),
		cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
