#include "tests/runtime/turn.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CROWD 300

static struct {
	struct loop *loop;
	char said[64];               /* one letter for each callback */
	unsigned count;
} seen;

static int
open_loop(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.loop = loop_new();
	return seen.loop == NULL;
}

static int
close_loop(void **state)
{
	(void)state;
	loop_free(seen.loop);
	return 0;
}

static void
say(char letter)
{
	seen.said[seen.count++] = letter;
}

static void
say_letter(void *arg)
{
	say(*(const char *)arg);
}

static void
say_letter_and_stop(void *arg)
{
	say(*(const char *)arg);
	loop_stop(seen.loop);
}

static struct timer *
timer_saying(const char *letter, int64_t delay_ms, bool stops)
{
	struct timer *t = loop_timer(seen.loop, stops ? say_letter_and_stop : say_letter,
	    (void *)(uintptr_t)letter);

	assert_non_null(t);
	timer_start(t, delay_ms);
	return t;
}

static int
ready_fd(void)
{
	int fd = eventfd(1, EFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* ---- timers ---- */

static void
say_letter_and_stop_at_four(void *arg)
{
	say_letter(arg);
	if (seen.count == 4)
		loop_stop(seen.loop);
}

static void
each_timer_fires_once(void **state)
{
	static const struct {
		const char *letter;
		int64_t delay_ms;
	} rows[] = { { "c", 3 }, { "a", 0 }, { "d", 5 }, { "b", 1 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		timer_start(loop_timer(seen.loop, say_letter_and_stop_at_four,
		    (void *)(uintptr_t)rows[i].letter), rows[i].delay_ms);
	turn(seen.loop);
	timer_saying("z", 10, true);
	turn(seen.loop);
	assert_int_equal(seen.count, 5);
	for (const char *c = "abcdz"; *c != 0; c++)
		assert_non_null(strchr(seen.said, *c));
}

static void
late_timers_fire_in_the_order_of_their_time_and_of_their_start(void **state)
{
	static const struct {
		const char *letter;
		int64_t delay_ms;
	} rows[] = { { "d", 5 }, { "a", 0 }, { "e", 6 }, { "b", 0 }, { "c", 1 } };
	struct timer *moved = timer_saying("z", 0, true);
	int64_t before;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		timer_saying(rows[i].letter, rows[i].delay_ms, false);
	timer_start(moved, 7);
	for (before = loop_now_ms(); loop_now_ms() - before < 8;)
		continue;            /* nobody turns the loop meanwhile */
	turn(seen.loop);
	assert_string_equal(seen.said, "abcdez");
}

static void
a_timer_never_fires_early(void **state)
{
	int64_t before = loop_now_ms();

	(void)state;
	timer_saying("a", 15, true);
	turn(seen.loop);
	assert_true(loop_now_ms() - before >= 15);
}

static void
a_running_timer_is_moved_and_a_stopped_one_is_silent(void **state)
{
	struct timer *moved = timer_saying("m", 0, true), *stopped = timer_saying("s", 0, false);

	(void)state;
	timer_start(moved, 60000);
	timer_stop(stopped);
	assert_true(timer_running(moved));
	assert_false(timer_running(stopped));
	timer_saying("a", 2, true);
	turn(seen.loop);
	assert_string_equal(seen.said, "a");
	timer_start(moved, 0);
	turn(seen.loop);
	assert_string_equal(seen.said, "am");
	assert_false(timer_running(moved));
}

static void
negative_delays_are_now(void **state)
{
	(void)state;
	timer_saying("a", -5000, true);
	turn(seen.loop);
	assert_string_equal(seen.said, "a");
}

static struct timer *again;

static void
say_and_start_again(void *arg)
{
	(void)arg;
	say('r');
	if (seen.count == 3)
		loop_stop(seen.loop);
	timer_start(again, 0);
}

static void
a_timer_may_start_itself_again_without_holding_up_the_loop(void **state)
{
	(void)state;
	again = loop_timer(seen.loop, say_and_start_again, NULL);
	timer_start(again, 0);
	turn(seen.loop);
	assert_string_equal(seen.said, "rrr");
	assert_true(timer_running(again));
}

static struct timer *victims[2];

static void
close_both(void *arg)
{
	(void)arg;
	say('x');
	timer_close(&victims[0]);
	timer_close(&victims[1]);
}

static void
a_timer_closed_by_another_of_the_same_turn_is_silent(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		victims[i] = loop_timer(seen.loop, close_both, NULL);
		timer_start(victims[i], 0);
	}
	timer_saying("z", 5, true);
	turn(seen.loop);
	assert_string_equal(seen.said, "xz");
	timer_close(&victims[0]);
}

/* ---- watches ---- */

struct station {
	int fd;
	char letter;
	struct watch *watch, **closes;
	bool stops;
};

static void
on_station(void *arg, short revents)
{
	struct station *s = arg;
	uint64_t n;

	if ((revents & POLLIN) != 0)
		assert_int_equal(read(s->fd, &n, sizeof(n)), sizeof(n));
	say(s->letter);
	if (s->closes != NULL)
		watch_close(s->closes);
	if (s->stops)
		loop_stop(seen.loop);
}

static void
open_station(struct station *s, char letter, short events)
{
	*s = (struct station){ .fd = ready_fd(), .letter = letter };
	s->watch = loop_watch(seen.loop, s->fd, events, on_station, s);
	assert_non_null(s->watch);
}

static void
close_station(struct station *s)
{
	watch_close(&s->watch);
	close(s->fd);
}

static void
each_of_two_ready_watches_may_close_the_other(void **state)
{
	struct station one, two;

	(void)state;
	open_station(&one, 'w', POLLIN);
	open_station(&two, 'w', POLLIN);
	one.closes = &two.watch;
	two.closes = &one.watch;
	timer_saying("z", 5, true);
	turn(seen.loop);
	assert_string_equal(seen.said, "wz");
	close_station(&one);
	close_station(&two);
}

static void
a_watch_may_close_itself(void **state)
{
	struct station one;

	(void)state;
	open_station(&one, 'w', POLLIN);
	one.closes = &one.watch;
	timer_saying("z", 5, true);
	turn(seen.loop);
	assert_string_equal(seen.said, "wz");
	assert_null(one.watch);
	close_station(&one);
}

static void
a_watch_without_events_is_left_out_until_it_has_some(void **state)
{
	struct station one;

	(void)state;
	open_station(&one, 'w', 0);
	timer_saying("a", 3, true);
	turn(seen.loop);
	assert_string_equal(seen.said, "a");
	watch_events(one.watch, POLLIN);
	one.stops = true;
	turn(seen.loop);
	assert_string_equal(seen.said, "aw");
	close_station(&one);
}

static struct station late;

static void
swap_the_descriptor(void *arg, short revents)
{
	struct station *old = arg;
	int fd = old->fd;

	(void)revents;
	say('s');
	close_station(&late);        /* ready too, and not called in this turn any more */
	watch_close(&old->watch);
	late.fd = eventfd(0, EFD_CLOEXEC);
	late.watch = loop_watch(seen.loop, late.fd, POLLIN, on_station, &late);
	close(fd);
}

static void
what_was_ready_for_an_old_watch_is_not_told_to_a_new_one(void **state)
{
	struct station old;

	(void)state;
	open_station(&late, 'L', POLLIN);
	open_station(&old, 'o', 0);
	watch_close(&old.watch);
	old.watch = loop_watch(seen.loop, old.fd, POLLIN, swap_the_descriptor, &old);
	timer_saying("z", 5, true);
	turn(seen.loop);
	assert_string_equal(seen.said, "sz");
	close_station(&late);
}

static void
on_hangup(void *arg, short revents)
{
	(void)arg;
	say((revents & POLLHUP) != 0 ? 'h' : '?');
	loop_stop(seen.loop);
}

static void
a_hangup_is_told(void **state)
{
	struct watch *w;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	w = loop_watch(seen.loop, ends[0], POLLIN, on_hangup, NULL);
	close(ends[1]);
	turn(seen.loop);
	assert_string_equal(seen.said, "h");
	watch_close(&w);
	close(ends[0]);
}

static unsigned served;

static void
serve(void *arg, short revents)
{
	struct station *s = arg;

	(void)revents;
	served++;
	watch_close(&s->watch);
	if (served == CROWD)
		loop_stop(seen.loop);
}

static void
a_crowd_of_watches_is_served(void **state)
{
	static struct station crowd[CROWD];

	(void)state;
	served = 0;
	for (int i = 0; i < CROWD; i++) {
		crowd[i].fd = ready_fd();
		crowd[i].watch = loop_watch(seen.loop, crowd[i].fd, POLLIN, serve, &crowd[i]);
		assert_non_null(crowd[i].watch);
	}
	turn(seen.loop);
	assert_int_equal(served, CROWD);
	for (int i = 0; i < CROWD; i++) {
		assert_null(crowd[i].watch);
		close(crowd[i].fd);
	}
}

/* ---- the loop ---- */

static void
stopping_leaves_the_rest_for_the_next_run(void **state)
{
	struct station one, two;

	(void)state;
	open_station(&one, 'w', POLLIN);
	open_station(&two, 'w', POLLIN);
	one.stops = two.stops = true;
	turn(seen.loop);
	assert_string_equal(seen.said, "w");
	turn(seen.loop);
	assert_string_equal(seen.said, "ww");
	close_station(&one);
	close_station(&two);
}

static void
closing_nothing_is_fine(void **state)
{
	struct watch *w = NULL;
	struct timer *t = NULL;

	(void)state;
	watch_close(&w);
	timer_close(&t);
	loop_free(NULL);
}

int
main(void)
{
#define WITH_LOOP(f) cmocka_unit_test_setup_teardown(f, open_loop, close_loop)
	const struct CMUnitTest tests[] = {
		WITH_LOOP(each_timer_fires_once),
		WITH_LOOP(late_timers_fire_in_the_order_of_their_time_and_of_their_start),
		WITH_LOOP(a_timer_never_fires_early),
		WITH_LOOP(a_running_timer_is_moved_and_a_stopped_one_is_silent),
		WITH_LOOP(negative_delays_are_now),
		WITH_LOOP(a_timer_may_start_itself_again_without_holding_up_the_loop),
		WITH_LOOP(a_timer_closed_by_another_of_the_same_turn_is_silent),
		WITH_LOOP(each_of_two_ready_watches_may_close_the_other),
		WITH_LOOP(a_watch_may_close_itself),
		WITH_LOOP(a_watch_without_events_is_left_out_until_it_has_some),
		WITH_LOOP(what_was_ready_for_an_old_watch_is_not_told_to_a_new_one),
		WITH_LOOP(a_hangup_is_told),
		WITH_LOOP(a_crowd_of_watches_is_served),
		WITH_LOOP(stopping_leaves_the_rest_for_the_next_run),
		cmocka_unit_test(closing_nothing_is_fine),
	};

	return cmocka_run_group_tests_name("runtime_loop", tests, NULL, NULL);
}
