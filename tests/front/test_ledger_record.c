/*
 * Records that cannot be true are refused and left as they are; a set-up that was cut short is
 * finished.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/front/ledger_host.h"
#include "workers/front/ledger_record.h"

#define AT(member) offsetof(struct ledger_record, member)
#define SLOT(i, member) AT(slots[i].member)
#define ALL UINT64_MAX

/*
 * In the current copy: `size` bytes at `at` are set to `value` (little-endian as stored), or added
 * to.
 */
static const struct {
	const char *what;
	size_t at, size;
	uint64_t value;
	enum err expected;
} damages[] = {
	{ "nothing", 0, 0, 0, OK },
	{ "consumed more than has arrived", AT(consumed), 8, 100, ERR_CORRUPT },
	{ "consumed less than is held", AT(consumed), 8, 7, ERR_CORRUPT },
	{ "consumed is huge", AT(consumed), 8, ALL, ERR_CORRUPT },
	{ "less output than was given", AT(out_length), 8, 3, ERR_CORRUPT },
	{ "more output than was written", AT(out_length), 8, 100, ERR_CORRUPT },
	{ "output is huge", AT(out_length), 8, ALL, ERR_CORRUPT },
	{ "skipping is neither yes nor no", AT(skipping), 4, 2, ERR_CORRUPT },
	{ "skipped from what is not consumed", AT(skip_from), 8, 90, OK },
	{ "version without end", AT(session), 16, ALL, ERR_CORRUPT },
	{ "a slot without length", SLOT(0, length), 4, 0, ERR_CORRUPT },
	{ "a slot that reaches into the next", SLOT(0, length), 4, 8, ERR_CORRUPT },
	{ "a slot of a too long line", SLOT(1, length), 4, LIMIT_JSON_LINE + 1, ERR_CORRUPT },
	{ "a slot beyond what is consumed", SLOT(1, offset), 8, 14, ERR_CORRUPT },
	{ "a slot far away", SLOT(1, offset), 8, ALL, ERR_CORRUPT },
	{ "two slots of one line", SLOT(1, offset), 8, 0, ERR_CORRUPT },
	{ "half a job", SLOT(1, job), 1, '0', ERR_CORRUPT },
	{ "a job without end", SLOT(1, job), 27, ALL, ERR_CORRUPT },
	{ "a slot from nowhere", SLOT(200, open), 1, 1, ERR_CORRUPT },
	{ "in hand what nobody sent", AT(in_hand), 8, ALL, OK },
};

/* Two open requests, one line more, one answer given and one not. */
static void
prepare(struct host *h)
{
	host_open(h);
	host_say(h, "line 0\nline 1\nline 2\n", 21);
	host_fill(h);
	assert_int_equal(host_hold(h), 0);
	assert_int_equal(host_hold(h), 1);
	host_append(h, "one");
	ledger_commit(h->l);
	assert_int_equal(ledger_flush(h->l), OK);
	host_append(h, "two");
	ledger_commit(h->l);
	ledger_close(&h->l);
}

static void
damage(int record, size_t at, size_t size, uint64_t value)
{
	struct ledger_shared *shared;
	uint8_t *bytes;

	assert_int_equal(ledger_shared_open(record, &shared), OK);
	bytes = (uint8_t *)(uintptr_t)ledger_shared_current(shared) + at;
	if (size <= sizeof(value))
		memcpy(bytes, &value, size);
	else
		memset(bytes, (int)(value & 0xff), size);
	ledger_shared_close(&shared);
}

static size_t
copy_of(int fd, uint8_t **ret_bytes)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	*ret_bytes = malloc((size_t)st.st_size + 1);
	assert_non_null(*ret_bytes);
	assert_int_equal(pread(fd, *ret_bytes, (size_t)st.st_size, 0), st.st_size);
	return (size_t)st.st_size;
}

/*
 * Opening gives `expected`; where that is a failure, the record stays as it is and nothing is
 * given.
 */
