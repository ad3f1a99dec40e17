/* Walks every cell of the state x event grid, with doubles for what the steps do to the world. */
#include "tests/supervisor/test_support.h"

#include "supervisor/actions.h"
#include "supervisor/child.h"
#include "supervisor/clock.h"
#include "supervisor/links.h"
#include "supervisor/log.h"
#include "supervisor/steps.h"

enum { NOW = 100000, OLD_DEADLINE = 103000 };

static const struct child_spec spec = { ROLE_PROFILER, .ready_ms = 3000, .silence_ms = 5000,
	.stop_ms = 1000 };

static char done[64];            /* what the doubles were asked for, in order */
static bool can_spawn;

static void
note(const char *what)
{
	strncat(done, what, sizeof(done) - strlen(done) - 1);
}

bool
action_spawn(struct supervisor *s, struct child *c, int64_t now_ms)
{
	(void)s;
	(void)now_ms;
	note("spawn ");
	c->incarnation++;
	return can_spawn;
}

void
action_kill(struct supervisor *s, struct child *c)
{
	(void)s;
	(void)c;
	note("kill ");
}

void
action_drain(struct supervisor *s, struct child *c, int64_t now_ms)
{
	(void)s;
	(void)now_ms;
	(void)c;
	note("drain ");
}

void
action_bury(struct supervisor *s, struct child *c, int wait_status, int64_t now_ms)
{
	(void)s;
	note(wait_status == -1 ? "bury-unborn " : "bury ");
	c->state = CHILD_BACKOFF;
	c->deadline_ms = now_ms;
}

void
action_send_tree(struct supervisor *s, struct child *c, int64_t now_ms)
{
	(void)s;
	(void)c;
	(void)now_ms;
	note("tree ");
}

void
links_listening(struct supervisor *s, struct child *c, uint32_t front_incarnation)
{
	(void)s;
	(void)c;
	assert_int_equal(front_incarnation, 7);
	note("link ");
}

#define EMPTY -2                 /* an empty cell */
#define SAME OLD_DEADLINE

struct cell {
	int next;
	const char *does;
	int64_t deadline_ms;
};

