/* Each case runs in a child, because descriptors 0 and 1 are replaced. */
#include "tests/supervisor/test_support.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/stdio.h"

#define CHECK(condition) do { if (!(condition)) _exit(__LINE__ % 200 + 1); } while (0)

static struct stdio s;

static void
turn(void)
{
	struct pollfd slots[STDIO_SLOTS];

	stdio_prepare(&s, slots);
	poll(slots, STDIO_SLOTS, 0);
	stdio_turn(&s, slots);
}

static bool
is_null_device(int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat("/dev/null", &b) == 0 && a.st_rdev == b.st_rdev;
}

static void
check_common(void)
{
	struct stat a, b;

	CHECK(is_null_device(0));
	CHECK(fstat(1, &a) == 0 && fstat(2, &b) == 0 && a.st_ino == b.st_ino);
	CHECK(s.ledger_in > 2 && s.ledger_out > 2 && s.ledger_record > 2);
	CHECK(fcntl(s.front_in, F_GETFD) & FD_CLOEXEC);
	CHECK(fcntl(s.front_out, F_GETFD) & FD_CLOEXEC);
}

static void
with_pipes(void)
{
	int in[2], out[2];
	char text[8] = "";

	CHECK(pipe(in) == 0 && pipe(out) == 0);
	dup2(in[0], 0);
	dup2(out[1], 1);
	CHECK(stdio_open(true, &s) == OK);
	check_common();
	CHECK(pump_is_done(&s.in) && pump_is_done(&s.out));
	CHECK(write(in[1], "ab", 2) == 2 && read(s.front_in, text, 2) == 2);
	CHECK(write(s.front_out, "cd", 2) == 2 && read(out[0], text, 2) == 2 &&
	    memcmp(text, "cd", 2) == 0);
	CHECK(write(in[1], "ef", 2) == 2);
	turn();
	CHECK(!s.client_left);
	close(in[1]);
	close(in[0]);
	turn();
	CHECK(s.client_left);            /* although there is something left to read */
	CHECK(read(s.front_in, text, 2) == 2);
}

static void
with_a_socket(void)
{
	char text[8] = "";
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	dup2(pair[0], 0);
	dup2(pair[0], 1);
	close(pair[0]);
	CHECK(stdio_open(true, &s) == OK);
	check_common();
	CHECK(write(pair[1], "ab", 2) == 2);
	turn();
	turn();
	CHECK(read(s.front_in, text, sizeof(text)) == 2);
	CHECK(write(s.front_out, "cd", 2) == 2);
	turn();
	turn();
	CHECK(recv(pair[1], text, sizeof(text), MSG_DONTWAIT) == 2 && memcmp(text, "cd", 2) == 0);
	CHECK(!s.client_left);
	shutdown(pair[1], SHUT_WR);
	turn();
	turn();
	CHECK(s.client_left);
	CHECK(read(s.front_in, text, sizeof(text)) == 0);
	CHECK(write(s.front_out, "last", 4) == 4);
	stdio_drain(&s, 1000);
	CHECK(recv(pair[1], text, sizeof(text), MSG_DONTWAIT) == 4);
	CHECK(recv(pair[1], text, sizeof(text), MSG_DONTWAIT) == 0);
}

static void
with_closed_descriptors(void)
{
	char text[8];

	close(0);
	close(1);
	CHECK(stdio_sanitize() == OK);
	CHECK(is_null_device(0) && is_null_device(1));
	CHECK(stdio_open(true, &s) == OK);
	turn();
	turn();
	CHECK(read(s.front_in, text, sizeof(text)) == 0);
}

static void
without_serving(void)
{
	CHECK(stdio_open(false, &s) == OK);
	CHECK(is_null_device(0));
	CHECK(s.front_in == -1 && s.front_out == -1 && s.ledger_in == -1);
	stdio_drain(&s, 1000);
	stdio_close(&s);
}

/* A pipe that is open the wrong way round cannot be spliced and must not reach the front. */
static void
with_a_pipe_the_wrong_way_round(void)
{
	int in[2], out[2];

	CHECK(pipe(in) == 0 && pipe(out) == 0);
	dup2(in[1], 0);
	dup2(out[0], 1);
	CHECK(stdio_open(true, &s) == OK);
	CHECK((fcntl(s.front_in, F_GETFL) & O_ACCMODE) == O_RDONLY);
	CHECK((fcntl(s.front_out, F_GETFL) & O_ACCMODE) == O_WRONLY);
}

static void
every_kind_of_standard_input_and_output(void **state)
{
	static void (*const cases[])(void) = { with_pipes, with_a_socket, with_closed_descriptors,
		without_serving, with_a_pipe_the_wrong_way_round };
	int status;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		pid = fork();
		if (pid == 0) {
			cases[i]();
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
	    every_kind_of_standard_input_and_output) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
