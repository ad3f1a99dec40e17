#include "tests/supervisor/test_support.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/ulid.h"
#include "supervisor/lockdir.h"

static char parent[64];

static int
setup(void **state)
{
	(void)state;
	strcpy(parent, "/tmp/test-lockdir-XXXXXX");
	return mkdtemp(parent) == NULL;
}

static unsigned
entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	if (dir == NULL)
		return 0;
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2;
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(entries(parent), 0);
	return rmdir(parent);
}

static void
touch(const char *folder, const char *name)
{
	char path[LIMIT_PATH + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
}

/* A process that owns a folder until it is killed. */
static pid_t
owner(const char *id)
{
	struct lockdir d;
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		lockdir_init(&d);
		if (lockdir_make(parent, id, &d) != OK || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void
a_living_owner_keeps_its_folder_and_a_dead_one_loses_it(void **state)
{
	char id[LIMIT_ULID + 1], path[LIMIT_PATH];
	pid_t pid;

	(void)state;
	ulid_make(id);
	pid = owner(id);
	snprintf(path, sizeof(path), "%s/%s", parent, id);
	touch(path, "leftover");
	assert_int_equal(mkdirat(AT_FDCWD, strcat(path, "/spool"), 0700), 0);
	touch(path, "file");
	assert_int_equal(lockdir_sweep(parent), 0);
	assert_int_equal(access(path, F_OK), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(lockdir_sweep(parent), 1);
	assert_int_equal(entries(parent), 0);
}

static void
is_private_and_removed_by_its_owner(void **state)
{
	char id[LIMIT_ULID + 1], lock[LIMIT_PATH + 32];
	struct lockdir d;
	struct stat st;

	(void)state;
	ulid_make(id);
	lockdir_init(&d);
	assert_int_equal(lockdir_make(parent, id, &d), OK);
	assert_int_equal(stat(d.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	snprintf(lock, sizeof(lock), "%s/lock", d.path);
	assert_int_equal(access(lock, F_OK), 0);
	assert_true(fcntl(d.lock, F_GETFD) & FD_CLOEXEC);
	touch(d.path, "socket");
	lockdir_remove(&d);
	assert_int_equal(d.lock, -1);
	assert_int_equal(entries(parent), 0);
	lockdir_remove(&d);
}

static void
leaves_what_is_not_its_business(void **state)
{
	static const char *const names[] = { "jobs", "01ARZ3NDEKTSV4RRFFQ69G5FA",
		".new-01ARZ3NDEKTSV4RRFFQ69G5FAV" };
	char path[LIMIT_PATH + 32];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", parent, names[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	assert_int_equal(lockdir_sweep(parent), 0);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", parent, names[i]);
		assert_int_equal(rmdir(path), 0);
	}
}

static void
does_not_follow_links(void **state)
{
	char id[LIMIT_ULID + 1], link[LIMIT_PATH + 32], outside[] = "/tmp/test-outside-XXXXXX",
							file[64];
	struct lockdir d;

	(void)state;
	assert_non_null(mkdtemp(outside));
	touch(outside, "precious");
	snprintf(file, sizeof(file), "%s/precious", outside);
	ulid_make(id);
	lockdir_init(&d);
	assert_int_equal(lockdir_make(parent, id, &d), OK);
	snprintf(link, sizeof(link), "%s/spool", d.path);
	assert_int_equal(symlink(outside, link), 0);
	lockdir_remove(&d);
	assert_int_equal(access(file, F_OK), 0);
	unlink(file);
	rmdir(outside);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_living_owner_keeps_its_folder_and_a_dead_one_loses_it),
		cmocka_unit_test(is_private_and_removed_by_its_owner),
		cmocka_unit_test(leaves_what_is_not_its_business),
		cmocka_unit_test(does_not_follow_links),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
