/*
 * A front on the real ledger, killed every 0 to 3 ms while a client sends it requests of 20 B to
 * 200 kB and a few lines over the limit: every request gets one answer, whole, in whatever order.
 *
 * LEDGER_KILL_SEED and LEDGER_KILL_MS (how long the client sends) change the run.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/front/ledger_host.h"

#define SEND_MS 7000
#define FINISH_MS 40000          /* then the test has failed */
#define REQUESTS_MAX 4000000
#define TEXT_MAX 200000
#define ANSWER_MAX (TEXT_MAX + 64)
#define TOO_LONG_EVERY_MS 2500
#define TOO_LONG_MAX 64
#define OPEN_AT_ONCE 24
#define HEAD 13                  /* a letter and twelve digits */

static char pattern[TEXT_MAX + 1000];

static uint64_t
random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void
make_pattern(void)
{
	uint64_t seed = 7;

	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (char)('a' + random_next(&seed) % 26);
}

/*
 * The text of request or answer `number`, without line end: its letter, its number, and what
 * belongs to it.
 */
static size_t
make_text(char *buf, char letter, uint64_t number)
{
	uint64_t seed = number * UINT64_C(0x9E3779B97F4A7C15) + 1;
	uint64_t kind, size;

	for (int i = 0; i < 4; i++)
		random_next(&seed);
	kind = random_next(&seed) % 100;
	size = random_next(&seed) % (kind < 80 ? 200 : kind < 98 ? 8000 : TEXT_MAX - 20);
	snprintf(buf, HEAD + 1, "%c%012llu", letter, (unsigned long long)number);
	memcpy(buf + HEAD, pattern + number % 1000, 7 + size);
	return HEAD + 7 + size;
}

/* ---- the front: a process of its own, from host_front's fork to its kill ---- */

struct front {
	struct ledger *l;
	uint64_t seed;
	int open[OPEN_AT_ONCE];
	unsigned open_count;
	char answer[ANSWER_MAX];
};

/* Anything but the kill that ends this process fails the test. */
static void
must(bool truth)
{
	if (!truth)
		_exit(9);
}

static void
append_answer(struct front *f, const struct ledger_line *line)
{
	must(line->len <= ANSWER_MAX);
	memcpy(f->answer, line->at, line->len);
	f->answer[0] = 'A';
	must(ledger_append(f->l, f->answer, line->len) == OK);
}

static void
answer_one(struct front *f)
{
	unsigned which = (unsigned)(random_next(&f->seed) % f->open_count);
	int slot = f->open[which];
	struct ledger_line line;

	must(ledger_line_of(f->l, slot, &line) == OK);
	ledger_in_hand(f->l, line.offset);
	append_answer(f, &line);
	ledger_done(f->l, slot);
	ledger_commit(f->l);
	ledger_nothing_in_hand(f->l);
	f->open[which] = f->open[--f->open_count];
}

static void
answer_too_long(struct front *f, const struct ledger_line *line)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "T%012llu", (unsigned long long)line->offset);

	must(ledger_append(f->l, text, (size_t)len) == OK);
	ledger_consume(f->l);
}

static void
take_line(struct front *f, const struct ledger_line *line)
{
	ledger_in_hand(f->l, line->offset);
	if (line->too_long) {
		answer_too_long(f, line);
	} else if (random_next(&f->seed) % 3 == 0) {
		append_answer(f, line);
		ledger_consume(f->l);
	} else {
		int slot = ledger_hold(f->l);

		must(slot >= 0);
		f->open[f->open_count++] = slot;
	}
	ledger_commit(f->l);
	ledger_nothing_in_hand(f->l);
}

/* One turn. False when nothing is left to do, now or ever. */
static bool
front_turn(struct front *f, const struct host *h)
{
	enum err filled = ledger_fill(f->l), flushed;
	struct ledger_line line;
	struct pollfd fds[2] = { { h->client_in, POLLIN, 0 }, { h->client_out, POLLOUT, 0 } };

	must(filled == OK || filled == ERR_BUSY || filled == ERR_NOT_FOUND ||
	    filled == ERR_TOO_LARGE);
	while (f->open_count < OPEN_AT_ONCE && ledger_next(f->l, &line)) {
		take_line(f, &line);
		if (random_next(&f->seed) % 4 == 0 && f->open_count > 0)
			answer_one(f);
	}
	if (f->open_count > 0)
		answer_one(f);
	flushed = ledger_flush(f->l);
	must(flushed == OK || flushed == ERR_BUSY);
	if (f->open_count > 0 || ledger_next(f->l, &line))
		return true;
	if (filled == ERR_NOT_FOUND && flushed == OK)
		return false;
	if (filled != ERR_BUSY)
		fds[0].fd = -1;
	if (flushed == OK)
		fds[1].fd = -1;
	if (filled != OK)
		poll(fds, 2, -1);
	return true;
}