static const struct cell grid[CHILD_STATES][CHILD_EVENTS] = {
	[CHILD_DOWN] = {
	    [EVENT_START] = { CHILD_STARTING, "spawn ", NOW + 3000 },
	    [EVENT_READY] = { EMPTY, "", SAME },
	    [EVENT_LISTENING] = { EMPTY, "", SAME },
	    [EVENT_BEAT] = { EMPTY, "", SAME },
	    [EVENT_BUSY] = { EMPTY, "", SAME },
	    [EVENT_DONE] = { EMPTY, "", SAME },
	    [EVENT_ASK_TREE] = { EMPTY, "", SAME },
	    [EVENT_LOST] = { EMPTY, "", SAME },
	    [EVENT_MISBEHAVED] = { EMPTY, "", SAME },
	    [EVENT_EXIT] = { EMPTY, "", SAME },
	    [EVENT_TIMEOUT] = { EMPTY, "", SAME },
	    [EVENT_STOP] = { CHILD_DOWN, "", SAME },
	    [EVENT_KILL] = { CHILD_DOWN, "", SAME },
	},
	[CHILD_STARTING] = {
	    [EVENT_START] = { EMPTY, "", SAME },
	    [EVENT_READY] = { CHILD_READY, "", NOW + 5000 },
	    [EVENT_LISTENING] = { EMPTY, "", SAME },
	    [EVENT_BEAT] = { CHILD_STARTING, "", SAME },
	    [EVENT_BUSY] = { CHILD_STARTING, "", NOW + 20000 + BUSY_GRACE_MS },
	    [EVENT_DONE] = { EMPTY, "", SAME },
	    [EVENT_ASK_TREE] = { EMPTY, "", SAME },
	    [EVENT_LOST] = { CHILD_STARTING, "", NOW + LEAVE_MS },
	    [EVENT_MISBEHAVED] = { CHILD_KILLED, "kill ", NOW + KILL_AGAIN_MS },
	    [EVENT_EXIT] = { CHILD_BACKOFF, "bury ", NOW },
	    [EVENT_TIMEOUT] = { CHILD_KILLED, "kill ", NOW + KILL_AGAIN_MS },
	    [EVENT_STOP] = { CHILD_STOPPING, "drain ", NOW + 1000 },
	    [EVENT_KILL] = { CHILD_KILLED, "kill ", NOW + KILL_AGAIN_MS },
	},
	[CHILD_READY] = {
	    [EVENT_START] = { EMPTY, "", SAME },
	    [EVENT_READY] = { EMPTY, "", SAME },
	    [EVENT_LISTENING] = { CHILD_READY, "link ", NOW + 5000 },
	    [EVENT_BEAT] = { CHILD_READY, "", NOW + 5000 },
	    [EVENT_BUSY] = { CHILD_READY, "", NOW + 20000 + BUSY_GRACE_MS },
	    [EVENT_DONE] = { CHILD_READY, "", NOW + 5000 },
	    [EVENT_ASK_TREE] = { CHILD_READY, "tree ", SAME },
	    [EVENT_LOST] = { CHILD_READY, "", NOW + LEAVE_MS },
	    [EVENT_MISBEHAVED] = { CHILD_KILLED, "kill ", NOW + KILL_AGAIN_MS },
	    [EVENT_EXIT] = { CHILD_BACKOFF, "bury ", NOW },
	    [EVENT_TIMEOUT] = { CHILD_KILLED, "kill ", NOW + KILL_AGAIN_MS },
	    [EVENT_STOP] = { CHILD_STOPPING, "drain ", NOW + 1000 },
	    [EVENT_KILL] = { CHILD_KILLED, "kill ", NOW + KILL_AGAIN_MS },
	},
	[CHILD_BACKOFF] = {
	    [EVENT_START] = { EMPTY, "", SAME },
	    [EVENT_READY] = { EMPTY, "", SAME },
	    [EVENT_LISTENING] = { EMPTY, "", SAME },
	    [EVENT_BEAT] = { EMPTY, "", SAME },
	    [EVENT_BUSY] = { EMPTY, "", SAME },
	    [EVENT_DONE] = { EMPTY, "", SAME },
	    [EVENT_ASK_TREE] = { EMPTY, "", SAME },
	    [EVENT_LOST] = { EMPTY, "", SAME },
	    [EVENT_MISBEHAVED] = { EMPTY, "", SAME },
	    [EVENT_EXIT] = { EMPTY, "", SAME },
	    [EVENT_TIMEOUT] = { CHILD_STARTING, "spawn ", NOW + 3000 },
	    [EVENT_STOP] = { CHILD_DOWN, "", CLOCK_NEVER },
	    [EVENT_KILL] = { CHILD_DOWN, "", CLOCK_NEVER },
	},
	[CHILD_DEGRADED] = {
	    [EVENT_START] = { EMPTY, "", SAME },
	    [EVENT_READY] = { EMPTY, "", SAME },
	    [EVENT_LISTENING] = { EMPTY, "", SAME },
	    [EVENT_BEAT] = { EMPTY, "", SAME },
	    [EVENT_BUSY] = { EMPTY, "", SAME },
	    [EVENT_DONE] = { EMPTY, "", SAME },
	    [EVENT_ASK_TREE] = { EMPTY, "", SAME },
	    [EVENT_LOST] = { EMPTY, "", SAME },
	    [EVENT_MISBEHAVED] = { EMPTY, "", SAME },
	    [EVENT_EXIT] = { EMPTY, "", SAME },
	    [EVENT_TIMEOUT] = { CHILD_STARTING, "spawn ", NOW + 3000 },
	    [EVENT_STOP] = { CHILD_DOWN, "", CLOCK_NEVER },
	    [EVENT_KILL] = { CHILD_DOWN, "", CLOCK_NEVER },
	},
	[CHILD_STOPPING] = {
	    [EVENT_START] = { EMPTY, "", SAME },
	    [EVENT_READY] = { CHILD_STOPPING, "", SAME },
	    [EVENT_LISTENING] = { CHILD_STOPPING, "", SAME },
	    [EVENT_BEAT] = { CHILD_STOPPING, "", SAME },
	    [EVENT_BUSY] = { CHILD_STOPPING, "", SAME },
	    [EVENT_DONE] = { CHILD_STOPPING, "", SAME },
	    [EVENT_ASK_TREE] = { CHILD_STOPPING, "tree ", SAME },
	    [EVENT_LOST] = { CHILD_STOPPING, "", SAME },
	    [EVENT_MISBEHAVED] = { CHILD_KILLED, "kill ", NOW + KILL_AGAIN_MS },
	    [EVENT_EXIT] = { CHILD_BACKOFF, "bury ", NOW },
	    [EVENT_TIMEOUT] = { CHILD_KILLED, "kill ", NOW + KILL_AGAIN_MS },
	    [EVENT_STOP] = { CHILD_STOPPING, "", SAME },
	    [EVENT_KILL] = { CHILD_KILLED, "kill ", NOW + KILL_AGAIN_MS },
	},
	[CHILD_KILLED] = {
	    [EVENT_START] = { EMPTY, "", SAME },
	    [EVENT_READY] = { CHILD_KILLED, "", SAME },
	    [EVENT_LISTENING] = { CHILD_KILLED, "", SAME },
	    [EVENT_BEAT] = { CHILD_KILLED, "", SAME },
	    [EVENT_BUSY] = { CHILD_KILLED, "", SAME },
	    [EVENT_DONE] = { CHILD_KILLED, "", SAME },
	    [EVENT_ASK_TREE] = { CHILD_KILLED, "", SAME },
	    [EVENT_LOST] = { CHILD_KILLED, "", SAME },
	    [EVENT_MISBEHAVED] = { CHILD_KILLED, "", SAME },
	    [EVENT_EXIT] = { CHILD_BACKOFF, "bury ", NOW },
	    [EVENT_TIMEOUT] = { CHILD_KILLED, "kill ", NOW + KILL_AGAIN_MS },
	    [EVENT_STOP] = { CHILD_KILLED, "", SAME },
	    [EVENT_KILL] = { CHILD_KILLED, "", SAME },
	},
};

