/* UTF-8 cleaning and tails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "workers/profiler/tail.h"
#include "workers/profiler/utf8.h"

#define R "\xef\xbf\xbd"

static const struct {
	const char *in;
	size_t len;
	const char *out;
} texts[] = {
	{ "plain", 5, "plain" },
	{ "", 0, "" },
	{ "a\0b", 3, "a" R "b" },
	{ "\xc3\xa9", 2, "\xc3\xa9" },
	{ "\xf0\x9f\x90\x8d", 4, "\xf0\x9f\x90\x8d" },
	{ "\xff\xfe", 2, R R },
	{ "\xc0\xaf", 2, R R },                         /* overlong */
	{ "\xed\xa0\x80", 3, R R R },                   /* a surrogate */
	{ "\xf4\x90\x80\x80", 4, R R R R },             /* above U+10FFFF */
	{ "\xe2\x82", 2, R R },                         /* cut off */
	{ "\xe2\x82z\xe2\x82\xac", 6, R R "z\xe2\x82\xac" },
	{ "\xf0\x9f\xc3\xa9", 4, R R "\xc3\xa9" },
};

static void
cleaning_in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		for (size_t piece = 1; piece <= 8; piece++) {
			struct utf8_cleaner c = { 0 };
			char out[256];
			size_t written = 0;
			for (size_t at = 0; at < texts[i].len; at += piece) {
				size_t n = texts[i].len - at < piece ? texts[i].len - at : piece;
				written += utf8_clean(&c, texts[i].in + at, n, out + written);
			}
			written += utf8_clean_end(&c, out + written);
			assert_int_equal(written, strlen(texts[i].out));
			assert_memory_equal(out, texts[i].out, written);
			assert_int_equal(utf8_valid_prefix(out, written), written);
		}
	}
}

static void
cleaned_strings_are_cut_between_characters(void **state)
{
	char out[6];

	(void)state;
	utf8_clean_string("ab\xe2\x82\xac" "c", out, sizeof out);
	assert_string_equal(out, "ab\xe2\x82\xac");
	utf8_clean_string("abc\xe2\x82\xac", out, sizeof out);
	assert_string_equal(out, "abc");
	utf8_clean_string("a\xff\xff", out, sizeof out);
	assert_string_equal(out, "a" R);
}

static const struct {
	const char *text;
	unsigned times;
	size_t max;
	const char *expected;
} tails[] = {
	{ "", 1, 10, "" },
	{ "short\n", 1, 10, "short\n" },
	{ "first\nsecond\n", 1, 10, "second\n" },
	{ "first\nsecond\n", 1, 7, "second\n" },
	{ "first\nsecond\n", 1, 6, "econd\n" },                 /* the last line alone is longer */
	{ "first\nsecond", 1, 9, "second" },
	{ "0123456789abcdef", 1, 4, "cdef" },
	{ "\xe2\x82\xac\xe2\x82\xac", 1, 4, "\xe2\x82\xac" },
	{ "line\n", 5000, 12, "line\nline\n" },
	{ "\xc3\xa9", 5001, 5, "\xc3\xa9\xc3\xa9" },
};

static void
tail_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		struct tail *t = calloc(1, sizeof *t);
		size_t len;
		for (unsigned n = 0; n < tails[i].times; n++)
			tail_add(t, tails[i].text, strlen(tails[i].text));
		const char *at = tail_last(t, tails[i].max, &len);
		if (len != strlen(tails[i].expected) || memcmp(at, tails[i].expected, len) != 0)
			fail_msg("tail %zu: %.*s", i, (int)len, at);
		free(t);
	}
}

static void
tail_of_one_large_piece(void **state)
{
	struct tail *t = calloc(1, sizeof *t);
	char *large = malloc(3 * TAIL_SIZE);
	size_t len;

	(void)state;
	memset(large, 'x', 3 * TAIL_SIZE);
	memcpy(large + 3 * TAIL_SIZE - 5, "\nend\n", 5);
	tail_add(t, "before", 6);
	tail_add(t, large, 3 * TAIL_SIZE);
	const char *at = tail_last(t, 600, &len);
	assert_int_equal(len, 4);
	assert_memory_equal(at, "end\n", 4);
	free(large);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleaning_in_pieces),
		cmocka_unit_test(cleaned_strings_are_cut_between_characters),
		cmocka_unit_test(tail_ends),
		cmocka_unit_test(tail_of_one_large_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