static void
front_main(const struct host *h, uint64_t seed)
{
	static struct front f;

	close(h->say);
	close(h->hear);
	f.seed = seed;
	must(ledger_open(h->client_in, h->client_out, h->in, h->out, h->record, &f.l) == OK);
	for (int slot = 0; slot < LIMIT_OPEN_REQUESTS; slot++)
		if (ledger_is_open(f.l, slot))
			f.open[f.open_count++] = slot;
	while (front_turn(&f, h))
		;
	_exit(0);
}

/* ---- the client, and the one who kills ---- */

struct client {
	struct host host;
	uint64_t seed;
	int64_t start_ns;
	unsigned char *answered;     /* by number */
	uint64_t sent, heard, repeated, torn, out_of_order;
	uint64_t said;               /* bytes, up to the end of `text` */
	uint64_t too_long_at[TOO_LONG_MAX];
	unsigned too_long_sent, too_long_heard;
	char *text;                  /* what is being said */
	size_t text_len, text_at;
	char *hearing;
	size_t hearing_len;
	char expected[ANSWER_MAX];
	pid_t pid;
	unsigned kills;
	uint64_t memory_max;
	int64_t send_ms;
};

static int64_t
elapsed_ms(const struct client *c)
{
	return (now_ns() - c->start_ns) / 1000000;
}

static void
next_text(struct client *c)
{
	static const char *const ends[] = { "\n", "\n", "\r\n", "\n\n", "\r\n\r\n" };
	const char *end = ends[random_next(&c->seed) % 5];

	c->text_at = 0;
	if (c->too_long_sent < TOO_LONG_MAX &&
	    elapsed_ms(c) > c->too_long_sent * TOO_LONG_EVERY_MS) {
		c->text_len = LIMIT_JSON_LINE + 1 + random_next(&c->seed) % 1000000;
		memset(c->text, 'x', c->text_len);
		c->too_long_at[c->too_long_sent++] = c->said;
	} else {
		c->text_len = make_text(c->text, 'R', c->sent++);
	}
	memcpy(c->text + c->text_len, end, strlen(end));
	c->text_len += strlen(end);
	c->said += c->text_len;
}

static bool
has_more(const struct client *c)
{
	return c->host.say >= 0 && elapsed_ms(c) < c->send_ms && c->sent < REQUESTS_MAX;
}

static void
say_some(struct client *c)
{
	ssize_t n;

	if (c->text_at == c->text_len && has_more(c))
		next_text(c);
	n = write(c->host.say, c->text + c->text_at, c->text_len - c->text_at);
	if (n > 0)
		c->text_at += (size_t)n;
	if (c->text_at == c->text_len && !has_more(c))
		host_hang_up(&c->host);
}

/* The answer to a line that is too long names its offset. */
static void
hear_too_long(struct client *c, uint64_t offset)
{
	for (unsigned i = 0; i < c->too_long_sent; i++) {
		if (c->too_long_at[i] != offset)
			continue;
		c->too_long_at[i] = UINT64_MAX;
		c->too_long_heard++;
		return;
	}
	c->repeated++;
}

static void
hear_line(struct client *c, const char *at, size_t len)
{
	uint64_t number = len >= HEAD ? strtoull(at + 1, NULL, 10) : UINT64_MAX;

	if (at[0] == 'T' && len == HEAD) {
		hear_too_long(c, number);
	} else if (number >= c->sent || make_text(c->expected, 'A', number) != len ||
	    memcmp(c->expected, at, len) != 0) {
		c->torn++;
	} else if (c->answered[number]) {
		c->repeated++;
	} else {
		c->answered[number] = 1;
		c->out_of_order += number != c->heard;
		c->heard++;
	}
}

static void
hear_some(struct client *c)
{
	char *at = c->hearing, *end;
	size_t room = 2 * ANSWER_MAX - c->hearing_len;

	c->hearing_len += host_hear(&c->host, c->hearing + c->hearing_len, room);
	while ((end = memchr(at, '\n', c->hearing_len - (size_t)(at - c->hearing))) != NULL) {
		hear_line(c, at, (size_t)(end - at));
		at = end + 1;
	}
	c->hearing_len -= (size_t)(at - c->hearing);
	assert_true(c->hearing_len < 2 * ANSWER_MAX);
	memmove(c->hearing, at, c->hearing_len);
}

