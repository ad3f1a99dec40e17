#include "tests/supervisor/test_support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervisor/pump.h"

static struct pump p;

static void
turn(int wait_ms)
{
	struct pollfd slots[PUMP_SLOTS];

	pump_prepare(&p, slots);
	poll(slots, PUMP_SLOTS, wait_ms);
	pump_turn(&p, slots);
}

struct ends {
	int ours_in, ours_out;   /* what the test writes to and reads from */
};

static struct ends
open_pump(bool in_socket, bool out_socket)
{
	int in[2], out[2];

	assert_int_equal(in_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, in) : pipe(in), 0);
	assert_int_equal(out_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, out) : pipe(out), 0);
	if (!out_socket)
		fcntl(out[1], F_SETFL, O_WRONLY | O_NONBLOCK);
	pump_init(&p, in[0], out[1]);
	return (struct ends){ in[1], out[0] };
}

static unsigned char
byte_at(size_t i)
{
	return (unsigned char)(i * 31 + (i >> 12));
}

static size_t
feed(int fd, size_t at, size_t total)
{
	unsigned char part[8192];
	size_t n = total - at < sizeof(part) ? total - at : sizeof(part);
	ssize_t written;

	for (size_t i = 0; i < n; i++)
		part[i] = byte_at(at + i);
	written = write(fd, part, n);
	return written > 0 ? (size_t)written : 0;
}

static size_t
drink(int fd, size_t at)
{
	unsigned char part[5000];
	ssize_t n = read(fd, part, sizeof(part));

	for (ssize_t i = 0; i < n; i++)
		assert_int_equal(part[i], byte_at(at + (size_t)i));
	return n > 0 ? (size_t)n : 0;
}

/* Everything arrives in order and the sink is closed afterwards, whatever lies at both ends. */
static void
moves_everything(void **state)
{
	static const bool kinds[][2] = { { false, false }, { true, false }, { false, true },
		{ true, true } };
	const size_t total = 1000000;

	(void)state;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		struct ends e = open_pump(kinds[k][0], kinds[k][1]);
		size_t in = 0, out = 0;
		unsigned turns = 0;

		fcntl(e.ours_in, F_SETFL, fcntl(e.ours_in, F_GETFL) | O_NONBLOCK);
		fcntl(e.ours_out, F_SETFL, fcntl(e.ours_out, F_GETFL) | O_NONBLOCK);
		while (!pump_is_done(&p) || out < total) {
			assert_true(turns++ < 100000);
			if (in < total && (in += feed(e.ours_in, in, total)) == total)
				close(e.ours_in);
			turn(0);
			out += drink(e.ours_out, out);
		}
		assert_int_equal(out, total);
		assert_int_equal(read(e.ours_out, &(char){ 0 }, 1), 0);
		close(e.ours_out);
	}
}

static void
is_bounded_while_nobody_reads(void **state)
{
	struct ends e = open_pump(true, false);
	size_t in = 0;

	(void)state;
	fcntl(e.ours_in, F_SETFL, O_RDWR | O_NONBLOCK);
	for (int i = 0; i < 2000; i++) {
		in += feed(e.ours_in, in, 100000000);
		turn(0);
		assert_true(p.len <= PUMP_BUFFER);
	}
	assert_true(in < 2000000);
	pump_close(&p);
	close(e.ours_in);
	close(e.ours_out);
}

static void
a_gone_reader_closes_both_ends(void **state)
{
	static const bool sockets[] = { false, true };

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	for (size_t k = 0; k < COUNT_OF(sockets); k++) {
		struct ends e = open_pump(false, sockets[k]);

		close(e.ours_out);
		assert_int_equal(write(e.ours_in, "x", 1), 1);
		for (int i = 0; i < 3; i++)
			turn(0);
		assert_true(pump_is_done(&p));
		assert_int_equal(write(e.ours_in, "x", 1), -1);
		assert_int_equal(errno, EPIPE);
		close(e.ours_in);
	}
}

static void
leaves_a_shared_description_blocking(void **state)
{
	int pair[2], out[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(pipe2(out, O_NONBLOCK), 0);
	pump_init(&p, dup(pair[0]), out[1]);
	turn(0);
	assert_int_equal(fcntl(pair[0], F_GETFL) & O_NONBLOCK, 0);
	pump_close(&p);
	close(pair[0]);
	close(pair[1]);
	close(out[0]);
}

static void
takes_a_file(void **state)
{
	char name[] = "/tmp/test-pump-XXXXXX", text[16] = "";
	int file = mkstemp(name), out[2];

	(void)state;
	assert_int_equal(write(file, "hello\n", 6), 6);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(pipe2(out, O_NONBLOCK), 0);
	pump_init(&p, file, out[1]);
	for (int i = 0; i < 4; i++)
		turn(0);
	assert_true(pump_is_done(&p));
	assert_int_equal(read(out[0], text, sizeof(text)), 6);
	assert_string_equal(text, "hello\n");
	close(out[0]);
	unlink(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves_everything),
		cmocka_unit_test(is_bounded_while_nobody_reads),
		cmocka_unit_test(a_gone_reader_closes_both_ends),
		cmocka_unit_test(leaves_a_shared_description_blocking),
		cmocka_unit_test(takes_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
