/* Killing all descendants, however they hide, and what is swept up after them. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "workers/profiler/spawn.h"
#include "workers/profiler/sweep.h"
#include "workers/profiler/tree.h"

#define ROUNDS 10
#define HOPS_MAX 100000              /* so that a hopper that escaped ends by itself */

static void
ignore_signals(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
}

/* Forks a successor and exits, every millisecond. */
static _Noreturn void
hop(void)
{
	for (int i = 0; i < HOPS_MAX; i++) {
		if (fork() > 0)
			_exit(0);
		usleep(1000);
	}
	_exit(0);
}

/* 1 + 2 + 4 processes, each in a session of its own, deaf, with an orphan that sleeps and one that
 * hops. */
static _Noreturn void
hostile(int depth, int alive_fd)
{
	ignore_signals();
	setsid();
	for (int i = 0; i < 2 && depth > 0; i++) {
		if (fork() > 0)
			continue;
		setsid();
		depth--;
		prctl(PR_SET_CHILD_SUBREAPER, depth == 1);
		i = -1;
	}
	if (fork() == 0) {
		setsid();
		if (fork() > 0)
			_exit(0);
		pause();
	}
	if (fork() == 0)
		hop();
	if (write(alive_fd, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void
nothing_of_a_hostile_tree_is_left(void **state)
{
	(void)state;
	assert_int_equal(tree_adopt(), OK);
	for (int round = 0; round < ROUNDS; round++) {
		struct pid_set seen = { 0 };
		size_t running = 0;
		char byte;
		int alive[2];
		assert_int_equal(pipe(alive), 0);
		if (fork() == 0)
			hostile(2, alive[1]);
		close(alive[1]);
		for (int i = 0; i < 7; i++)
			assert_int_equal(read(alive[0], &byte, 1), 1);
		assert_true(tree_kill(&seen, 0, 5000, &running));
		assert_true(running >= 7);
		assert_true(seen.count >= 7);
		/* every process of the tree held the pipe: its end is the proof */
		struct pollfd end = { .fd = alive[0], .events = POLLIN };
		assert_int_equal(poll(&end, 1, 1000), 1);
		assert_int_equal(read(alive[0], &byte, 1), 0);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		close(alive[0]);
		pid_set_fini(&seen);
	}
}

static void
the_kept_one_is_left_for_its_owner(void **state)
{
	struct pid_set seen = { 0 };
	int status;

	(void)state;
	pid_t keep = fork();
	if (keep == 0)
		pause();
	assert_true(tree_kill(&seen, keep, 5000, NULL));
	assert_int_equal(waitpid(keep, &status, WNOHANG), keep);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(pid_set_has(&seen, keep));
	pid_set_fini(&seen);
}

/* A child is the leaf only when its environment differs: a fork of the program has the same one. */
static void
leaf_below_a_wrapper(void **state)
{
	static const struct {
		const char *script;
		bool has_leaf;
	} cases[] = {
		{ "if [ \"$LEVEL\" ]; then echo up; read x; exit; fi; LEVEL=1 /bin/sh -c \"$0\" "
		    "\"$0\"; :", true },
		{ "( echo up; read x; : ); :", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *argv[] = { "/bin/sh", "-c", (char *)cases[i].script, (char *)cases[i].script,
		    NULL };
		char *envp[] = { "PATH=/usr/bin:/bin", NULL };
		struct pid_set seen = { 0 };
		struct child child;
		const char *step;
		char bytes[4];
		int out[2], in[2];
		assert_int_equal(spawn_pipe(out), OK);
		assert_int_equal(spawn_pipe(in), OK);
		struct spawn_spec spec = { .path = "/bin/sh", .argv = argv, .envp = envp, .cwd =
		    "/",
			.stdin_fd = in[0], .stdout_fd = out[1], .stderr_fd = -1 };
		assert_int_equal(spawn(&spec, &child, &step), OK);
		assert_int_equal(read(out[0], bytes, 3), 3);
		assert_int_equal(tree_leaf(child.pid) != child.pid, cases[i].has_leaf);
		assert_true(tree_kill(&seen, 0, 5000, NULL));
		for (int j = 0; j < 2; j++) {
			close(out[j]);
			close(in[j]);
		}
		child_close(&child);
		pid_set_fini(&seen);
	}
}

static void
make_file(const char *name, pid_t pid)
{
	char path[128];

	snprintf(path, sizeof path, "/tmp/scalene-%s%d", name, (int)pid);
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static bool
file_there(const char *name, pid_t pid)
{
	char path[128];

	snprintf(path, sizeof path, "/tmp/scalene-%s%d", name, (int)pid);
	return access(path, F_OK) == 0;
}

static pid_t
dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void
files_of_the_dead_are_swept(void **state)
{
	struct pid_set seen = { 0 };
	pid_t dead = dead_pid(), busy = dead_pid();
	char path[128];

	(void)state;
	make_file("malloc-init", dead);
	make_file("memcpy-signal", dead);
	make_file("malloc-lock", getpid());
	make_file("malloc-lock", busy);
	snprintf(path, sizeof path, "/tmp/scalene-malloc-lock%d", (int)busy);
	int open_fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(open_fd >= 0);
	sweep_run_files(&seen);
	assert_false(file_there("malloc-init", dead));
	assert_false(file_there("memcpy-signal", dead));
	assert_true(file_there("malloc-lock", getpid()));
	assert_true(file_there("malloc-lock", busy));
	assert_true(pid_set_add(&seen, busy));
	sweep_run_files(&seen);
	assert_false(file_there("malloc-lock", busy));
	close(open_fd);
	snprintf(path, sizeof path, "/tmp/scalene-malloc-lock%d", (int)getpid());
	assert_int_equal(unlink(path), 0);
	pid_set_fini(&seen);
}

static void
folders_are_removed_but_not_what_links_lead_to(void **state)
{
	char base[] = "/tmp/profiler-sweep-XXXXXX", path[256], kept[128];

	(void)state;
	assert_non_null(mkdtemp(base));
	snprintf(kept, sizeof kept, "%s.kept", base);
	assert_int_equal(mkdir(kept, 0700), 0);
	snprintf(path, sizeof path, "%s/a", base);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/a/b", base);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/a/link", base);
	assert_int_equal(symlink(kept, path), 0);
	snprintf(path, sizeof path, "%s/keep.txt", kept);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	sweep_folder(AT_FDCWD, base);
	assert_int_not_equal(access(base, F_OK), 0);
	assert_int_equal(access(path, F_OK), 0);
	sweep_folder(AT_FDCWD, kept);
	assert_int_not_equal(access(kept, F_OK), 0);
	sweep_folder(AT_FDCWD, kept);
}

static void
sets(void **state)
{
	struct pid_set set = { 0 };

	(void)state;
	for (pid_t pid = 2000; pid > 0; pid -= 2)
		assert_true(pid_set_add(&set, pid));
	assert_true(pid_set_add(&set, 1000));
	assert_int_equal(set.count, 1000);
	for (pid_t pid = 1; pid <= 2001; pid++)
		assert_int_equal(pid_set_has(&set, pid), pid % 2 == 0);
	pid_set_fini(&set);
	assert_false(pid_set_has(&set, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_of_a_hostile_tree_is_left),
		cmocka_unit_test(the_kept_one_is_left_for_its_owner),
		cmocka_unit_test(leaf_below_a_wrapper),
		cmocka_unit_test(files_of_the_dead_are_swept),
		cmocka_unit_test(folders_are_removed_but_not_what_links_lead_to),
		cmocka_unit_test(sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
