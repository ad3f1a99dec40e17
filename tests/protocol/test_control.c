#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/control.h"
#include "protocol/inherit.h"

static const struct control_record full = { CONTROL_DOWN, ROLE_PROFILER, 7, 0xfffffffe, 3, 9, -1, INT64_MIN, "signal SIGKILL" };

static void
assert_same(const struct control_record *a, const struct control_record *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->role, b->role);
	assert_int_equal(a->index, b->index);
	assert_int_equal(a->incarnation, b->incarnation);
	assert_int_equal(a->peer_incarnation, b->peer_incarnation);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->pid, b->pid);
	assert_true(a->value_ms == b->value_ms);
	assert_string_equal(a->text, b->text);
}

static void
records_come_back(void **state)
{
	uint8_t bytes[CONTROL_RECORD_SIZE];
	struct control_record r;

	(void)state;
	control_encode(&full, bytes);
	assert_int_equal(control_decode(bytes, sizeof(bytes), &r), OK);
	assert_same(&full, &r);
}

static void
malformed_records_are_refused(void **state)
{
	static const struct { size_t at; uint8_t byte; } cases[] = {
		{ 0, 2 }, { 1, 0 }, { 1, CONTROL_TYPES }, { 1, 255 }, { 2, ROLE_COUNT }, { CONTROL_RECORD_SIZE - 1, 'x' },
	};
	uint8_t bytes[CONTROL_RECORD_SIZE + 1] = { 0 };
	struct control_record r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		control_encode(&full, bytes);
		bytes[cases[i].at] = cases[i].byte;
		assert_int_equal(control_decode(bytes, CONTROL_RECORD_SIZE, &r), ERR_MALFORMED);
	}
	control_encode(&full, bytes);
	assert_int_equal(control_decode(bytes, CONTROL_RECORD_SIZE - 1, &r), ERR_MALFORMED);
	assert_int_equal(control_decode(bytes, CONTROL_RECORD_SIZE + 1, &r), ERR_MALFORMED);
	assert_int_equal(control_decode(bytes, 0, &r), ERR_MALFORMED);
}

static void
the_channel(void **state)
{
	struct control_record r;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	assert_int_equal(control_receive(fds[1], &r), ERR_BUSY);
	assert_int_equal(control_send(fds[0], &full), OK);
	assert_int_equal(control_receive(fds[1], &r), OK);
	assert_same(&full, &r);
	assert_int_equal(send(fds[0], "x", 1, 0), 1);
	assert_int_equal(control_receive(fds[1], &r), ERR_MALFORMED);
	while (control_send(fds[0], &full) == OK)
		;                        /* a full channel does not block */
	assert_int_equal(control_send(fds[0], &full), ERR_BUSY);
	close(fds[0]);
	while (control_receive(fds[1], &r) == OK)
		;
	assert_int_equal(control_receive(fds[1], &r), ERR_WORKER_LOST);
	assert_int_equal(control_send(fds[1], &full), ERR_WORKER_LOST);
	close(fds[1]);
}

static void
socket_paths(void **state)
{
	char path[128] = "untouched", dir[200];

	(void)state;
	assert_int_equal(channel_path(path, sizeof(path), "/run/x", ROLE_STORE, 0, 3, 12, 2), OK);
	assert_string_equal(path, "/run/x/store.0.3-2-12");
	memset(dir, 'd', sizeof(dir));
	dir[150] = 0;
	assert_int_equal(channel_path(path, sizeof(path), dir, ROLE_STORE, 0, 1, 1, 0), ERR_TOO_LARGE);
	assert_string_equal(path, "/run/x/store.0.3-2-12");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_back),
		cmocka_unit_test(malformed_records_are_refused),
		cmocka_unit_test(the_channel),
		cmocka_unit_test(socket_paths),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
