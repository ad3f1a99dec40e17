#include "tests/runtime/turn.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/limits.h"
#include "workers/runtime/spool.h"

#define SPOOL_OF(id) "instances/" id "/spool/"
#define JOB_OF(id) "jobs/" id "/"
#define INLINE_MAX (LIMIT_INLINE / 4)
#define SOMEBODY_ELSE 65534

static struct {
	char dir[64];
	struct spool *spool;
	char name[SPOOL_NAME_MAX + 1];
} here;

static char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", here.dir, name);
	return path;
}

static int
open_spool(void **state)
{
	(void)state;
	scratch_make(here.dir);
	return spool_open(here.dir, A_ULID, &here.spool) != OK;
}

static int
close_spool(void **state)
{
	(void)state;
	spool_close(&here.spool);
	scratch_remove(here.dir);
	return 0;
}

/* ---- names ---- */

static void
only_two_shapes_of_names_are_taken(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} rows[] = {
		{ SPOOL_OF(A_ULID) "x", true },
		{ SPOOL_OF(A_ULID) ANOTHER_ULID, true },
		{ JOB_OF(A_ULID) "profile.json", true },
		{ JOB_OF(A_ULID) "x..y", true },
		{ "", false },
		{ "/etc/passwd", false },
		{ "../../etc/passwd", false },
		{ SPOOL_OF(A_ULID), false },
		{ SPOOL_OF(A_ULID) ".", false },
		{ SPOOL_OF(A_ULID) "..", false },
		{ SPOOL_OF(A_ULID) "../../x", false },
		{ SPOOL_OF(A_ULID) ".hidden", false },
		{ SPOOL_OF(A_ULID) "a/b", false },
		{ SPOOL_OF(A_ULID) "a b", false },
		{ SPOOL_OF(A_ULID) "a\nb", false },
		{ SPOOL_OF(A_ULID) "a\x7f", false },
		{ SPOOL_OF(A_ULID) "\xc3\xa9", false },
		{ JOB_OF(A_ULID) "../" A_ULID "/x", false },
		{ JOB_OF(A_ULID) "a/b", false },
		{ JOB_OF("01hzy3w5k8q2v4x6z8b0c1d2e3") "x", false },
		{ JOB_OF("81HZY3W5K8Q2V4X6Z8B0C1D2E3") "x", false },
		{ JOB_OF("..") "x", false },
		{ "jobs/" A_ULID, false },
		{ "instances/" A_ULID "/lock", false },
		{ "instances/" A_ULID "/spool", false },
		{ "./" JOB_OF(A_ULID) "x", false },
		{ "jobs//" A_ULID "/x", false },
		{ "Jobs/" A_ULID "/x", false },
		{ "store.sqlite", false },
	};
	char longest[SPOOL_NAME_MAX + 2] = JOB_OF(A_ULID), nul[] = JOB_OF(A_ULID) "x?y";

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (spool_name_valid(text_of(rows[i].name)) != rows[i].valid)
			fail_msg("'%s' is taken for %s", rows[i].name, rows[i].valid
			    ? "invalid" : "valid");
	assert_false(spool_name_valid((struct text){ NULL, 0 }));
	memset(longest + strlen(longest), 'x', SPOOL_NAME_MAX + 1 - strlen(longest));
	assert_true(spool_name_valid((struct text){ longest, SPOOL_NAME_MAX }));
	assert_false(spool_name_valid((struct text){ longest, SPOOL_NAME_MAX + 1 }));
	nul[sizeof(nul) - 3] = 0;
	assert_false(spool_name_valid((struct text){ nul, sizeof(nul) - 1 }));
}

/* ---- put and get ---- */

static void
small_blobs_stay_inline_and_large_ones_become_files(void **state)
{
	static const struct {
		size_t len;
		bool file;
	} rows[] = { { 0, false }, { 1, false }, { INLINE_MAX, false }, { INLINE_MAX + 1, true },
	    { 3000000, true } };
	uint8_t *bytes = malloc(3000000);

	(void)state;
	for (size_t i = 0; i < 3000000; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct spool_bytes got;
		struct blob blob;

		assert_int_equal(spool_put(here.spool, bytes, rows[i].len, here.name, &blob), OK);
		assert_int_equal(blob.file.at != NULL, rows[i].file);
		assert_int_equal(blob.bytes.at != NULL, !rows[i].file);
		assert_int_equal(spool_get(here.spool, &blob, &got), OK);
		assert_int_equal(got.len, rows[i].len);
		assert_memory_equal(got.at, bytes, rows[i].len);
		spool_bytes_fini(&got);
		assert_null(got.at);
	}
	free(bytes);
}

static struct blob
put_file(size_t len)
{
	static uint8_t bytes[INLINE_MAX * 2];
	struct blob blob;

	assert_in_range(len, INLINE_MAX + 1, sizeof(bytes));
	memset(bytes, 'p', sizeof(bytes));
	assert_int_equal(spool_put(here.spool, bytes, len, here.name, &blob), OK);
	return blob;
}

