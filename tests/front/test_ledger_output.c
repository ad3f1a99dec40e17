/*
 * What the client is given: whole lines in order, once, whatever the pipe does; and when memory
 * goes.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/front/ledger_host.h"

#define MIB ((size_t)1 << 20)

static void
only_what_is_committed_goes_out(void **state)
{
	char heard[64];
	struct host h;

	(void)state;
	host_open(&h);
	assert_int_equal(ledger_flush(h.l), OK);
	host_append(&h, "one");
	assert_int_equal(ledger_flush(h.l), OK);
	assert_int_equal(host_hear(&h, heard, sizeof(heard)), 0);
	ledger_commit(h.l);
	host_append(&h, "dropped because nobody commits it");
	assert_int_equal(ledger_backlog(h.l), 4);
	assert_int_equal(ledger_flush(h.l), OK);
	assert_int_equal(ledger_backlog(h.l), 0);
	host_reopen(&h);
	host_append(&h, "");
	host_append(&h, "two");
	ledger_commit(h.l);
	assert_int_equal(ledger_flush(h.l), OK);
	assert_int_equal(host_hear(&h, heard, sizeof(heard)), 9);
	assert_memory_equal(heard, "one\n\ntwo\n", 9);
	host_close(&h);
}

static void
bad_lines_are_refused(void **state)
{
	char *large = malloc(LIMIT_JSON_LINE + 1);
	char heard[8];
	struct host h;

	(void)state;
	assert_non_null(large);
	memset(large, 'x', LIMIT_JSON_LINE + 1);
	host_open(&h);
	assert_int_equal(ledger_append(h.l, "a\nb", 3), ERR_MALFORMED);
	assert_int_equal(ledger_append(h.l, "a\n", 2), ERR_MALFORMED);
	assert_int_equal(ledger_append(h.l, large, LIMIT_JSON_LINE + 1), ERR_TOO_LARGE);
	host_append(&h, "ok");
	ledger_commit(h.l);
	assert_int_equal(ledger_flush(h.l), OK);
	assert_int_equal(host_hear(&h, heard, sizeof(heard)), 3);
	assert_int_equal(ledger_append(h.l, large, LIMIT_JSON_LINE), OK);
	host_close(&h);
	free(large);
}

#define NUMBERED 20000

/* The text of the line with that number, of 7 to 96 bytes. Returns its length. */
static size_t
numbered(char text[128], size_t number)
{
	size_t len = (size_t)snprintf(text, 128, "%06zu ", number);

	memset(text + len, 'a' + (int)(number % 26), number % 90);
	return len + number % 90;
}

/* Returns how many whole lines stand in `heard`, which must be those that come after `first`. */
static size_t
check_numbered(char *heard, size_t *len, size_t first)
{
	char expected[128], *at = heard, *end;
	size_t count = 0;

	while ((end = memchr(at, '\n', *len - (size_t)(at - heard))) != NULL) {
		assert_int_equal(end - at, numbered(expected, first + count));
		assert_memory_equal(at, expected, (size_t)(end - at));
		at = end + 1;
		count++;
	}
	*len -= (size_t)(at - heard);
	memmove(heard, at, *len);
	return count;
}

/* Through a full pipe, read in odd pieces, the ledger dropped now and then. */
static void
a_full_pipe_loses_nothing(void **state)
{
	char heard[4096], text[128];
	size_t len = 0, next = 0;
	bool was_busy = false;
	struct host h;

	(void)state;
	host_open(&h);
	for (size_t i = 0; i < NUMBERED; i++) {
		assert_int_equal(ledger_append(h.l, text, numbered(text, i)), OK);
		if (i % 7 == 0)
			ledger_commit(h.l);
	}
	ledger_commit(h.l);
	for (unsigned turn = 0; next < NUMBERED; turn++) {
		enum err e = ledger_flush(h.l);

		assert_true(e == OK || e == ERR_BUSY);
		assert_int_equal(e == OK, ledger_backlog(h.l) == 0);
		was_busy |= e == ERR_BUSY;
		if (turn % 5 == 0)
			host_reopen(&h);
		len += host_hear(&h, heard + len, 1 + (turn * 37) % (sizeof(heard) - len));
		next += check_numbered(heard, &len, next);
	}
	assert_true(was_busy);
	assert_int_equal(len, 0);
	assert_int_equal(host_hear(&h, heard, sizeof(heard)), 0);
	host_close(&h);
}

