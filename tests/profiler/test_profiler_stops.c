/* Runs that are stopped, lost sight of, asked for again, or refused, through the real
 * executable. */
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/control.h"
#include "protocol/ulid.h"
#include "tests/profiler/run_case.h"

#define HEAD "import os, signal, sys, time\nprint('pid', os.getpid(), flush=True)\n"
#define FOREVER HEAD "x = 0\nwhile True:\n    x += 1\n"
#define SLEEPS HEAD "time.sleep(100000)\n"
#define STUBBORN HEAD "signal.signal(signal.SIGTERM, lambda *a: None)\nwhile True:\n    try:\n" \
	"        time.sleep(1)\n    except BaseException:\n        pass\n"
#define SPAWNS HEAD "import subprocess\nfor i in range(3):\n    subprocess.Popen(['/bin/sh', " \
	"'-c', 'trap \"\" INT TERM; setsid sleep 1000 & sleep 1000 & wait'])\n" \
	"x = 0\nwhile True:\n    x += 1\n"

static void
start(struct front_double *front, struct run_case *c, const char *source)
{
	test_python();
	front_start(front, NULL);
	case_init(c, front, "program.py", source);
}

static void
stop(struct front_double *front, struct run_case *c)
{
	case_fini(c);
	front_stop(front);
}

static void
cancel_now(struct front_double *front)
{
	struct body_cancel nothing = { 0 };

	front_notice(front, MSG_CANCEL, &nothing);
	front_wait(front);
}

static void
cancelled(void **state)
{
	static const char *const sources[] = { FOREVER, SLEEPS, STUBBORN, SPAWNS };

	(void)state;
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		struct front_double front;
		struct run_case c;
		start(&front, &c, sources[i]);
		case_send(&c);
		front_wait_output(&front, 5);
		assert_in_range(processes_with(c.tag), 1, 20);
		cancel_now(&front);
		assert_int_equal(front.answer, MSG_PROFILE_RAN);
		assert_true(text_is(front.ran.run_outcome, "cancelled"));
		case_check_clean(&c);
		stop(&front, &c);
	}
}

static void
limits(void **state)
{
	static const struct {
		double timeout, duration;
		const char *outcome;
	} cases[] = {
		{ 2, NAN, "timeout" },
		{ NAN, 2, "ok" },
		{ 2, 30, "timeout" },
		{ 30, 2, "ok" },
	};
	struct front_double front;
	struct run_case c;

	(void)state;
	test_python();
	front_start(&front, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		case_init(&c, &front, "program.py", FOREVER);
		c.body.timeout = cases[i].timeout;
		c.body.duration = cases[i].duration;
		case_run(&c);
		assert_true(text_is(front.ran.run_outcome, cases[i].outcome));
		assert_non_null(front.ran.profile.file.at);
		assert_true(front.progress >= 1 && front.progress_rose);
		assert_true(ran_real(&front, "wall_s") >= 2);
		case_check_clean(&c);
		case_fini(&c);
	}
	front_stop(&front);
}

static void
attach(struct front_double *front, const char *job_id)
{
	struct body_profile_attach body = { .job_id = text_of(job_id) };

	front_send(front, MSG_PROFILE_ATTACH, &body);
	front_wait(front);
}

static void
found_again_by_the_next_front(void **state)
{
	struct front_double front;
	struct run_case c;

	(void)state;
	start(&front, &c,
	    HEAD "end = time.time() + 2\nx = 0\nwhile time.time() < end:\n    x += "
	    "1\nprint('over')\n");
	case_send(&c);
	front_wait_output(&front, 5);
	front_disconnect(&front);
	front_reincarnate(&front);
	attach(&front, c.job_id);
	assert_int_equal(front.answer, MSG_PROFILE_RAN);
	assert_true(text_is(front.ran.run_outcome, "ok"));
	assert_true(ran_text_has(&front, "stdout_tail", "over"));
	assert_non_null(front.ran.profile.file.at);
	case_check_clean(&c);
	attach(&front, c.job_id);
	assert_int_equal(front.answer, MSG_PROFILE_RAN);
	assert_true(ran_text_has(&front, "stdout_tail", "over"));
	case_run(&c);
	assert_int_equal(front.answer, MSG_ERROR);
	assert_int_equal(front.error.code, ERR_NOT_HERE);
	stop(&front, &c);
}