static void
a_spool_file_has_a_valid_name_of_this_instance_and_is_private(void **state)
{
	struct blob blob = put_file(INLINE_MAX + 1);
	struct stat st;

	(void)state;
	assert_true(spool_name_valid(blob.file));
	assert_memory_equal(blob.file.at, SPOOL_OF(A_ULID), strlen(SPOOL_OF(A_ULID)));
	assert_int_equal(stat(path_of(here.name), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, INLINE_MAX + 1);
	assert_int_equal(stat(path_of("instances/" A_ULID "/spool"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void
opening_twice_is_fine_and_without_a_state_directory_it_fails(void **state)
{
	struct spool *second = NULL;

	(void)state;
	assert_int_equal(spool_open(here.dir, A_ULID, &second), OK);
	spool_close(&second);
	assert_null(second);
	assert_int_equal(spool_open("/nonexistent/state", A_ULID, &second), ERR_NOT_FOUND);
	assert_null(second);
}

static void
overwrite(const char *name, size_t at, const char *bytes)
{
	int fd = open(path_of(name), O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, strlen(bytes), (off_t)at), strlen(bytes));
	close(fd);
}

static void
become_truncated(struct blob *blob)
{
	(void)blob;
	assert_int_equal(truncate(path_of(here.name), INLINE_MAX / 2), 0);
}

static void
become_empty(struct blob *blob)
{
	(void)blob;
	assert_int_equal(truncate(path_of(here.name), 0), 0);
}

static void
become_longer(struct blob *blob)
{
	overwrite(here.name, blob->size, "more");
}

static void
become_different(struct blob *blob)
{
	(void)blob;
	overwrite(here.name, 1000, "q");
}

static void
claim_another_hash(struct blob *blob)
{
	blob->sha256[31] ^= 1;
}

static void
claim_another_size(struct blob *blob)
{
	blob->size--;
}

static void
become_missing(struct blob *blob)
{
	(void)blob;
	assert_int_equal(unlink(path_of(here.name)), 0);
}

static void
become_a_link_to_itself(struct blob *blob)
{
	char target[256];

	(void)blob;
	snprintf(target, sizeof(target), "%s/kept", here.dir);
	assert_int_equal(rename(path_of(here.name), target), 0);
	assert_int_equal(symlink(target, path_of(here.name)), 0);
}

static void
become_a_fifo(struct blob *blob)
{
	become_missing(blob);
	assert_int_equal(mkfifo(path_of(here.name), 0600), 0);
}

static void
become_a_folder(struct blob *blob)
{
	become_missing(blob);
	assert_int_equal(mkdir(path_of(here.name), 0700), 0);
}

static void
become_somebody_elses(struct blob *blob)
{
	(void)blob;
	if (geteuid() != 0) {
		become_missing(blob);    /* only root can give files away */
		assert_int_equal(symlink("/etc/passwd", path_of(here.name)), 0);
		return;
	}
	assert_int_equal(chown(path_of(here.name), SOMEBODY_ELSE, SOMEBODY_ELSE), 0);
}

static void
become_huge(struct blob *blob)
{
	(void)blob;
	assert_int_equal(truncate(path_of(here.name), (off_t)LIMIT_SPOOL_FILE + 1), 0);
}

static void
be_renamed_badly(struct blob *blob)
{
	blob->file = text_of("instances/" A_ULID "/spool/../../../etc/passwd");
}

static void
name_nothing(struct blob *blob)
{
	*blob = (struct blob){ .size = 0 };
}

static void
what_is_not_what_was_promised_is_not_given(void **state)
{
	static const struct {
		void (*spoil)(struct blob *blob);
		enum err expected;
	} rows[] = {
		{ become_truncated, ERR_CORRUPT },
		{ become_empty, ERR_CORRUPT },
		{ become_longer, ERR_CORRUPT },
		{ become_different, ERR_CORRUPT },
		{ claim_another_hash, ERR_CORRUPT },
		{ claim_another_size, ERR_CORRUPT },
		{ become_missing, ERR_NOT_FOUND },
		{ become_a_link_to_itself, ERR_NOT_READABLE },
		{ become_a_fifo, ERR_NOT_READABLE },
		{ become_a_folder, ERR_NOT_READABLE },
		{ become_somebody_elses, ERR_NOT_READABLE },
		{ become_huge, ERR_TOO_LARGE },
		{ be_renamed_badly, ERR_MALFORMED },
		{ name_nothing, ERR_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct blob blob = put_file(INLINE_MAX + 100);
		struct spool_bytes got = { NULL, 77, NULL };
		enum err e;

		rows[i].spoil(&blob);
		e = spool_get(here.spool, &blob, &got);
		if (e != rows[i].expected)
			fail_msg("row %zu: %s", i, err_info(e)->name);
		assert_int_equal(got.len, 77);
	}
}

/* ---- describe ---- */

static void
files_of_jobs_are_described(void **state)
{
	static const struct {
		const char *name, *bytes;
		enum err expected;
	} rows[] = {
		{ JOB_OF(A_ULID) "profile.json", "{\"files\":{}}", OK },
		{ JOB_OF(A_ULID) "empty.json", "", OK },
		{ JOB_OF(A_ULID) "missing.json", NULL, ERR_NOT_FOUND },
		{ "jobs/x/../../etc/passwd", NULL, ERR_MALFORMED },
	};

	(void)state;
	assert_int_equal(mkdir(path_of("jobs"), 0700), 0);
	assert_int_equal(mkdir(path_of("jobs/" A_ULID), 0700), 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct spool_bytes got;
		struct blob blob;

		if (rows[i].bytes != NULL)
			file_write(path_of(rows[i].name), rows[i].bytes, strlen(rows[i].bytes));
		assert_int_equal(spool_describe(here.spool, rows[i].name, here.name, &blob),
		    rows[i].expected);
		if (rows[i].expected != OK)
			continue;
		assert_true(text_is(blob.file, rows[i].name));
		assert_int_equal(spool_get(here.spool, &blob, &got), OK);
		assert_int_equal(got.len, strlen(rows[i].bytes));
		assert_memory_equal(got.at, rows[i].bytes, got.len);
		spool_bytes_fini(&got);
	}
}

static void
an_empty_file_is_not_a_nil_blob(void **state)
{
	struct spool_bytes got;
	struct blob blob;

	(void)state;
	assert_int_equal(spool_put(here.spool, NULL, 0, here.name, &blob), OK);
	assert_non_null(blob.bytes.at);
	assert_int_equal(spool_get(here.spool, &blob, &got), OK);
	assert_non_null(got.at);
	assert_int_equal(got.len, 0);
	spool_bytes_fini(&got);
}

/* ---- drop ---- */

static void
only_files_of_this_instances_spool_are_dropped(void **state)
{
	static const struct {
		const char *name;
		bool gone;
	} rows[] = {
		{ SPOOL_OF(A_ULID) "mine", true },
		{ SPOOL_OF(ANOTHER_ULID) "theirs", false },
		{ JOB_OF(A_ULID) "result", false },
		{ "store.sqlite", false },
	};

	(void)state;
	assert_int_equal(mkdir(path_of("jobs"), 0700), 0);
	assert_int_equal(mkdir(path_of("jobs/" A_ULID), 0700), 0);
	assert_int_equal(mkdir(path_of("instances/" ANOTHER_ULID), 0700), 0);
	assert_int_equal(mkdir(path_of("instances/" ANOTHER_ULID "/spool"), 0700), 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		file_write(path_of(rows[i].name), "x", 1);
		spool_drop(here.spool, text_of(rows[i].name));
		assert_int_equal(access(path_of(rows[i].name), F_OK) != 0, rows[i].gone);
		spool_drop(here.spool, text_of(rows[i].name));
	}
	spool_drop(here.spool, (struct text){ NULL, 0 });
}

static void
a_sweep_removes_what_an_earlier_process_left_and_nothing_else(void **state)
{
	static const struct {
		const char *name;
		bool gone;
	} rows[] = {
		{ SPOOL_OF(A_ULID) ANOTHER_ULID, true },
		{ SPOOL_OF(A_ULID) "named_by_somebody", false },
		{ SPOOL_OF(ANOTHER_ULID) A_ULID, false },
	};

	(void)state;
	spool_sweep(here.spool);
	assert_int_equal(mkdir(path_of("instances/" ANOTHER_ULID), 0700), 0);
	assert_int_equal(mkdir(path_of("instances/" ANOTHER_ULID "/spool"), 0700), 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		file_write(path_of(rows[i].name), "x", 1);
	spool_sweep(here.spool);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(access(path_of(rows[i].name), F_OK) != 0, rows[i].gone);
}

/* ---- hashes ---- */

static void
hashes_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *bytes, *hex;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint8_t hash[SHA256_SIZE];
		char hex[2 * SHA256_SIZE + 1];

		sha256_of(rows[i].bytes, strlen(rows[i].bytes), hash);
		sha256_hex(hash, hex);
		assert_string_equal(hex, rows[i].hex);
	}
}

int
main(void)
{
#define WITH_SPOOL(f) cmocka_unit_test_setup_teardown(f, open_spool, close_spool)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_two_shapes_of_names_are_taken),
		WITH_SPOOL(small_blobs_stay_inline_and_large_ones_become_files),
		WITH_SPOOL(a_spool_file_has_a_valid_name_of_this_instance_and_is_private),
		WITH_SPOOL(opening_twice_is_fine_and_without_a_state_directory_it_fails),
		WITH_SPOOL(what_is_not_what_was_promised_is_not_given),
		WITH_SPOOL(files_of_jobs_are_described),
		WITH_SPOOL(an_empty_file_is_not_a_nil_blob),
		WITH_SPOOL(only_files_of_this_instances_spool_are_dropped),
		WITH_SPOOL(a_sweep_removes_what_an_earlier_process_left_and_nothing_else),
		cmocka_unit_test(hashes_are_those_of_the_standard),
	};

	return cmocka_run_group_tests_name("runtime_spool", tests, NULL, NULL);
}