static void
nobody_reads(void **state)
{
	struct host h;

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	host_open(&h);
	host_append(&h, "one");
	ledger_commit(h.l);
	close(h.hear);
	h.hear = -1;
	assert_int_equal(ledger_flush(h.l), ERR_WORKER_LOST);
	assert_int_equal(ledger_flush(h.l), ERR_WORKER_LOST);
	assert_int_equal(ledger_backlog(h.l), 4);
	host_close(&h);
}

/* Somebody else's SIGPIPE, blocked and pending, is still there afterwards. */
static void
a_pending_signal_stays(void **state)
{
	sigset_t pipe_only, now;
	struct host h;
	int caught;

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe_only, NULL);
	raise(SIGPIPE);
	host_open(&h);
	host_append(&h, "one");
	ledger_commit(h.l);
	close(h.hear);
	h.hear = -1;
	assert_int_equal(ledger_flush(h.l), ERR_WORKER_LOST);
	sigprocmask(SIG_BLOCK, NULL, &now);
	assert_int_equal(sigismember(&now, SIGPIPE), 1);
	sigpending(&now);
	assert_int_equal(sigismember(&now, SIGPIPE), 1);
	sigwait(&pipe_only, &caught);
	sigprocmask(SIG_UNBLOCK, &pipe_only, NULL);
	host_close(&h);
}

static void
append_mib(struct host *h, size_t count, char byte)
{
	static char line[MIB];

	memset(line, byte, sizeof(line));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(ledger_append(h->l, line, sizeof(line) - 1), OK);
	ledger_commit(h->l);
}

/* A pipe of 2 MiB: what lies in it unread keeps its pages, what was read is freed. */
static void
memory_goes_when_it_was_read(void **state)
{
	char *heard = malloc(4 * MIB);
	size_t in_pipe;
	struct host h;

	(void)state;
	assert_non_null(heard);
	host_open(&h);
	if (fcntl(h.client_out, F_SETPIPE_SZ, 2 * MIB) < 0 &&
	    fcntl(h.client_out, F_SETPIPE_SZ, MIB) < 0)
		skip();
	append_mib(&h, 4, 'x');
	assert_int_equal(ledger_flush(h.l), ERR_BUSY);
	assert_true(host_memory(h.out) >= 4 * MIB);
	in_pipe = host_hear(&h, heard, 4 * MIB);
	assert_true(in_pipe >= MIB);
	while (ledger_flush(h.l) == ERR_BUSY)
		host_hear(&h, heard, 4 * MIB);
	host_hear(&h, heard, 4 * MIB);
	append_mib(&h, 1, 'y');
	assert_int_equal(ledger_flush(h.l), OK);
	assert_true(host_memory(h.out) <= 2 * MIB + host_page());
	assert_int_equal(host_hear(&h, heard, 4 * MIB), MIB);
	for (size_t i = 0; i < MIB - 1; i++)
		assert_true(heard[i] == 'y');
	host_close(&h);
	free(heard);
}

/* Line after line for a long time; memory stays where it is. */
static void
memory_does_not_grow(void **state)
{
	char *heard = malloc(MIB);
	char line[5000];
	struct host h;

	(void)state;
	assert_non_null(heard);
	memset(line, 'x', sizeof(line));
	host_open(&h);
	for (unsigned i = 0; i < 20000; i++) {
		assert_int_equal(ledger_append(h.l, line, sizeof(line)), OK);
		ledger_commit(h.l);
		assert_int_equal(ledger_flush(h.l), OK);
		assert_int_equal(host_hear(&h, heard, MIB), sizeof(line) + 1);
		assert_true(host_memory(h.out) <= 4 * MIB);
		if (i % 1000 == 0)
			host_reopen(&h);
	}
	host_close(&h);
	free(heard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_committed_goes_out),
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(a_full_pipe_loses_nothing),
		cmocka_unit_test(nobody_reads),
		cmocka_unit_test(a_pending_signal_stays),
		cmocka_unit_test(memory_goes_when_it_was_read),
		cmocka_unit_test(memory_does_not_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
