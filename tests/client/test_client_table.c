#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "workers/client/cells.h"
#include "workers/client/table.h"

#define DOTS "\xe2\x80\xa6"

static const struct table_column columns[] = {
	{ "CPU", TABLE_RIGHT, 0, TEXT_CUT_END, 0 },
	{ "none", TABLE_LEFT, 0, TEXT_CUT_END, 0 },
	{ "where", TABLE_LEFT, 4, TEXT_CUT_START, 0 },
	{ "source", TABLE_LEFT, 6, TEXT_CUT_END, 1 },
};

static char *
print(unsigned width, const char *where)
{
	struct table *t = table_new(columns, 4);
	char *text = NULL;
	size_t size = 0;
	struct screen screen = { .out = open_memstream(&text, &size), .width = width };

	table_cell(t, "%.1f %%", 71.25);
	table_cell(t, "%s", "");
	table_cell(t, "%s", where);
	table_cell(t, "%s", "if row not in seen:");
	table_cell(t, "%.1f %%", 3.0);
	table_cell(t, "%s", "");
	table_cell(t, "%s", "a.py:1");
	table_cell(t, "%s", "\033[31mred\n");
	table_print(t, &screen);
	table_free(t);
	fclose(screen.out);
	return text;
}

static void
check_print(unsigned width, const char *where, const char *expected)
{
	char *text = print(width, where);

	assert_string_equal(text, expected);
	free(text);
}

static void
test_layout(void **state)
{
	(void)state;
	check_print(0, "shop/util/text.py:7",
	    "     CPU  where                source\n"
	    "  71.2 %  shop/util/text.py:7  if row not in seen:\n"
	    "   3.0 %  a.py:1               \xef\xbf\xbd[31mred \n");
	check_print(40, "shop/util/text.py:7",
	    "     CPU  where           source\n"
	    "  71.2 %  " DOTS "til/text.py:7  if row not in" DOTS "\n"
	    "   3.0 %  a.py:1          \xef\xbf\xbd[31mred \n");
	check_print(0, "\xe6\xbc\xa2\xe5\xad\x97.py",
	    "     CPU  where    source\n"
	    "  71.2 %  \xe6\xbc\xa2\xe5\xad\x97.py  if row not in seen:\n"
	    "   3.0 %  a.py:1   \xef\xbf\xbd[31mred \n");
}

static void
test_optional_column_goes(void **state)
{
	(void)state;
	check_print(21, "a.py:7",
	    "     CPU  where\n"
	    "  71.2 %  a.py:7\n"
	    "   3.0 %  a.py:1\n");
	check_print(12, "a.py:77",
	    "     CPU  w" DOTS "\n"
	    "  71.2 %  " DOTS DOTS "\n"
	    "   3.0 %  " DOTS DOTS "\n");
}

/* However narrow the screen, no line is wider. */
static void
test_narrow(void **state)
{
	(void)state;
	for (unsigned width = 1; width < 60; width++) {
		char *text = print(width,
		    "\xe6\xbc\xa2\xe5\xad\x97/\xe6\xbc\xa2\xe5\xad\x97/util/text.py:7");
		unsigned lines = 0;

		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++)
			assert_true(text_width(line) <= width);
		assert_int_equal(lines, 3);
		free(text);
	}
}

static void
test_empty(void **state)
{
	struct table *t = table_new(columns, 4);
	char *text = NULL;
	size_t size = 0;
	struct screen screen = { .out = open_memstream(&text, &size) };

	(void)state;
	table_print(t, &screen);
	table_print(NULL, &screen);
	fclose(screen.out);
	assert_string_equal(text, "");
	table_free(t);
	free(text);
}

static void
test_cells(void **state)
{
	static const struct cell_column cells[] = {
		{ { "n", TABLE_RIGHT, 0, TEXT_CUT_END, 0 }, "n", CELL_SECONDS },
		{ { "t", TABLE_LEFT, 0, TEXT_CUT_END, 0 }, "t", CELL_TEXT },
		{ { "place", TABLE_LEFT, 0, TEXT_CUT_END, 0 }, NULL, CELL_PLACE },
	};
	cJSON *array = cJSON_Parse("[{\"n\":1.239,\"t\":\"x\",\"file\":\"a.py\",\"line\":3},"
	    "{\"n\":\"no\",\"t\":7,\"file\":\"b.py\",\"start_line\":1,\"end_line\":4},5,{\"n\":1e300}]");
	char *text = NULL;
	size_t size = 0;
	struct screen screen = { .out = open_memstream(&text, &size) };

	(void)state;
	cells_print(&screen, array, cells, 3);
	fclose(screen.out);
	assert_string_equal(text,
	    "         n  t  place\n"
	    "    1.24 s  x  a.py:3\n"
	    "               b.py:1-4\n"
	    "               \n"
	    "  1e+300 s     \n");
	cJSON_Delete(array);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_optional_column_goes),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
