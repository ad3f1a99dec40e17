/* Open requests, session and deaths; what becomes true at a commit and what is gone without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/front/ledger_host.h"

#define MIB ((size_t)1 << 20)

static const char job_a[] = "01J00000000000000000000000";
static const char job_b[] = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ";

static void
say_lines(struct host *h, unsigned first, unsigned count)
{
	char text[32];

	for (unsigned i = first; i < first + count; i++)
		host_say(h, text, (size_t)snprintf(text, sizeof(text), "line %u\n", i));
	assert_int_equal(host_fill(h), ERR_BUSY);
}

static void
expect_text(struct host *h, int slot, const char *text)
{
	struct ledger_line line;

	assert_int_equal(ledger_line_of(h->l, slot, &line), OK);
	assert_int_equal(line.len, strlen(text));
	assert_memory_equal(line.at, text, line.len);
	assert_false(line.too_long);
}

static void
staged_changes_wait_for_the_commit(void **state)
{
	struct host h;

	(void)state;
	host_open(&h);
	say_lines(&h, 0, 3);
	host_expect_line(&h, "line 0");
	ledger_consume(h.l);
	assert_int_equal(host_hold(&h), 0);
	host_append(&h, "never sent");
	assert_int_equal(ledger_backlog(h.l), 0);
	host_reopen(&h);
	assert_false(ledger_is_open(h.l, 0));
	assert_int_equal(ledger_backlog(h.l), 0);
	host_expect_line(&h, "line 0");
	ledger_consume(h.l);
	assert_int_equal(host_hold(&h), 0);
	host_append(&h, "sent");
	ledger_commit(h.l);
	host_reopen(&h);
	assert_true(ledger_is_open(h.l, 0));
	assert_int_equal(ledger_backlog(h.l), 5);
	expect_text(&h, 0, "line 1");
	host_expect_line(&h, "line 2");
	host_close(&h);
}

static void
without_a_line_nothing_is_taken(void **state)
{
	struct ledger_line line;
	struct host h;

	(void)state;
	host_open(&h);
	ledger_consume(h.l);
	assert_int_equal(ledger_hold(h.l), -1);
	say_lines(&h, 0, 1);
	ledger_consume(h.l);
	host_expect_line(&h, "line 0");
	for (int slot = -1; slot <= LIMIT_OPEN_REQUESTS; slot++) {
		ledger_done(h.l, slot);
		ledger_blame(h.l, slot);
		ledger_set_job(h.l, slot, job_a);
		assert_false(ledger_is_open(h.l, slot));
		assert_string_equal(ledger_job(h.l, slot), "");
		assert_int_equal(ledger_deaths(h.l, slot), 0);
		assert_int_equal(ledger_line_of(h.l, slot, &line), ERR_NOT_FOUND);
	}
	host_close(&h);
}

static void
the_table_can_be_full(void **state)
{
	char text[32];
	struct host h;

	(void)state;
	host_open(&h);
	say_lines(&h, 0, LIMIT_OPEN_REQUESTS + 2);
	for (int i = 0; i < LIMIT_OPEN_REQUESTS; i++)
		assert_int_equal(host_hold(&h), i);
	ledger_commit(h.l);
	host_reopen(&h);
	assert_int_equal(host_hold(&h), -1);
	host_expect_line(&h, "line 256");
	ledger_done(h.l, 17);
	assert_int_equal(host_hold(&h), 17);
	assert_int_equal(host_hold(&h), -1);
	ledger_commit(h.l);
	host_reopen(&h);
	for (int i = 0; i < LIMIT_OPEN_REQUESTS; i++) {
		snprintf(text, sizeof(text), "line %d", i == 17 ? 256 : i);
		expect_text(&h, i, text);
	}
	host_expect_line(&h, "line 257");
	host_close(&h);
}

static void
held_text_is_bounded(void **state)
{
	struct host h;

	(void)state;
	host_open(&h);
	for (int i = 0; i < 5; i++) {
		host_say_many(&h, 'x', LIMIT_JSON_LINE);
		host_say(&h, "\n", 1);
		host_fill(&h);
		assert_int_equal(host_hold(&h), i < 4 ? i : -1);
		ledger_commit(h.l);
	}
	host_reopen(&h);
	assert_int_equal(host_hold(&h), -1);
	ledger_done(h.l, 2);
	assert_int_equal(host_hold(&h), 2);
	host_close(&h);
}

static void
session_and_jobs_are_kept(void **state)
{
	struct ledger_session *session;
	struct host h;

	(void)state;
	host_open(&h);
	say_lines(&h, 0, 2);
	session = ledger_session(h.l);
	assert_string_equal(session->protocol_version, "");
	memcpy(session->protocol_version, "2025-11-25", 11);
	session->initialized = 1;
	session->log_level = 5;
	session->reserved[13] = 9;
	host_hold(&h);
	host_hold(&h);
	ledger_set_job(h.l, 0, job_a);
	ledger_set_job(h.l, 1, job_a);
	ledger_set_job(h.l, 1, job_b);
	ledger_commit(h.l);
	ledger_set_job(h.l, 0, job_b);
	ledger_session(h.l)->log_level = 1;
	host_reopen(&h);
	session = ledger_session(h.l);
	assert_string_equal(session->protocol_version, "2025-11-25");
	assert_int_equal(session->initialized, 1);
	assert_int_equal(session->log_level, 5);
	assert_int_equal(session->reserved[13], 9);
	assert_string_equal(ledger_job(h.l, 0), job_a);
	assert_string_equal(ledger_job(h.l, 1), job_b);
	host_close(&h);
}

static void
bad_jobs_and_versions_do_no_harm(void **state)
{
	static const char *const jobs[] = { "", "../../x", "01j00000000000000000000000",
		"01J000000000000000000000000" };
	struct host h;

	(void)state;
	host_open(&h);
	say_lines(&h, 0, 1);
	host_hold(&h);
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		char job[LIMIT_ULID + 2] = "";

		memcpy(job, jobs[i], strlen(jobs[i]));
		ledger_set_job(h.l, 0, job_a);
		ledger_set_job(h.l, 0, job);
		assert_string_equal(ledger_job(h.l, 0), "");
	}
	memset(ledger_session(h.l)->protocol_version, 'v', 16);
	ledger_commit(h.l);
	host_reopen(&h);
	assert_int_equal(strlen(ledger_session(h.l)->protocol_version), 15);
	host_close(&h);
}

/* Lines "line 0" to "line 3": 0 was consumed, 1 and 2 are open, 3 is next, behind an empty one. */
static void
open_for_deaths(struct host *h)
{
	host_open(h);
	say_lines(h, 0, 3);
	host_say(h, "\n", 1);
	say_lines(h, 3, 2);
	host_expect_line(h, "line 0");
	ledger_consume(h->l);
	assert_int_equal(host_hold(h), 0);
	assert_int_equal(host_hold(h), 1);
	ledger_commit(h->l);
}

