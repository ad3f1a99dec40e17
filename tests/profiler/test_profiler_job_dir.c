/* The job's folder, and which profile is taken from it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "workers/profiler/job_dir.h"
#include "workers/profiler/profile_file.h"
#include "workers/profiler/slots.h"
#include "workers/profiler/sweep.h"

#define ID "01J00000000000000000000000"
#define LONG_NAME "a-folder-with-a-name-so-long-that-no-socket-could-be-made-below-it"

static char base[] = "/tmp/profiler-job-XXXXXX";

static int
make_base(void **state)
{
	(void)state;
	return mkdtemp(base) != NULL ? 0 : -1;
}

static int
remove_base(void **state)
{
	(void)state;
	sweep_folder(AT_FDCWD, base);
	return 0;
}

static int
open_state(const char *name, char ret_path[256])
{
	snprintf(ret_path, 256, "%s/%s", base, name);
	assert_int_equal(mkdir(ret_path, 0700), 0);
	int fd = open(ret_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static mode_t
mode_of(int fd, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static void
made_once_and_cleaned(void **state)
{
	char path[256];
	int state_fd = open_state("s", path);
	struct job_dir dir, again;
	struct run_paths paths = { 0 };
	struct refusal why;

	(void)state;
	assert_int_equal(job_dir_make(state_fd, path, ID, &dir, &why), OK);
	assert_int_equal(job_dir_make(state_fd, path, ID, &again, &why), ERR_NOT_HERE);
	assert_non_null(strstr(why.message, "already started"));
	assert_int_equal(mode_of(state_fd, "jobs"), 0700);
	assert_int_equal(mode_of(state_fd, "jobs/" ID), 0700);
	assert_int_equal(mode_of(dir.fd, "tmp"), 0700);
	assert_int_equal(job_dir_put_code(&dir, text_of("x = 1\n"), &paths, &why), OK);
	assert_int_equal(mode_of(dir.fd, "code.py"), 0600);
	assert_int_equal(strncmp(paths.program, dir.path, strlen(dir.path)), 0);
	assert_string_equal(paths.project, dir.path);
	assert_string_equal(paths.cwd + strlen(dir.path), "/work");
	assert_int_equal(job_dir_put(&dir, RESULT_NAME, "abc", 3), OK);
	assert_int_equal(mode_of(dir.fd, RESULT_NAME), 0600);
	assert_int_not_equal(faccessat(dir.fd, "result.new", F_OK, 0), 0);
	job_dir_clean(&dir);
	assert_int_not_equal(faccessat(dir.fd, "tmp", F_OK, 0), 0);
	assert_int_not_equal(faccessat(dir.fd, "work", F_OK, 0), 0);
	job_dir_discard(state_fd, &dir);
	assert_int_not_equal(faccessat(state_fd, "jobs/" ID, F_OK, 0), 0);
	assert_int_equal(job_dir_make(state_fd, path, ID, &dir, &why), OK);
	job_dir_discard(state_fd, &dir);
	close(state_fd);
}

static void
what_the_program_wrote_in_work_stays(void **state)
{
	char path[256];
	int state_fd = open_state("w", path);
	struct job_dir dir;
	struct run_paths paths = { 0 };
	struct refusal why;

	(void)state;
	assert_int_equal(job_dir_make(state_fd, path, ID, &dir, &why), OK);
	assert_int_equal(job_dir_put_code(&dir, text_of("x"), &paths, &why), OK);
	close(openat(dir.fd, "work/made.txt", O_CREAT | O_WRONLY, 0600));
	job_dir_clean(&dir);
	assert_int_equal(faccessat(dir.fd, "work/made.txt", F_OK, 0), 0);
	job_dir_close(&dir);
	close(state_fd);
}

static void
short_tmp_below_a_long_path(void **state)
{
	char path[256], tmp[64];
	int state_fd = open_state(LONG_NAME, path);
	struct job_dir dir;
	struct refusal why;

	(void)state;
	snprintf(tmp, sizeof tmp, "/tmp/scalene-mcp-run-%d", (int)getpid());
	assert_int_equal(mkdir(tmp, 0700), 0);   /* left by somebody with our number */
	assert_int_equal(job_dir_make(state_fd, path, ID, &dir, &why), OK);
	assert_string_equal(dir.tmp, tmp);
	sweep_run_files(&(struct pid_set){ 0 });
	assert_int_equal(access(tmp, F_OK), 0);
	job_dir_clean(&dir);
	assert_int_not_equal(access(tmp, F_OK), 0);
	job_dir_close(&dir);
	close(state_fd);
}