/* The front dies, the run ends unseen, and a result that was changed on disk is not believed. */
static void
result_on_disk(void **state)
{
	struct front_double front;
	struct run_case c;
	char path[200];

	(void)state;
	start(&front, &c,
	    HEAD "x = 0\nend = time.time() + 0.6\nwhile time.time() < end:\n    x += 1\n");
	case_run(&c);
	assert_true(text_is(front.ran.run_outcome, "ok"));
	snprintf(path, sizeof path, "%s/jobs/%s/profile.json", front.state, c.job_id);
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, " ", 1, 2), 1);
	assert_int_equal(pwrite(fd, "X", 1, 3), 1);
	close(fd);
	attach(&front, c.job_id);
	assert_int_equal(front.answer, MSG_ERROR);
	assert_int_equal(front.error.code, ERR_CORRUPT);
	snprintf(path, sizeof path, "%s/jobs/%s/result.msgpack", front.state, c.job_id);
	assert_int_equal(truncate(path, 100), 0);
	attach(&front, c.job_id);
	assert_int_equal(front.error.code, ERR_CORRUPT);
	assert_int_equal(unlink(path), 0);
	attach(&front, c.job_id);
	assert_int_equal(front.error.code, ERR_NOT_HERE);
	attach(&front, "01J11111111111111111111111");
	assert_int_equal(front.error.code, ERR_NOT_STARTED);
	attach(&front, "../../etc/passwd");
	assert_int_equal(front.error.code, ERR_INVALID_ARGUMENT);
	stop(&front, &c);
}

static void
one_at_a_time(void **state)
{
	struct front_double front;
	struct run_case first, second;

	(void)state;
	start(&front, &first, SLEEPS);
	case_send(&first);
	front_wait_output(&front, 5);
	case_init(&second, &front, "second.py", SLEEPS);
	case_run(&second);
	assert_int_equal(front.answer, MSG_ERROR);
	assert_int_equal(front.error.code, ERR_BUSY);
	assert_in_range(processes_with(first.tag), 1, 20);
	assert_int_equal(processes_with(second.tag), 0);
	case_fini(&second);
	stop(&front, &first);
	assert_int_equal(processes_with(first.tag), 0);
}

/* Two servers of one user: the second run waits for the first. */
static void
one_at_a_time_across_servers(void **state)
{
	static const char *const options[] = { "--profilers", "1", NULL };
	struct front_double one, two;
	struct run_case first, second;

	(void)state;
	test_python();
	front_start(&one, options);
	front_start_beside(&two, &one, options);
	case_init(&first, &one, "first.py", SLEEPS);
	case_send(&first);
	front_wait_output(&one, 5);
	case_init(&second, &two, "second.py",
	    HEAD "x = 0\nend = time.time() + 0.5\nwhile time.time() < end:\n    x += 1\n");
	case_send(&second);
	while (two.progress < 2 && two.answer == MSG_NONE)
		loop_run(two.loop);
	assert_int_equal(two.answer, MSG_NONE);
	assert_int_equal(processes_with(second.tag), 0);
	cancel_now(&one);
	assert_true(text_is(one.ran.run_outcome, "cancelled"));
	front_wait(&two);
	assert_true(text_is(two.ran.run_outcome, "ok"));
	assert_true(two.progress_rose);
	case_check_clean(&second);
	stop(&two, &second);
	stop(&one, &first);
}