#define LINE 7                   /* bytes of "line N\n" */

static const struct {
	uint64_t in_hand;
	bool put_down;
	unsigned slots[2], head;
} deaths[] = {
	{ 0 * LINE, false, { 0, 0 }, 0 },
	{ 1 * LINE, false, { 1, 0 }, 0 },
	{ 2 * LINE, false, { 0, 1 }, 0 },
	{ 3 * LINE + 1, false, { 0, 0 }, 1 },
	{ 1 * LINE, true, { 0, 0 }, 0 },
	{ 3 * LINE + 1, true, { 0, 0 }, 0 },
	{ 1 * LINE + 3, false, { 0, 0 }, 0 },
};

static void
expect_deaths(struct host *h, size_t i, unsigned times)
{
	host_expect_line(h, "line 3");
	assert_int_equal(ledger_deaths(h->l, 0), times * deaths[i].slots[0]);
	assert_int_equal(ledger_deaths(h->l, 1), times * deaths[i].slots[1]);
	assert_int_equal(ledger_head_deaths(h->l), times * deaths[i].head);
}

static void
a_death_with_something_in_hand_is_counted_once(void **state)
{
	struct host h;

	(void)state;
	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
		open_for_deaths(&h);
		for (unsigned times = 1; times <= 3; times++) {
			ledger_in_hand(h.l, deaths[i].in_hand);
			ledger_commit(h.l);
			if (deaths[i].put_down) {
				ledger_nothing_in_hand(h.l);
				ledger_commit(h.l);
			}
			host_reopen(&h);
			expect_deaths(&h, i, times);
			host_reopen(&h);
			expect_deaths(&h, i, times);
		}
		host_close(&h);
	}
}

