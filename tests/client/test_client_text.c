#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "workers/client/text.h"

static void
test_width(void **state)
{
	static const struct { const char *text; size_t width; } cases[] = {
		{ "", 0 }, { "abc", 3 }, { "\xc3\xa9t\xc3\xa9", 3 },
		{ "\xe6\xbc\xa2\xe5\xad\x97", 4 },                    /* two CJK ideographs */
		{ "e\xcc\x81", 1 },                                   /* e and a combining acute */
		{ "\xf0\x9f\x98\x80", 2 },                            /* an emoji */
		{ "a\xe2\x80\x8b" "b", 2 },                           /* zero width space */
		{ "\xea\xb0\x80", 2 }, { "\xef\xbd\xb1", 1 },
		            /* Hangul; halfwidth katakana */
		{ "\xff\xfe", 2 },                                    /* two invalid bytes */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(text_width(cases[i].text), cases[i].width);
}

static void
test_decode_refuses(void **state)
{
	static const char *const bad[] = {
		"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80", "\xf8\x88\x80\x80",
		    "\x80", "\xc3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t code = 0;

		assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &code), 1);
		assert_int_equal(code, 0xfffd);
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	}
	assert_true(utf8_valid("\xef\xbf\xbd", 3));
}

static void
test_clean(void **state)
{
	static const struct { const char *text; enum text_lines lines; const char *clean;
	    } cases[] = {
		{ "plain", TEXT_ONE_LINE, "plain" },
		{ "a\033[31mb", TEXT_MANY_LINES, "a\xef\xbf\xbd[31mb" },
		{ "a\tb\nc", TEXT_ONE_LINE, "a b c" },
		{ "a\tb\nc", TEXT_MANY_LINES, "a b\nc" },
		{ "\r\b\x7f", TEXT_MANY_LINES, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xc2\x9b" "31m", TEXT_ONE_LINE, "\xef\xbf\xbd" "31m" },      /* C1 CSI */
		{ "\xe2\x80\xae" "x", TEXT_ONE_LINE, "\xef\xbf\xbdx" },
		            /* right-to-left override */
		{ "\xff", TEXT_ONE_LINE, "\xef\xbf\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *clean = text_clean(cases[i].text, strlen(cases[i].text), cases[i].lines);

		assert_string_equal(clean, cases[i].clean);
		free(clean);
	}
}

#define DOTS "\xe2\x80\xa6"

static void
test_cut(void **state)
{
	static const struct { const char *text; size_t width; enum text_side side; const char *cut;
	    } cases[] = {
		{ "abcdef", 6, TEXT_CUT_END, "abcdef" },
		{ "abcdef", 4, TEXT_CUT_END, "abc" DOTS },
		{ "abcdef", 4, TEXT_CUT_START, DOTS "def" },
		{ "abcdef", 1, TEXT_CUT_END, DOTS },
		{ "abcdef", 1, TEXT_CUT_START, DOTS },
		{ "abcdef", 0, TEXT_CUT_END, "" },
		{ "\xe6\xbc\xa2\xe5\xad\x97", 3, TEXT_CUT_END, "\xe6\xbc\xa2" DOTS },
		{ "\xe6\xbc\xa2\xe5\xad\x97", 2, TEXT_CUT_END, DOTS },
		{ "\xe6\xbc\xa2\xe5\xad\x97", 3, TEXT_CUT_START, DOTS "\xe5\xad\x97" },
		{ "xxe\xcc\x81", 2, TEXT_CUT_START, DOTS "e\xcc\x81" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *cut = text_cut(cases[i].text, cases[i].width, cases[i].side);

		assert_string_equal(cut, cases[i].cut);
		assert_true(text_width(cut) <= cases[i].width);
		free(cut);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_decode_refuses),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