static void
expect_leaving(struct front_double *front, int exit_code)
{
	int status;

	assert_int_equal(waitpid(front->profiler, &status, 0), front->profiler);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), exit_code);
	front->profiler = fork();
	if (front->profiler == 0)
		_exit(0);
}

static void
drained(void **state)
{
	struct front_double front;
	struct run_case c;

	(void)state;
	start(&front, &c, FOREVER);
	case_send(&c);
	front_wait_output(&front, 5);
	struct control_record drain = { .type = CONTROL_DRAIN, .role = ROLE_PROFILER, .incarnation =
	    1,
		.value_ms = 10000 };
	assert_int_equal(control_send(front.control_fd, &drain), OK);
	watch_close(&front.control);
	front_wait(&front);
	assert_true(text_is(front.ran.run_outcome, "cancelled"));
	case_check_clean(&c);
	stop(&front, &c);
}

static void
parent_lost(void **state)
{
	struct front_double front;
	struct run_case c;

	(void)state;
	start(&front, &c, SPAWNS);
	case_send(&c);
	front_wait_output(&front, 5);
	assert_in_range(processes_with(c.tag), 1, 20);
	watch_close(&front.control);
	shutdown(front.control_fd, SHUT_RDWR);
	expect_leaving(&front, 6);
	assert_int_equal(processes_with(c.tag), 0);
	stop(&front, &c);
}

static void
refused(void **state)
{
	struct front_double front;
	struct run_case c;
	char bare[160], hint[256];

	(void)state;
	start(&front, &c, "x = 1\n");
	c.body.python = text_of("/no/such/python");
	case_run(&c);
	assert_int_equal(front.error.code, ERR_NO_PYTHON);
	assert_non_null(memmem(front.error.message.at, front.error.message.len, "/no/such/python",
	    15));

	snprintf(bare, sizeof bare, "%s/bare", front.folder);
	FILE *file = fopen(bare, "w");
	fprintf(file, "#!/bin/sh\nexec '%s' -S -I \"$@\"\n", test_python());
	fclose(file);
	chmod(bare, 0700);
	c.body.python = text_of(bare);
	case_run(&c);
	assert_int_equal(front.error.code, ERR_NO_SCALENE);
	int len = snprintf(hint, sizeof hint, "%s -m pip install scalene", bare);
	assert_int_equal(front.error.hint.len, len);
	assert_memory_equal(front.error.hint.at, hint, (size_t)len);
	assert_int_equal(processes_with(c.tag), 0);

	c.body.python = text_of(test_python());
	case_run(&c);
	assert_int_equal(front.answer, MSG_PROFILE_RAN);
	stop(&front, &c);
}

/* An interpreter that hangs: cancelled before anything was started. */
static void
cancelled_while_asking(void **state)
{
	struct front_double front;
	struct run_case c;
	char hangs[160];

	(void)state;
	start(&front, &c, "x = 1\n");
	snprintf(hangs, sizeof hangs, "%s/hangs", front.folder);
	FILE *file = fopen(hangs, "w");
	fprintf(file, "#!/bin/sh\nsleep 1000\n");
	fclose(file);
	chmod(hangs, 0700);
	c.body.python = text_of(hangs);
	case_send(&c);
	while (front.progress == 0)
		loop_run(front.loop);
	assert_in_range(processes_with(c.tag), 1, 2);
	cancel_now(&front);
	assert_int_equal(front.answer, MSG_PROFILE_RAN);
	assert_true(text_is(front.ran.run_outcome, "cancelled"));
	assert_int_equal(ran_int(&front, "exit_code"), INT64_MIN);
	case_check_clean(&c);
	stop(&front, &c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cancelled),
		cmocka_unit_test(limits),
		cmocka_unit_test(found_again_by_the_next_front),
		cmocka_unit_test(result_on_disk),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(one_at_a_time_across_servers),
		cmocka_unit_test(drained),
		cmocka_unit_test(parent_lost),
		cmocka_unit_test(refused),
		cmocka_unit_test(cancelled_while_asking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
