/* A hostile tree: sessions of their own, double forks, a nested subreaper, SIGTERM ignored, a
 * process that forks its successor and exits, over and over. */
#include "tests/supervisor/test_support.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "supervisor/orphans.h"

static struct bystanders bystanders;

/* Every member of the tree holds `alive`: its end of file says that nobody is left. */
static _Noreturn void
sit(void)
{
	signal(SIGTERM, SIG_IGN);
	for (;;)
		pause();
}

static void
double_fork(void)
{
	if (fork() != 0)
		return;
	setsid();
	if (fork() == 0)
		sit();
	_exit(0);
}

static _Noreturn void
hop(void)
{
	struct timespec ms = { .tv_nsec = 1000000 };

	setsid();
	for (;;) {
		if (fork() != 0)
			_exit(0);
		nanosleep(&ms, NULL);
	}
}

static void
nested_reaper(void)
{
	if (fork() != 0)
		return;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	double_fork();
	if (fork() == 0)
		sit();
	sit();
}

static pid_t
hostile_tree(int *ret_alive)
{
	int alive[2], ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(alive), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		setsid();
		double_fork();
		nested_reaper();
		for (int i = 0; i < 2; i++)
			if (fork() == 0)
				hop();
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		sit();
	}
	close(alive[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*ret_alive = alive[0];
	return pid;
}

static void
reap_all(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Sweeps, as the loop does, until nobody holds the pipe. */
static void
expect_all_gone(int alive, const pid_t *known, unsigned count)
{
	struct pollfd p = { .fd = alive };
	int tries = 0;

	do {
		assert_true(tries++ < 200);
		reap_all();
		orphans_kill(&bystanders, known, count);
	} while (poll(&p, 1, 20) == 0 || (p.revents & POLLHUP) == 0);
	close(alive);
	reap_all();
}

static void
a_killed_tree_leaves_nobody(void **state)
{
	int alive;
	pid_t root;

	(void)state;
	for (int i = 0; i < 5; i++) {
		root = hostile_tree(&alive);
		tree_kill(root);
		expect_all_gone(alive, NULL, 0);
	}
}

static void
orphans_of_a_dead_child_are_killed(void **state)
{
	int alive;
	pid_t root;

	(void)state;
	for (int i = 0; i < 5; i++) {
		root = hostile_tree(&alive);
		kill(root, SIGKILL);
		assert_int_equal(waitpid(root, NULL, 0), root);
		expect_all_gone(alive, NULL, 0);
	}
}

static void
known_children_and_bystanders_live(void **state)
{
	pid_t known = fork(), neighbour;

	(void)state;
	if (known == 0) {
		setsid();
		sit();
	}
	neighbour = fork();              /* in our session, like a shell's background job */
	if (neighbour == 0)
		sit();
	assert_int_equal(orphans_kill(&bystanders, &known, 1), 0);
	assert_int_equal(waitpid(known, NULL, WNOHANG), 0);
	assert_int_equal(waitpid(neighbour, NULL, WNOHANG), 0);
	kill(known, SIGKILL);
	kill(neighbour, SIGKILL);
	assert_int_equal(waitpid(known, NULL, 0), known);
	assert_int_equal(waitpid(neighbour, NULL, 0), neighbour);
}

static int
setup(void **state)
{
	(void)state;
	orphans_init(&bystanders);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_tree_leaves_nobody),
		cmocka_unit_test(orphans_of_a_dead_child_are_killed),
		cmocka_unit_test(known_children_and_bystanders_live),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
