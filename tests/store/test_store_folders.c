#include "tests/store/scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workers/store/folders.h"
#include "workers/store/instances.h"

#define JOB "01ARZ3NDEKTSV4RRFFQ69G5FAV"

static int
set_up(void **state)
{
	static struct scratch scratch;

	scratch_open(&scratch);
	*state = &scratch;
	return 0;
}

static int
tear_down(void **state)
{
	scratch_close(*state);
	return 0;
}

static void
make_folder(const struct scratch *c, const char *path)
{
	assert_int_equal(mkdirat(spool_dir_fd(c->spool), path, 0700), 0);
}

static enum err
remove_job(const struct scratch *c, const char *id)
{
	return folder_remove(spool_dir_fd(c->spool), text_of(id));
}

static void
everything_inside_goes(void **state)
{
	struct scratch *c = *state;

	assert_int_equal(remove_job(c, JOB), OK);                    /* no jobs at all */
	scratch_job_file(c, JOB, "profile.json", "{}", 2);
	assert_int_equal(remove_job(c, scratch_id()), OK);           /* not this one */
	make_folder(c, "jobs/" JOB "/a");
	make_folder(c, "jobs/" JOB "/a/b");
	scratch_job_file(c, JOB, "a/b/.hidden", "x", 1);
	assert_int_equal(mkfifoat(spool_dir_fd(c->spool), "jobs/" JOB "/pipe", 0600), 0);
	for (int i = 0; i < 500; i++) {
		char name[32];

		snprintf(name, sizeof(name), "a/f%d", i);
		scratch_job_file(c, JOB, name, "x", 1);
	}
	assert_int_equal(remove_job(c, JOB), OK);
	assert_false(scratch_exists(c, "jobs/" JOB));
	assert_true(scratch_exists(c, "jobs"));
}

static void
links_are_not_followed(void **state)
{
	struct scratch *c = *state;
	int fd = spool_dir_fd(c->spool);

	scratch_job_file(c, JOB, "x", "x", 1);
	make_folder(c, "outside");
	assert_int_equal(mknodat(fd, "outside/keep", S_IFREG | 0600, 0), 0);
	assert_int_equal(symlinkat("../../outside", fd, "jobs/" JOB "/folder"), 0);
	assert_int_equal(symlinkat("../../outside/keep", fd, "jobs/" JOB "/file"), 0);
	assert_int_equal(symlinkat("/", fd, "jobs/" JOB "/root"), 0);
	assert_int_equal(remove_job(c, JOB), OK);
	assert_false(scratch_exists(c, "jobs/" JOB));
	assert_true(scratch_exists(c, "outside/keep"));

	assert_int_equal(symlinkat("../outside", fd, "jobs/" JOB), 0);
	assert_int_equal(remove_job(c, JOB), OK);
	assert_true(scratch_exists(c, "outside/keep"));

	make_folder(c, "outside/" JOB);
	assert_int_equal(unlinkat(fd, "jobs", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("outside", fd, "jobs"), 0);
	assert_int_not_equal(remove_job(c, JOB), OK);
	assert_true(scratch_exists(c, "outside/" JOB));
}

static void
only_ids_name_folders(void **state)
{
	static const char *const names[] = { "", ".", "..", "../outside",
		"01ARZ3NDEKTSV4RRFFQ69G5F/.", "x" };
	struct scratch *c = *state;

	make_folder(c, "outside");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(remove_job(c, names[i]), ERR_INVALID_ARGUMENT);
	assert_true(scratch_exists(c, "outside"));
}

static void
depth_is_bounded(void **state)
{
	struct scratch *c = *state;
	int fd;

	scratch_job_file(c, JOB, "x", "x", 1);
	fd = openat(spool_dir_fd(c->spool), "jobs/" JOB, O_DIRECTORY | O_RDONLY);
	for (int i = 0; i < FOLDER_DEPTH + 10; i++) {
		int next;

		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		next = openat(fd, "d", O_DIRECTORY | O_RDONLY);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
	assert_int_equal(remove_job(c, JOB), ERR_TOO_LARGE);
	assert_false(scratch_exists(c, "jobs/" JOB "/x"));
	assert_true(scratch_exists(c, "jobs/" JOB "/d"));
}

struct visits {
	unsigned count;
	char last[LIMIT_ULID + 1];
};

static void
visit(void *arg, struct text job_id)
{
	struct visits *v = arg;

	v->count++;
	assert_true(text_copy(job_id, v->last, sizeof(v->last)));
}

static void
only_job_folders_are_visited(void **state)
{
	struct scratch *c = *state;
	struct visits v = { 0 };

	folder_each(spool_dir_fd(c->spool), 10, visit, &v);
	assert_int_equal(v.count, 0);
	scratch_job_file(c, JOB, "x", "x", 1);
	make_folder(c, "jobs/other");
	folder_each(spool_dir_fd(c->spool), 10, visit, &v);
	assert_int_equal(v.count, 1);
	assert_string_equal(v.last, JOB);
	scratch_job_file(c, scratch_id(), "x", "x", 1);
	v.count = 0;
	folder_each(spool_dir_fd(c->spool), 1, visit, &v);
	assert_int_equal(v.count, 1);
}

static void
instances_live_by_their_lock(void **state)
{
	struct scratch *c = *state, other;
	int fd = spool_dir_fd(c->spool);
	char path[64];

	assert_true(instance_alive(fd, text_of(c->instance)));
	scratch_join(&other, c->dir);
	assert_true(instance_alive(fd, text_of(other.instance)));
	scratch_leave(&other);
	assert_false(instance_alive(fd, text_of(other.instance)));
	assert_false(instance_alive(fd, text_of(scratch_id())));
	assert_false(instance_alive(fd, text_of("../instances/x")));
	assert_false(instance_alive(fd, text_of(NULL)));
	snprintf(path, sizeof(path), "instances/%s/lock", other.instance);
	assert_int_equal(unlinkat(fd, path, 0), 0);
	assert_false(instance_alive(fd, text_of(other.instance)));
	/* cannot be looked at: not taken for dead */
	assert_int_equal(symlinkat("/dev/null", fd, path), 0);
	assert_true(instance_alive(fd, text_of(other.instance)));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(everything_inside_goes),
		TEST(links_are_not_followed),
		TEST(only_ids_name_folders),
		TEST(depth_is_bounded),
		TEST(only_job_folders_are_visited),
		TEST(instances_live_by_their_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