static void
expect_open(struct host *h, enum err expected)
{
	uint8_t *before, *after;
	size_t size = copy_of(h->record, &before);
	enum err e;

	e = ledger_open(h->client_in, h->client_out, h->in, h->out, h->record, &h->l);
	assert_int_equal(e, expected);
	if (expected != OK) {
		assert_null(h->l);
		assert_int_equal(copy_of(h->record, &after), size);
		assert_memory_equal(before, after, size);
		free(after);
	}
	free(before);
}

static void
impossible_records_are_refused(void **state)
{
	struct host h;

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		print_message("    %s\n", damages[i].what);
		prepare(&h);
		damage(h.record, damages[i].at, damages[i].size, damages[i].value);
		expect_open(&h, damages[i].expected);
		host_close(&h);
	}
}

static const struct {
	const char *what;
	off_t size;              /* -1: as it is */
	off_t at;                /* a byte that is inverted; -1: none */
	enum err expected;
} files[] = {
	{ "as it is", -1, -1, OK },
	{ "cut short", 100, -1, ERR_CORRUPT },
	{ "longer", 1 << 20, -1, ERR_CORRUPT },
	{ "another magic", -1, 0, ERR_CORRUPT },
	{ "another layout", -1, 8, ERR_CORRUPT },
	{ "another size inside", -1, 12, ERR_CORRUPT },
};

static void
foreign_files_are_refused(void **state)
{
	struct host h;
	uint8_t byte;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		print_message("    %s\n", files[i].what);
		prepare(&h);
		if (files[i].size >= 0)
			assert_int_equal(ftruncate(h.record, files[i].size), 0);
		if (files[i].at >= 0) {
			assert_int_equal(pread(h.record, &byte, 1, files[i].at), 1);
			byte = (uint8_t)~byte;
			assert_int_equal(pwrite(h.record, &byte, 1, files[i].at), 1);
		}
		expect_open(&h, files[i].expected);
		host_close(&h);
	}
}

/* Killed after any part of the set-up: memory is there, maybe layout and size, but no magic. */
static void
a_set_up_cut_short_is_finished(void **state)
{
	static const uint8_t nothing[16];
	static const size_t kept[] = { 0, 8, 12, 16 };
	size_t left;
	struct host h;
	uint8_t *bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		host_open(&h);
		ledger_close(&h.l);
		free((copy_of(h.record, &bytes), bytes));
		assert_int_equal(pwrite(h.record, nothing, 8, 0), 8);
		left = 16 - kept[i];
		assert_int_equal(pwrite(h.record, nothing, left, (off_t)kept[i]), left);
		expect_open(&h, OK);
		host_say(&h, "one\n", 4);
		host_fill(&h);
		host_expect_line(&h, "one");
		host_consume(&h);
		host_reopen(&h);
		host_close(&h);
	}
}

static void
a_record_in_use_without_magic_is_refused(void **state)
{
	static const uint8_t nothing[8];
	struct host h;

	(void)state;
	prepare(&h);
	assert_int_equal(pwrite(h.record, nothing, 8, 0), 8);
	expect_open(&h, ERR_CORRUPT);
	host_close(&h);
}

static void
clients_must_be_pipes(void **state)
{
	int pair[2];
	struct host h;
	enum err e;

	(void)state;
	host_init(&h);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	e = ledger_open(pair[0], h.client_out, h.in, h.out, h.record, &h.l);
	assert_int_equal(e, ERR_INVALID_ARGUMENT);
	e = ledger_open(h.client_in, pair[0], h.in, h.out, h.record, &h.l);
	assert_int_equal(e, ERR_INVALID_ARGUMENT);
	e = ledger_open(h.client_in, -1, h.in, h.out, h.record, &h.l);
	assert_int_equal(e, ERR_SYSTEM);
	e = ledger_open(h.client_in, h.client_out, pair[0], h.out, h.record, &h.l);
	assert_int_equal(e, ERR_SYSTEM);
	assert_null(h.l);
	close(pair[0]);
	close(pair[1]);
	host_close(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(impossible_records_are_refused),
		cmocka_unit_test(foreign_files_are_refused),
		cmocka_unit_test(a_set_up_cut_short_is_finished),
		cmocka_unit_test(a_record_in_use_without_magic_is_refused),
		cmocka_unit_test(clients_must_be_pipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
