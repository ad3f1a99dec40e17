#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workers/client/lines.h"

static void
expect(struct lines *l, const char *expected)
{
	const char *line;
	size_t len;

	assert_int_equal(lines_next(l, &line, &len), OK);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(line, expected, len);
}

static void
feed(struct lines *l, int fds[2], const char *text)
{
	assert_int_equal(write(fds[1], text, strlen(text)), strlen(text));
	assert_int_equal(lines_read(l, fds[0]), OK);
}

static void
test_pieces(void **state)
{
	struct lines l;
	const char *line;
	size_t len;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	lines_init(&l, 100, LINES_REFUSE);
	feed(&l, fds, "one\ntw");
	expect(&l, "one");
	assert_int_equal(lines_next(&l, &line, &len), ERR_BUSY);
	feed(&l, fds, "o\r");
	assert_int_equal(lines_next(&l, &line, &len), ERR_BUSY);
	feed(&l, fds, "\n\n\rthree\nrest");
	expect(&l, "two");
	expect(&l, "");
	expect(&l, "\rthree");
	assert_int_equal(lines_next(&l, &line, &len), ERR_BUSY);
	close(fds[1]);
	assert_int_equal(lines_read(&l, fds[0]), ERR_WORKER_LOST);
	assert_int_equal(lines_rest(&l, &line), 4);
	close(fds[0]);
	lines_fini(&l);
}

static void
test_too_long(void **state)
{
	struct lines l;
	const char *line;
	size_t len;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	lines_init(&l, 4, LINES_REFUSE);
	feed(&l, fds, "abcd\nabcde");
	expect(&l, "abcd");
	assert_int_equal(lines_next(&l, &line, &len), ERR_TOO_LARGE);
	feed(&l, fds, "\nx\n");
	assert_int_equal(lines_next(&l, &line, &len), ERR_TOO_LARGE);
	lines_fini(&l);

	lines_init(&l, 4, LINES_CUT);
	feed(&l, fds, "abcdefghij\nx\n");
	expect(&l, "abcd");
	expect(&l, "efgh");
	expect(&l, "ij");
	expect(&l, "x");
	assert_int_equal(lines_next(&l, &line, &len), ERR_BUSY);
	lines_fini(&l);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
