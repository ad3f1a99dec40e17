/*
 * A small front that stops before any one of its steps, and the next one before any one of its own:
 * whatever the two places, every request gets its answer, one, whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/front/ledger_host.h"

/* "now N" is answered at once, "late N" is held; a "go" answers what is held, the newest first. */
static const char *const pieces[] = {
	"now 0\nla", "te 1\r\n\nlate 2\nnow 3\n", "go\n", "\n\nlate 4\nnow 5\ngo\nlate 6",
	"\nlate 7", "\ngo",
};
#define REQUESTS 8
#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

struct world {
	struct host host;
	size_t said;             /* pieces */
	unsigned steps_left;
	char heard[1024];
	size_t heard_len;
};

/* Before each step: false ends the front here. */
static bool
may_step(struct world *w)
{
	return w->steps_left-- > 0;
}

#define STEP(w, action) \
	do { \
		if (!may_step(w)) \
			return false; \
		(void)(action); \
	} while (0)

static bool
append_answer(struct world *w, const struct ledger_line *line)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "answer to %.*s", (int)line->len, line->at);

	STEP(w, ledger_append(w->host.l, text, (size_t)len));
	return true;
}

static bool
answer_held(struct world *w)
{
	struct ledger *l = w->host.l;
	struct ledger_line line;

	for (int slot = LIMIT_OPEN_REQUESTS - 1; slot >= 0; slot--) {
		if (!ledger_is_open(l, slot))
			continue;
		STEP(w, ledger_line_of(l, slot, &line));
		ledger_in_hand(l, line.offset);
		if (!append_answer(w, &line))
			return false;
		STEP(w, ledger_done(l, slot));
		STEP(w, ledger_commit(l));
		ledger_nothing_in_hand(l);
	}
	return true;
}

static bool
serve_line(struct world *w, const struct ledger_line *line)
{
	struct ledger *l = w->host.l;

	STEP(w, ledger_in_hand(l, line->offset));
	if (line->at[0] == 'g') {
		if (!answer_held(w))
			return false;
		STEP(w, ledger_consume(l));
	} else if (line->at[0] == 'l') {
		STEP(w, ledger_hold(l));
		STEP(w, ledger_session(l)->reserved[0]++);
	} else {
		if (!append_answer(w, line))
			return false;
		STEP(w, ledger_consume(l));
	}
	STEP(w, ledger_commit(l));
	STEP(w, ledger_nothing_in_hand(l));
	STEP(w, ledger_flush(l));
	return true;
}

/* Until the client has said everything and hears everything; false when it ran out of steps. */
static bool
serve(struct world *w)
{
	struct ledger_line line;
	enum err e = OK;

	while (e != ERR_NOT_FOUND) {
		if (w->said < PIECES)
			host_say(&w->host, pieces[w->said], strlen(pieces[w->said]));
		else if (w->host.say >= 0)
			host_hang_up(&w->host);
		w->said++;
		STEP(w, e = ledger_fill(w->host.l));
		while (ledger_next(w->host.l, &line))
			if (!serve_line(w, &line))
				return false;
	}
	STEP(w, ledger_flush(w->host.l));
	return true;
}

static void
check_answers(struct world *w)
{
	static const char *const kinds[REQUESTS] = {
		"now", "late", "late", "now", "late", "now", "late", "late",
	};
	char answer[32];
	size_t total = 0;

	w->heard_len = host_hear(&w->host, w->heard, sizeof(w->heard) - 1);
	w->heard[w->heard_len] = '\0';
	for (int i = 0; i < REQUESTS; i++) {
		total += (size_t)snprintf(answer, sizeof(answer), "answer to %s %d\n", kinds[i], i);
		assert_non_null(strstr(w->heard, answer));
	}
	assert_int_equal(w->heard_len, total);
	assert_int_equal(ledger_session(w->host.l)->reserved[0], 5);
	for (int slot = 0; slot < LIMIT_OPEN_REQUESTS; slot++)
		assert_false(ledger_is_open(w->host.l, slot));
}

/* Returns whether the first front got through without being stopped. */
static bool
run(unsigned first, unsigned second)
{
	struct world *w = calloc(1, sizeof(*w));
	bool through;

	assert_non_null(w);
	host_open(&w->host);
	w->steps_left = first;
	through = serve(w);
	if (!through) {
		host_reopen(&w->host);
		w->steps_left = second;
		if (!serve(w)) {
			host_reopen(&w->host);
			w->steps_left = 100000;
			assert_true(serve(w));
		}
	}
	check_answers(w);
	host_close(&w->host);
	free(w);
	return through;
}

static void
any_two_places_to_stop(void **state)
{
	unsigned first = 0;

	(void)state;
	for (bool through = false; !through; first++)
		for (unsigned second = 0; second < 100 && !through; second++)
			through = run(first, second);
	assert_true(first > 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_places_to_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
