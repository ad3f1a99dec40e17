/*
 * Lines as they come: in pieces, with every kind of end, too long, too many; and what they leave in
 * memory.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/front/ledger_host.h"

#define MIB ((size_t)1 << 20)
#define PIECES 5
#define LINES 4

static const struct {
	const char *pieces[PIECES];
	bool hang_up;
	const char *lines[LINES];
} cases[] = {
	{ { "" }, false, { NULL } },
	{ { "" }, true, { NULL } },
	{ { "one\n" }, false, { "one" } },
	{ { "one" }, false, { NULL } },
	{ { "one" }, true, { "one" } },
	{ { "one\r" }, true, { "one" } },
	{ { "\r" }, true, { NULL } },
	{ { "one\ntwo\nthree\n" }, false, { "one", "two", "three" } },
	{ { "o", "n", "e", "\n" }, false, { "one" } },
	{ { "one\nt", "w", "o\nthr" }, false, { "one", "two" } },
	{ { "one\nt", "w", "o\nthr" }, true, { "one", "two", "thr" } },
	{ { "one\r\ntwo\r\n" }, false, { "one", "two" } },
	{ { "one\r", "\n", "two\n" }, false, { "one", "two" } },
	{ { "o\rne\r\r\n" }, false, { "o\rne\r" } },
	{ { "\n\n\r\n", "\n", "one\n", "\n\n" }, false, { "one" } },
	{ { "\n", "\r\n", "\n\r\n" }, true, { NULL } },
	{ { "one\n\n\n" }, true, { "one" } },
	{ { " \n" }, false, { " " } },
};

/*
 * Says one piece after the other and consumes what becomes whole, each time from a new ledger if
 * asked to.
 */
static void
run_case(size_t number, bool reopen)
{
	const char *const *expected = cases[number].lines;
	struct ledger_line line;
	struct host h;

	host_open(&h);
	for (size_t i = 0; i < PIECES && cases[number].pieces[i] != NULL; i++) {
		host_say(&h, cases[number].pieces[i], strlen(cases[number].pieces[i]));
		assert_int_equal(host_fill(&h), ERR_BUSY);
		if (reopen)
			host_reopen(&h);
		while (ledger_next(h.l, &line)) {
			assert_non_null(*expected);
			host_expect_line(&h, *expected++);
			host_consume(&h);
		}
	}
	if (cases[number].hang_up) {
		host_hang_up(&h);
		assert_int_equal(host_fill(&h), ERR_NOT_FOUND);
		while (ledger_next(h.l, &line)) {
			assert_non_null(*expected);
			host_expect_line(&h, *expected++);
			host_consume(&h);
		}
	}
	assert_null(*expected);
	host_close(&h);
}

static void
lines_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_case(i, false);
		run_case(i, true);
	}
}

static void
a_line_names_its_offset(void **state)
{
	struct ledger_line line;
	struct host h;

	(void)state;
	host_open(&h);
	host_say(&h, "\none\n\r\ntwo\n", 11);
	host_fill(&h);
	assert_true(ledger_next(h.l, &line));
	assert_int_equal(line.offset, 1);
	host_consume(&h);
	assert_true(ledger_next(h.l, &line));
	assert_int_equal(line.offset, 7);
	assert_true(ledger_next(h.l, &line));
	assert_int_equal(line.offset, 7);
	host_close(&h);
}

static const struct {
	size_t length;
	const char *end;
	bool hang_up;
	bool too_long;
} lengths[] = {
	{ LIMIT_JSON_LINE - 1, "\n", false, false },
	{ LIMIT_JSON_LINE, "\n", false, false },
	{ LIMIT_JSON_LINE, "\r\n", false, false },
	{ LIMIT_JSON_LINE, "", true, false },
	{ LIMIT_JSON_LINE + 1, "\n", false, true },
	{ LIMIT_JSON_LINE + 1, "\r\n", false, true },
	{ LIMIT_JSON_LINE + 1, "", true, true },
	{ LIMIT_JSON_LINE + 2, "", true, true },
	{ LIMIT_JSON_LINE + 2, "\n", false, true },
	{ LIMIT_JSON_LINE + 3, "\r\n", false, true },
	{ 3 * LIMIT_JSON_LINE + 77, "\n", false, true },
	{ 3 * LIMIT_JSON_LINE + 77, "", true, true },
};

/* Sends one long line behind a short one, a MiB at a time; a new ledger for each if asked to. */
static void
say_long(struct host *h, size_t length, bool reopen)
{
	struct ledger_line line;

	host_say(h, "short\n", 6);
	host_fill(h);
	host_consume(h);
	for (size_t left = length; left > 0;) {
		size_t n = left < MIB ? left : MIB;

		host_say_many(h, 'x', n);
		host_fill(h);
		if (reopen)
			host_reopen(h);
		assert_false(ledger_next(h->l, &line));
		assert_true(host_memory(h->in) <= LIMIT_JSON_LINE + 3 * MIB);
		left -= n;
	}
}