/* Talks until then, or until the front has left. */
static void
talk(struct client *c, int64_t until_ns)
{
	for (;;) {
		int64_t left_ns = until_ns - now_ns();
		struct timespec timeout = { left_ns / 1000000000, left_ns % 1000000000 };
		struct pollfd fds[2] = { { c->host.hear, POLLIN, 0 }, { c->host.say, POLLOUT, 0 } };

		if (left_ns <= 0)
			return;
		if (ppoll(fds, 2, &timeout, NULL) < 0)
			assert_int_equal(errno, EINTR);
		if (fds[1].revents != 0)
			say_some(c);
		if (fds[0].revents != 0)
			hear_some(c);
	}
}

static void
note_memory(struct client *c)
{
	uint64_t memory = host_memory(c->host.in) + host_memory(c->host.out);

	if (memory > c->memory_max)
		c->memory_max = memory;
}

/*
 * Starts a front, lets it live for a moment, kills it. True when it had left by itself, all done.
 */
static bool
one_life(struct client *c)
{
	int64_t life_ns = (int64_t)(random_next(&c->seed) % 3000000);
	uint64_t seed = random_next(&c->seed);
	int status;

	if (c->kills % 16 == 15)
		life_ns *= 8;            /* a slow machine gets on as well */
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (c->pid == 0)
		front_main(&c->host, seed);
	talk(c, now_ns() + life_ns);
	kill(c->pid, SIGKILL);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	note_memory(c);
	if (WIFEXITED(status)) {
		assert_int_equal(WEXITSTATUS(status), 0);
		return true;
	}
	assert_int_equal(WTERMSIG(status), SIGKILL);
	c->kills++;
	return false;
}

static int64_t
from_environment(const char *name, int64_t fallback)
{
	const char *text = getenv(name);

	return text == NULL ? fallback : strtoll(text, NULL, 10);
}

static void
client_init(struct client *c)
{
	*c = (struct client){
		.seed = (uint64_t)from_environment("LEDGER_KILL_SEED", 20261122),
		.send_ms = from_environment("LEDGER_KILL_MS", SEND_MS),
		.start_ns = now_ns(),
		.answered = calloc(REQUESTS_MAX, 1),
		.text = malloc(LIMIT_JSON_LINE + 2000000),
		.hearing = malloc(2 * ANSWER_MAX),
	};
	assert_true(c->answered != NULL && c->text != NULL && c->hearing != NULL);
	host_init(&c->host);
}

static void
print_result(const struct client *c, uint64_t lost)
{
	print_message("    %llu requests, %u too long, %u kills: %llu lost, %llu repeated, "
	    "%llu torn; %llu out of order; memory at most %llu kB\n",
	    (unsigned long long)c->sent, c->too_long_sent, c->kills,
	    (unsigned long long)lost, (unsigned long long)c->repeated, (unsigned long long)c->torn,
	    (unsigned long long)c->out_of_order, (unsigned long long)c->memory_max / 1024);
}

static void
every_request_is_answered_once(void **state)
{
	static struct client c;
	uint64_t lost;

	(void)state;
	make_pattern();
	client_init(&c);
	while (!one_life(&c))
		assert_true(elapsed_ms(&c) < c.send_ms + FINISH_MS);
	hear_some(&c);
	lost = c.sent - c.heard + c.too_long_sent - c.too_long_heard;
	print_result(&c, lost);
	assert_int_equal(lost, 0);
	assert_int_equal(c.repeated, 0);
	assert_int_equal(c.torn, 0);
	assert_int_equal(c.hearing_len, 0);
	assert_true(c.kills >= 50);
	assert_true(c.sent >= 1000);
	assert_true(c.out_of_order > 0);
	host_close(&c.host);
	free(c.answered);
	free(c.text);
	free(c.hearing);
}

/* A figure to watch, no promise: hold and commit, then answer, done and commit. */
static void
commits_are_cheap(void **state)
{
	const unsigned rounds = 20000;
	struct ledger_line line;
	int64_t commit_ns = 0, start_ns;
	struct host h;

	(void)state;
	host_open(&h);
	for (unsigned i = 0; i < rounds; i++) {
		host_say(&h, "a request\n", 10);
		assert_int_equal(ledger_fill(h.l), OK);
		assert_true(ledger_next(h.l, &line));
		assert_int_equal(ledger_hold(h.l), 0);
		start_ns = now_ns();
		ledger_commit(h.l);
		commit_ns += now_ns() - start_ns;
		ledger_done(h.l, 0);
		start_ns = now_ns();
		ledger_commit(h.l);
		commit_ns += now_ns() - start_ns;
	}
	print_message("    %lld ns for a commit\n", (long long)(commit_ns / (2 * rounds)));
	assert_true(commit_ns / (2 * rounds) < 100000);
	host_close(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_is_answered_once),
		cmocka_unit_test(commits_are_cheap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
