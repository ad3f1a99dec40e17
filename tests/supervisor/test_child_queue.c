#include "tests/supervisor/test_support.h"

#include <sys/socket.h>
#include <unistd.h>

#include "supervisor/child.h"

static int
open_child(struct child *c)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	child_init(c, &child_specs[0], 0);
	c->pid = getpid();
	c->control = pair[0];
	return pair[1];
}

/* Fills the socket and then the queue; returns how many were sent without overflow. */
static int
send_until_overflow(struct child *c)
{
	struct control_record r = { .type = CONTROL_UP, .role = ROLE_FRONT };
	int n = 0;

	while (!c->overflowed && n < 100000) {
		r.value_ms = n++;
		child_send(c, &r);
	}
	return n - 1;
}

static void
keeps_order_and_notices_a_child_that_does_not_read(void **state)
{
	struct control_record r;
	struct child c;
	int other = open_child(&c), sent = send_until_overflow(&c), got = 0;

	(void)state;
	assert_int_equal(c.queue_count, CHILD_QUEUE);
	assert_true(sent > CHILD_QUEUE && sent < 100000);
	while (got < sent) {
		while (control_receive(other, &r) == OK)
			assert_int_equal(r.value_ms, got++);
		child_flush(&c);
	}
	assert_int_equal(c.queue_count, 0);
	child_close(&c);
	close(other);
}

static void
sending_to_nobody_is_harmless(void **state)
{
	struct control_record r = { .type = CONTROL_UP, .role = ROLE_FRONT };
	struct child c;
	int other = open_child(&c);

	(void)state;
	close(other);
	child_send(&c, &r);
	assert_int_equal(c.queue_count, 0);
	child_close(&c);
	assert_false(child_is_open(&c));
	child_send(&c, &r);
	assert_int_equal(c.queue_count, 0);
}

static void
is_named_for_the_log(void **state)
{
	struct child c;

	(void)state;
	child_init(&c, &child_specs[2], 4);
	c.incarnation = 17;
	assert_string_equal(child_name(&c), "profiler.4/17");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order_and_notices_a_child_that_does_not_read),
		cmocka_unit_test(sending_to_nobody_is_harmless),
		cmocka_unit_test(is_named_for_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