static void
run_length(size_t number, bool reopen)
{
	struct ledger_line line;
	struct host h;

	host_open(&h);
	say_long(&h, lengths[number].length, reopen);
	host_say(&h, lengths[number].end, strlen(lengths[number].end));
	if (lengths[number].hang_up)
		host_hang_up(&h);
	else
		host_say(&h, "next\n", 5);
	host_fill(&h);
	assert_true(ledger_next(h.l, &line));
	assert_int_equal(line.too_long, lengths[number].too_long);
	assert_int_equal(line.len, lengths[number].too_long ? 0 : lengths[number].length);
	assert_int_equal(line.offset, 6);
	if (line.too_long)
		assert_int_equal(ledger_hold(h.l), -1);
	if (reopen) {
		host_reopen(&h);
		host_fill(&h);
		assert_true(ledger_next(h.l, &line));
		assert_int_equal(line.too_long, lengths[number].too_long);
		assert_int_equal(line.offset, 6);
	}
	host_consume(&h);
	if (reopen) {
		host_reopen(&h);
		host_fill(&h);
	}
	if (!lengths[number].hang_up) {
		host_expect_line(&h, "next");
		host_consume(&h);
	}
	assert_false(ledger_next(h.l, &line));
	assert_true(host_memory(h.in) <= 2 * MIB);
	host_close(&h);
}

static void
too_long_lines_are_skipped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		run_length(i, false);
		run_length(i, true);
	}
}

/* A newline that is put where the search has been already is not seen. */
static void
a_line_is_searched_once(void **state)
{
	struct ledger_line line;
	struct host h;

	(void)state;
	host_open(&h);
	host_say(&h, "one", 3);
	host_fill(&h);
	assert_false(ledger_next(h.l, &line));
	assert_int_equal(pwrite(h.in, "\n", 1, 2), 1);
	host_say(&h, "two\nthree", 9);
	host_fill(&h);
	host_expect_line(&h, "on\ntwo");
	host_consume(&h);
	assert_false(ledger_next(h.l, &line));
	assert_int_equal(pwrite(h.in, "\n", 1, 9), 1);
	host_say(&h, "four\n", 5);
	host_fill(&h);
	host_expect_line(&h, "th\neefour");
	host_close(&h);
}

/* A client that never stops sending is stopped by its pipe, not by our memory. */
static void
backlog_is_bounded(void **state)
{
	struct ledger_line line;
	enum err e = OK;
	struct host h;
	unsigned count = 0;

	(void)state;
	host_open(&h);
	while (e == OK) {
		host_say_many(&h, 'x', 1023);
		host_say(&h, "\n", 1);
		e = ledger_fill(h.l);
	}
	assert_int_equal(e, ERR_TOO_LARGE);
	assert_true(host_memory(h.in) > LEDGER_BACKLOG_BYTES);
	assert_true(host_memory(h.in) <= LEDGER_BACKLOG_BYTES + 2 * MIB);
	host_reopen(&h);
	assert_int_equal(ledger_fill(h.l), ERR_TOO_LARGE);
	for (; ledger_next(h.l, &line); count++)
		ledger_consume(h.l);
	assert_int_equal(ledger_fill(h.l), ERR_TOO_LARGE);
	ledger_commit(h.l);
	assert_int_equal(ledger_fill(h.l), OK);
	assert_int_equal(count, LEDGER_BACKLOG_BYTES / 1024 + 1);
	assert_true(host_memory(h.in) <= 3 * MIB);
	host_close(&h);
}

/* Passing over them commits itself, but nothing that the caller has only staged. */
static void
empty_lines_take_no_memory(void **state)
{
	struct ledger_line line;
	struct host h;

	(void)state;
	host_open(&h);
	ledger_session(h.l)->log_level = 7;
	for (unsigned i = 0; i < 40; i++) {
		host_say_many(&h, '\n', MIB);
		host_fill(&h);
		assert_false(ledger_next(h.l, &line));
		assert_true(host_memory(h.in) <= 3 * MIB);
	}
	host_append(&h, "staged");
	host_say(&h, "\n", 1);
	host_fill(&h);
	assert_false(ledger_next(h.l, &line));
	assert_int_equal(ledger_backlog(h.l), 0);
	host_say(&h, "one\n\n", 5);
	host_fill(&h);
	host_expect_line(&h, "one");
	ledger_consume(h.l);
	assert_false(ledger_next(h.l, &line));
	assert_int_equal(ledger_session(h.l)->log_level, 7);
	host_reopen(&h);
	assert_int_equal(ledger_session(h.l)->log_level, 0);
	host_expect_line(&h, "one");
	host_close(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_found),
		cmocka_unit_test(a_line_names_its_offset),
		cmocka_unit_test(too_long_lines_are_skipped),
		cmocka_unit_test(a_line_is_searched_once),
		cmocka_unit_test(backlog_is_bounded),
		cmocka_unit_test(empty_lines_take_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