static void
prepare(struct child *c, enum child_state at)
{
	child_init(c, &spec, 0);
	c->state = at;
	c->incarnation = 3;
	c->deadline_ms = OLD_DEADLINE;
	done[0] = '\0';
	can_spawn = true;
}

static void
take(struct child *c, enum child_event event)
{
	struct control_record r = {
		.peer_incarnation = 7, .value_ms = 20000, .text = "PROFILE_RUN"
	};
	struct happening h = { .event = event, .now_ms = NOW, .record = &r };

	step_take(NULL, c, &h);
}

static void
every_cell_is_as_drawn(void **state)
{
	struct child c;

	(void)state;
	for (int at = 0; at < CHILD_STATES; at++) {
		for (int event = 0; event < CHILD_EVENTS; event++) {
			const struct cell *cell = &grid[at][event];

			print_message("%s x %s\n", child_state_name((enum child_state)at),
			    event_name((enum child_event)event));
			assert_non_null(cell->does);
			prepare(&c, (enum child_state)at);
			take(&c, (enum child_event)event);
			assert_int_equal(c.state, cell->next == EMPTY ? at : cell->next);
			assert_string_equal(done, cell->does);
			assert_true(c.deadline_ms == cell->deadline_ms);
			assert_int_equal(
			    step_cell((enum child_state)at, (enum child_event)event) == NULL,
			    cell->next == EMPTY);
		}
	}
}

static void
a_failed_fork_is_a_death(void **state)
{
	struct child c;

	(void)state;
	prepare(&c, CHILD_BACKOFF);
	can_spawn = false;
	take(&c, EVENT_TIMEOUT);
	assert_string_equal(done, "spawn bury-unborn ");
	assert_int_equal(c.state, CHILD_BACKOFF);
}

static void
an_answer_proves_and_a_beat_ends_busy(void **state)
{
	struct child c;

	(void)state;
	prepare(&c, CHILD_READY);
	c.tries = 4;
	c.rests = true;
	take(&c, EVENT_BUSY);
	assert_true(c.busy);
	assert_string_equal(c.busy_with, "PROFILE_RUN");
	take(&c, EVENT_DONE);
	assert_true(c.answered);
	assert_int_equal(c.tries, 0);
	assert_false(c.rests);
	assert_true(c.deadline_ms == NOW + 20000 + BUSY_GRACE_MS);
	take(&c, EVENT_BEAT);
	assert_false(c.busy);
	assert_true(c.deadline_ms == NOW + 5000);
}

static void
an_absurd_busy_is_bounded(void **state)
{
	static const int64_t said[] = { -5, INT64_MIN, INT64_MAX };
	static const int64_t until[] = { NOW + BUSY_GRACE_MS, NOW + BUSY_GRACE_MS,
		NOW + BUSY_MAX_MS + BUSY_GRACE_MS };
	struct control_record r = { 0 };
	struct happening h = { .event = EVENT_BUSY, .now_ms = NOW, .record = &r };
	struct child c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(said); i++) {
		prepare(&c, CHILD_READY);
		r.value_ms = said[i];
		step_take(NULL, &c, &h);
		assert_true(c.deadline_ms == until[i]);
	}
}

static void
a_new_incarnation_starts_afresh(void **state)
{
	struct child c;

	(void)state;
	prepare(&c, CHILD_BACKOFF);
	c.answered = true;
	c.busy = true;
	c.killed_for = "was silent";
	c.listens_for = 2;
	c.malformed = 9;
	take(&c, EVENT_TIMEOUT);
	assert_false(
	    c.answered || c.busy || c.killed_for != NULL || c.listens_for != 0 || c.malformed != 0);
	assert_int_equal(c.incarnation, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_as_drawn),
		cmocka_unit_test(a_failed_fork_is_a_death),
		cmocka_unit_test(an_answer_proves_and_a_beat_ends_busy),
		cmocka_unit_test(an_absurd_busy_is_bounded),
		cmocka_unit_test(a_new_incarnation_starts_afresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
