#include "tests/supervisor/test_support.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/ulid.h"
#include "supervisor/instance.h"
#include "supervisor/log.h"

static char base[64];

static int
setup(void **state)
{
	(void)state;
	log_threshold(LOG_PANIC);
	strcpy(base, "/tmp/test-instance-XXXXXX");
	unsetenv("STATE_DIRECTORY");
	unsetenv("RUNTIME_DIRECTORY");
	return mkdtemp(base) == NULL;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int
teardown(void **state)
{
	(void)state;
	return nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static char *
below(const char *name)
{
	static char path[4][256];
	static unsigned next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", base, name);
	return path[next];
}

static void
makes_and_removes_its_folders(void **state)
{
	struct instance i;
	struct stat st;
	char why[512], own[LIMIT_PATH], runtime[LIMIT_PATH];

	(void)state;
	assert_true(instance_open(below("a/b/state"), below("run"), &i, why, sizeof(why)));
	assert_true(ulid_valid(i.id, strlen(i.id)));
	assert_string_equal(i.state_dir, below("a/b/state"));
	assert_int_equal(stat(i.state_dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(i.runtime.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	strcpy(own, i.own.path);
	strcpy(runtime, i.runtime.path);
	instance_close(&i);
	assert_int_equal(access(own, F_OK), -1);
	assert_int_equal(access(runtime, F_OK), -1);
}

static void
two_live_beside_each_other_on_one_state_directory(void **state)
{
	struct instance a, b;
	char why[512];

	(void)state;
	assert_true(instance_open(below("shared"), below("run"), &a, why, sizeof(why)));
	assert_true(instance_open(below("shared"), below("run"), &b, why, sizeof(why)));
	assert_string_not_equal(a.id, b.id);
	assert_int_equal(access(a.own.path, F_OK), 0);
	assert_int_equal(access(a.runtime.path, F_OK), 0);
	instance_close(&a);
	assert_int_equal(access(b.own.path, F_OK), 0);
	instance_close(&b);
}

static void
a_dead_one_is_cleared_away_and_jobs_are_kept(void **state)
{
	static const char dead[] = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
	struct instance i;
	char why[512];

	(void)state;
	assert_int_equal(mkdir(below("s"), 0700), 0);
	assert_int_equal(mkdir(below("s/instances"), 0700), 0);
	assert_int_equal(mkdir(below("s/instances/01ARZ3NDEKTSV4RRFFQ69G5FAV"), 0700), 0);
	assert_int_equal(mkdir(below("s/instances/01ARZ3NDEKTSV4RRFFQ69G5FAV/spool"), 0700), 0);
	assert_int_equal(mkdir(below("s/jobs"), 0700), 0);
	assert_int_equal(mkdir(below("s/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV"), 0700), 0);
	close(open(below("s/instances/01ARZ3NDEKTSV4RRFFQ69G5FAV/lock"), O_CREAT | O_WRONLY, 0600));
	assert_true(instance_open(below("s"), below("run"), &i, why, sizeof(why)));
	assert_int_equal(access(below("s/instances/01ARZ3NDEKTSV4RRFFQ69G5FAV"), F_OK), -1);
	assert_int_equal(access(below("s/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV"), F_OK), 0);
	assert_string_not_equal(i.id, dead);
	instance_close(&i);
}

static void
says_what_is_wrong_with_a_state_directory(void **state)
{
	static const struct {
		const char *path, *phrase;
	} cases[] = {
		{ "/dev/null", "Not a directory" },
		{ "/dev/null/x", "Not a directory" },
		{ "/proc/nowhere", "No such file or directory" },
	};
	struct instance i;
	char why[512];

	(void)state;
	for (size_t n = 0; n < COUNT_OF(cases); n++) {
		assert_false(instance_open(cases[n].path, below("run"), &i, why, sizeof(why)));
		assert_non_null(strstr(why, cases[n].path));
		assert_non_null(strstr(why, cases[n].phrase));
		assert_non_null(strstr(why, "--state DIR"));
	}
}

static void
chooses_by_the_environment(void **state)
{
	struct instance i;
	char why[512];

	(void)state;
	setenv("XDG_STATE_HOME", below("xdg"), 1);
	setenv("XDG_RUNTIME_DIR", base, 1);
	assert_true(instance_open(NULL, NULL, &i, why, sizeof(why)));
	assert_string_equal(i.state_dir, below("xdg/scalene-mcp"));
	assert_int_equal(
	    strncmp(i.runtime.path, below("scalene-mcp/"), strlen(below("scalene-mcp/"))), 0);
	instance_close(&i);
	setenv("STATE_DIRECTORY", below("first:/second"), 1);
	setenv("RUNTIME_DIRECTORY", below("unit"), 1);
	assert_true(instance_open(NULL, NULL, &i, why, sizeof(why)));
	assert_string_equal(i.state_dir, below("first"));
	assert_int_equal(strncmp(i.runtime.path, below("unit/"), strlen(below("unit/"))), 0);
	instance_close(&i);
	unsetenv("STATE_DIRECTORY");
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_RUNTIME_DIR");
}

static void
passes_over_a_runtime_directory_that_is_too_long(void **state)
{
	char name[128], why[512], expected[64];
	struct instance i;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_true(instance_open(below("s2"), below(name), &i, why, sizeof(why)));
	snprintf(expected, sizeof(expected), "/tmp/scalene-mcp-%u/", (unsigned)geteuid());
	assert_int_equal(strncmp(i.runtime.path, expected, strlen(expected)), 0);
	instance_close(&i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_and_removes_its_folders),
		cmocka_unit_test(two_live_beside_each_other_on_one_state_directory),
		cmocka_unit_test(a_dead_one_is_cleared_away_and_jobs_are_kept),
		cmocka_unit_test(says_what_is_wrong_with_a_state_directory),
		cmocka_unit_test(chooses_by_the_environment),
		cmocka_unit_test(passes_over_a_runtime_directory_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