static void
deaths_of_the_head_go_with_it(void **state)
{
	struct host h;

	(void)state;
	open_for_deaths(&h);
	host_expect_line(&h, "line 3");
	ledger_in_hand(h.l, 3 * LINE + 1);
	host_reopen(&h);
	assert_int_equal(host_hold(&h), 2);
	assert_int_equal(ledger_deaths(h.l, 2), 1);
	host_expect_line(&h, "line 4");
	assert_int_equal(ledger_head_deaths(h.l), 0);
	ledger_blame(h.l, 2);
	ledger_commit(h.l);
	ledger_in_hand(h.l, 3 * LINE + 1);
	host_reopen(&h);
	assert_int_equal(ledger_deaths(h.l, 2), 3);
	host_close(&h);
}

/* None of them is committed by the front itself, and the last was not of an open line at all. */
static void
deaths_of_different_lines_add_up(void **state)
{
	static const uint64_t in_hand[] = { 1 * LINE, 2 * LINE, 3 * LINE + 1, 2 * LINE, 0 };
	struct host h;

	(void)state;
	open_for_deaths(&h);
	for (size_t i = 0; i < sizeof(in_hand) / sizeof(in_hand[0]); i++) {
		ledger_in_hand(h.l, in_hand[i]);
		host_reopen(&h);
	}
	host_expect_line(&h, "line 3");
	assert_int_equal(ledger_deaths(h.l, 0), 1);
	assert_int_equal(ledger_deaths(h.l, 1), 2);
	assert_int_equal(ledger_head_deaths(h.l), 1);
	host_close(&h);
}

/* The lines before it were consumed without a commit, so they come again first. */
static void
deaths_of_a_later_line_wait_for_it(void **state)
{
	struct host h;

	(void)state;
	open_for_deaths(&h);
	host_expect_line(&h, "line 3");
	ledger_consume(h.l);
	host_expect_line(&h, "line 4");
	ledger_in_hand(h.l, 4 * LINE + 1);
	host_reopen(&h);
	host_expect_line(&h, "line 3");
	assert_int_equal(ledger_head_deaths(h.l), 0);
	host_consume(&h);
	host_reopen(&h);
	host_expect_line(&h, "line 4");
	assert_int_equal(ledger_head_deaths(h.l), 1);
	host_consume(&h);
	host_close(&h);
}

static void
deaths_stop_at_255(void **state)
{
	struct host h;

	(void)state;
	open_for_deaths(&h);
	for (unsigned i = 0; i < 300; i++)
		ledger_blame(h.l, 1);
	ledger_commit(h.l);
	ledger_in_hand(h.l, 2 * LINE);
	host_reopen(&h);
	assert_int_equal(ledger_deaths(h.l, 1), 255);
	ledger_blame(h.l, 1);
	assert_int_equal(ledger_deaths(h.l, 1), 255);
	host_close(&h);
}