static void
not_made_where_nothing_can_be(void **state)
{
	char path[256];
	int state_fd = open_state("gone", path);
	struct job_dir dir;
	struct refusal why;

	(void)state;
	assert_int_equal(rmdir(path), 0);
	enum err e = job_dir_make(state_fd, path, ID, &dir, &why);
	assert_int_equal(e, ERR_STORAGE_READ_ONLY);
	assert_true(why.hint[0] != '\0');
	close(state_fd);
}

/* ---- the profile ---- */

#define WHOLE "{\n    \"files\": {}\n}\n"
#define OTHER "{\n    \"files\": {}, \"later\": 1\n}\n"

static const struct {
	const char *first;           /* when Scalene said it was saved; NULL: it never said so */
	const char *last;            /* what was there at the end; NULL: nothing new */
	enum profile_state expected;
	const char *kept;
} profiles[] = {
	{ NULL, NULL, PROFILE_MISSING, NULL },
	{ NULL, WHOLE, PROFILE_WHOLE, WHOLE },
	{ WHOLE, NULL, PROFILE_WHOLE, WHOLE },
	{ WHOLE, "{}\n", PROFILE_WHOLE, WHOLE },
	{ WHOLE, OTHER, PROFILE_WHOLE, OTHER },
	{ WHOLE, "{\n  \"fi", PROFILE_WHOLE, WHOLE },
	{ WHOLE, "", PROFILE_WHOLE, WHOLE },
	{ "{}\n", NULL, PROFILE_EMPTY, "{}\n" },
	{ NULL, "{}", PROFILE_EMPTY, "{}" },
	{ NULL, "{\n    \"files\": {", PROFILE_TRUNCATED, "{\n    \"files\": {" },
	{ NULL, "not json }", PROFILE_TRUNCATED, "not json }" },
	{ NULL, "", PROFILE_TRUNCATED, "" },
};

static void
put(int fd, const char *text)
{
	int file = openat(fd, PROFILE_NAME, O_CREAT | O_TRUNC | O_WRONLY, 0644);

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	close(file);
}

static void
the_profile_that_counts(void **state)
{
	char path[256], kept[128];

	(void)state;
	for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
		char name[16];
		snprintf(name, sizeof name, "p%zu", i);
		int fd = open_state(name, path);
		if (profiles[i].first != NULL) {
			put(fd, profiles[i].first);
			profile_file_set_aside(fd);
		}
		if (profiles[i].last != NULL)
			put(fd, profiles[i].last);
		assert_int_equal(profile_file_settle(fd), profiles[i].expected);
		assert_int_not_equal(faccessat(fd, PROFILE_ASIDE_NAME, F_OK, 0), 0);
		if (profiles[i].kept != NULL) {
			int file = openat(fd, PROFILE_NAME, O_RDONLY);
			ssize_t len = read(file, kept, sizeof kept);
			assert_int_equal(len, strlen(profiles[i].kept));
			assert_memory_equal(kept, profiles[i].kept, (size_t)len);
			assert_int_equal(mode_of(fd, PROFILE_NAME), 0600);
			close(file);
		}
		close(fd);
	}
}

static void
links_and_pipes_are_no_profile(void **state)
{
	char path[256];
	int fd = open_state("links", path);

	(void)state;
	assert_int_equal(symlinkat("/etc/passwd", fd, PROFILE_NAME), 0);
	assert_int_equal(profile_file_settle(fd), PROFILE_MISSING);
	assert_int_equal(unlinkat(fd, PROFILE_NAME, 0), 0);
	assert_int_equal(mkfifoat(fd, PROFILE_NAME, 0600), 0);
	assert_int_equal(profile_file_settle(fd), PROFILE_MISSING);
	close(fd);
}

/* ---- slots ---- */

static void
slots(void **state)
{
	char path[256];
	int state_fd = open_state("slots", path), folder, fds[3];

	(void)state;
	setenv("XDG_RUNTIME_DIR", path, 1);
	assert_int_equal(slots_open(state_fd, &folder), OK);
	assert_int_equal(slots_take(folder, 2, &fds[0]), OK);
	assert_int_equal(slots_take(folder, 2, &fds[1]), OK);
	assert_int_equal(slots_take(folder, 2, &fds[2]), ERR_BUSY);
	assert_int_equal(slots_take(folder, 3, &fds[2]), OK);
	close(fds[0]);
	assert_int_equal(slots_take(folder, 2, &fds[0]), OK);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	close(folder);
	close(state_fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_once_and_cleaned),
		cmocka_unit_test(what_the_program_wrote_in_work_stays),
		cmocka_unit_test(short_tmp_below_a_long_path),
		cmocka_unit_test(not_made_where_nothing_can_be),
		cmocka_unit_test(the_profile_that_counts),
		cmocka_unit_test(links_and_pipes_are_no_profile),
		cmocka_unit_test(slots),
	};

	return cmocka_run_group_tests(tests, make_base, remove_base);
}
