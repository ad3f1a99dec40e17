#include "tests/store/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workers/store/jobs.h"
#include "workers/store/profile_save.h"

#define SKIPPED 77
#define NOBODY 65534
#define NOISE_SIZE (1u << 20)

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

/* Bytes that do not compress. */
static struct blob
noise(void)
{
	static uint8_t bytes[NOISE_SIZE];
	uint64_t x = 88172645463325252u;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		bytes[i] = (uint8_t)x;
	}
	return (struct blob){ .bytes = { bytes, sizeof(bytes) } };
}

static enum err
save_noise(struct scratch *c, const char *job_id)
{
	struct body_profile_save in = scratch_save(job_id, scratch_id(), NULL, "m");
	struct value_writer w;
	enum err e = store_ready(&c->store);

	in.profile = noise();
	value_writer_init(&w);
	if (e == OK)
		e = profile_save(&c->store, &in, &w);
	value_writer_fini(&w);
	return e;
}

static void
assert_refused(struct scratch *c, enum err e, enum err expected)
{
	assert_int_equal(e, expected);
	assert_non_null(strstr(c->store.fault.hint, c->dir));
	assert_true(strlen(c->store.fault.message) > 0);
}

static void
assert_whole(struct scratch *c, const char *job_id, const char *state)
{
	assert_int_equal(store_ready(&c->store), OK);
	assert_string_equal(scratch_open_job(c, job_id), state);
	assert_int_equal(
	    scratch_sql(c, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
}

/* ---- in processes of their own ---- */

/* Refused while the limit stands, accepted when it is gone; nothing is lost and nothing half
 * saved. */
static int
file_size_limit(const char *dir)
{
	struct rlimit limit = { 300000, RLIM_INFINITY };
	const char *job = scratch_id();
	struct scratch c;

	signal(SIGXFSZ, SIG_IGN);
	scratch_join(&c, dir);
	assert_int_equal(store_ready(&c.store), OK);
	scratch_open_job(&c, job);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_refused(&c, save_noise(&c, job), ERR_STORAGE_FULL);
	assert_whole(&c, job, "queued");
	limit.rlim_cur = RLIM_INFINITY;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(save_noise(&c, job), OK);
	assert_whole(&c, job, "done");
	scratch_leave(&c);
	return 0;
}

static void
fill(const char *path)
{
	static const char block[4096];
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) == sizeof(block))
		continue;
	close(fd);
}

static int
full_disk(const char *dir)
{
	const char *job = scratch_id();
	struct scratch c;
	char ballast[128];

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", dir, "tmpfs", 0, "size=4m,mode=0700") < 0)
		return SKIPPED;
	snprintf(ballast, sizeof(ballast), "%s/ballast", dir);
	scratch_join(&c, dir);
	fill(ballast);
	assert_refused(&c, store_ready(&c.store), ERR_STORAGE_FULL);
	assert_int_equal(unlink(ballast), 0);
	assert_int_equal(store_ready(&c.store), OK);
	scratch_open_job(&c, job);
	fill(ballast);
	assert_refused(&c, save_noise(&c, job), ERR_STORAGE_FULL);
	assert_int_equal(unlink(ballast), 0);
	assert_whole(&c, job, "queued");
	assert_int_equal(save_noise(&c, job), OK);
	assert_whole(&c, job, "done");
	scratch_leave(&c);
	return 0;
}