static void
a_death_with_a_too_long_line_is_counted(void **state)
{
	struct ledger_line line;
	struct host h;

	(void)state;
	host_open(&h);
	host_say_many(&h, 'x', LIMIT_JSON_LINE + 3);
	host_fill(&h);
	assert_false(ledger_next(h.l, &line));
	host_say(&h, "\n", 1);
	host_fill(&h);
	host_expect_line(&h, "");
	ledger_in_hand(h.l, 0);
	host_reopen(&h);
	host_expect_line(&h, "");
	assert_int_equal(ledger_head_deaths(h.l), 1);
	host_close(&h);
}

/*
 * One request stays open while 40 MiB come and go behind it, some answered late and out of order.
 */
static void
an_open_request_pins_only_itself(void **state)
{
	char text[MIB / 4 + 1];
	struct host h;
	int slot;

	(void)state;
	host_open(&h);
	say_lines(&h, 0, 1);
	assert_int_equal(host_hold(&h), 0);
	ledger_commit(h.l);
	for (unsigned i = 0; i < 160; i++) {
		memset(text, 'a' + (int)(i % 26), MIB / 4);
		text[MIB / 4] = '\n';
		host_say(&h, text, MIB / 4 + 1);
		host_fill(&h);
		slot = host_hold(&h);
		assert_true(slot > 0);
		if (i >= 3)
			ledger_done(h.l, slot == 1 ? 4 : slot - 1);
		ledger_commit(h.l);
		assert_true(host_memory(h.in) <= 8 * MIB);
	}
	host_reopen(&h);
	expect_text(&h, 0, "line 0");
	for (slot = 1; slot < LIMIT_OPEN_REQUESTS; slot++)
		ledger_done(h.l, slot);
	ledger_commit(h.l);
	host_reopen(&h);
	assert_true(host_memory(h.in) <= 2 * host_page());
	expect_text(&h, 0, "line 0");
	host_close(&h);
}

/* Gaps between open requests are freed, and the requests on both sides keep every byte. */
static void
gaps_are_freed_to_the_page(void **state)
{
	struct ledger_line line;
	uint64_t before;
	struct host h;
	int slot;

	(void)state;
	host_open(&h);
	for (int i = 0; i < 24; i++) {
		host_say_many(&h, (char)('a' + i), 100001);
		host_say(&h, "\n", 1);
		host_fill(&h);
		assert_int_equal(host_hold(&h), i);
		ledger_commit(h.l);
	}
	before = host_memory(h.in);
	for (slot = 0; slot < 24; slot += 2)
		ledger_done(h.l, slot);
	ledger_commit(h.l);
	assert_true(host_memory(h.in) <= before - 12 * 90000);
	for (slot = 1; slot < 24; slot += 2) {
		assert_int_equal(ledger_line_of(h.l, slot, &line), OK);
		assert_int_equal(line.len, 100001);
		for (size_t i = 0; i < line.len; i++)
			assert_true(line.at[i] == 'a' + slot);
	}
	host_close(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(staged_changes_wait_for_the_commit),
		cmocka_unit_test(without_a_line_nothing_is_taken),
		cmocka_unit_test(the_table_can_be_full),
		cmocka_unit_test(held_text_is_bounded),
		cmocka_unit_test(session_and_jobs_are_kept),
		cmocka_unit_test(bad_jobs_and_versions_do_no_harm),
		cmocka_unit_test(a_death_with_something_in_hand_is_counted_once),
		cmocka_unit_test(deaths_of_the_head_go_with_it),
		cmocka_unit_test(deaths_of_different_lines_add_up),
		cmocka_unit_test(deaths_of_a_later_line_wait_for_it),
		cmocka_unit_test(deaths_stop_at_255),
		cmocka_unit_test(a_death_with_a_too_long_line_is_counted),
		cmocka_unit_test(an_open_request_pins_only_itself),
		cmocka_unit_test(gaps_are_freed_to_the_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