/* Root may write anywhere, so it becomes somebody else first. */
static int
read_only_folder(const char *dir)
{
	const char *job = scratch_id();
	struct scratch c;

	if (geteuid() == 0)
		assert_true(
		    chown(dir, NOBODY, NOBODY) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	scratch_join(&c, dir);
	assert_int_equal(chmod(dir, 0500), 0);
	/* no database, and none can be made */
	assert_refused(&c, store_ready(&c.store), ERR_STORAGE_READ_ONLY);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(store_ready(&c.store), OK);
	scratch_open_job(&c, job);
	store_fini(&c.store);
	assert_int_equal(chmod(dir, 0500), 0);
	/* a database, but no log, and none can be made */
	assert_refused(&c, store_ready(&c.store), ERR_STORAGE_READ_ONLY);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_whole(&c, job, "queued");
	scratch_leave(&c);
	return 0;
}

static const struct mode {
	const char *name;
	int (*run)(const char *dir);
} modes[] = {
	{ "file-size-limit", file_size_limit },
	{ "full-disk", full_disk },
	{ "read-only-folder", read_only_folder },
};

/* In an empty folder inside the scratch directory. */
static void
run_mode(struct scratch *c, const char *name)
{
	char dir[128];
	int status;

	snprintf(dir, sizeof(dir), "%s/inner", c->dir);
	assert_int_equal(chmod(c->dir, 0711), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	status = scratch_wait(scratch_spawn(name, dir, NULL));
	if (status == SKIPPED)
		skip();
	assert_int_equal(status, 0);
}

static void
a_file_size_limit_is_survived(void **state)
{
	run_mode(*state, "file-size-limit");
}

static void
a_full_disk_is_survived(void **state)
{
	run_mode(*state, "full-disk");
}

static void
a_read_only_folder_is_survived(void **state)
{
	run_mode(*state, "read-only-folder");
}

/* ---- in this process ---- */

static void
a_held_lock_is_told(void **state)
{
	struct scratch *c = *state, other;
	const char *job = scratch_id();

	scratch_join(&other, c->dir);
	assert_int_equal(store_ready(&other.store), OK);
	scratch_open_job(c, job);
	assert_int_equal(database_begin(&other.store.database), OK);
	sqlite3_busy_timeout(c->store.database.sql, 10);
	assert_refused(c, scratch_mark(c, job, "running"), ERR_STORAGE);
	assert_true(err_info(ERR_STORAGE)->retryable);
	assert_int_equal(database_end(&other.store.database, ERR_CANCELLED), ERR_CANCELLED);
	assert_int_equal(scratch_mark(c, job, "running"), OK);
	scratch_leave(&other);
}

/* Somebody empties the state directory below a running server. */
static void
a_removed_database_is_made_again(void **state)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	struct scratch *c = *state;
	const char *job = scratch_id();

	scratch_open_job(c, scratch_id());
	for (int i = 0; i < 3; i++) {
		char name[64];

		snprintf(name, sizeof(name), DATABASE_NAME "%s", names[i]);
		assert_int_equal(unlinkat(spool_dir_fd(c->spool), name, 0), 0);
	}
	assert_int_equal(store_ready(&c->store), OK);
	scratch_open_job(c, job);
	store_fini(&c->store);
	assert_int_equal(store_ready(&c->store), OK);
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM jobs"), 1);
}

/* After a failure of the disk the connection is not trusted any more. */
static void
a_failed_connection_is_made_again(void **state)
{
	static const struct { int code; int64_t kept; } cases[] = {
		{ SQLITE_FULL, 1 }, { SQLITE_BUSY, 1 }, { SQLITE_CONSTRAINT, 1 },
		{ SQLITE_CORRUPT, 0 }, { SQLITE_IOERR_READ, 0 }, { SQLITE_READONLY, 0 },
	};
	struct scratch *c = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scratch_sql(c, "CREATE TEMP TABLE IF NOT EXISTS mark (x)");
		errno = 0;
		database_fault(&c->store.database, cases[i].code);
		assert_int_equal(store_ready(&c->store), OK);
		assert_int_equal(scratch_sql(c, "SELECT count(*) FROM temp.sqlite_schema"),
		    cases[i].kept);
	}
}

int
main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_file_size_limit_is_survived),
		TEST(a_full_disk_is_survived),
		TEST(a_read_only_folder_is_survived),
		TEST(a_held_lock_is_told),
		TEST(a_removed_database_is_made_again),
		TEST(a_failed_connection_is_made_again),
	};

	if (argc == 1)
		return cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; argc == 3 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argv[2]);
	return 2;
}
