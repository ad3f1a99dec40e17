#include "tests/store/scratch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workers/store/schema.h"
#include "workers/store/statement.h"

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
write_database(struct scratch *c, const void *at, size_t len)
{
	char path[128];
	FILE *f;

	store_fini(&c->store);
	snprintf(path, sizeof(path), "%s/" DATABASE_NAME, c->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(at, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
opened_as_decided(void **state)
{
	struct scratch *c = *state;
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/" DATABASE_NAME, c->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(scratch_sql(c, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	assert_int_equal(scratch_sql(c, "PRAGMA synchronous"), 2);
	assert_int_equal(scratch_sql(c, "PRAGMA foreign_keys"), 1);
	assert_int_equal(scratch_sql(c, "PRAGMA busy_timeout"), DATABASE_BUSY_MS);
	assert_int_equal(scratch_sql(c, "PRAGMA user_version"), schema_version);
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM pragma_table_list WHERE name IN"
	    " ('jobs', 'profiles', 'blobs') AND strict"), 3);
	snprintf(path, sizeof(path), "%s/" DATABASE_NAME "-wal", c->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static const struct migration steps[] = {
	{ "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)" },
	{ "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1" },
	{ "INSERT INTO a VALUES (3, 4); CREATE INDEX a_y ON a (y)" },
};

static const struct migration failing[] = {
	{ "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)" },
	{ "INSERT INTO a VALUES (2); INSERT INTO no_such_table VALUES (1)" },
};

static void
empty_database(struct scratch *c)
{
	char path[128];

	store_fini(&c->store);
	snprintf(path, sizeof(path), "%s/" DATABASE_NAME, c->dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(
	    database_open(&c->store.database, c->dir, spool_dir_fd(c->spool), &c->store.fault), OK);
}

/* From every version to every later one. */
static void
migrates_from_every_version(void **state)
{
	struct scratch *c = *state;

	for (unsigned from = 0; from <= 3; from++)
		for (unsigned to = from; to <= 3; to++) {
			empty_database(c);
			assert_int_equal(schema_apply(&c->store.database, steps, from), OK);
			assert_int_equal(scratch_sql(c, "PRAGMA user_version"), from);
			assert_int_equal(schema_apply(&c->store.database, steps, to), OK);
			assert_int_equal(schema_apply(&c->store.database, steps, to), OK);
			assert_int_equal(scratch_sql(c, "PRAGMA user_version"), to);
			if (to == 3)
				assert_int_equal(scratch_sql(c, "SELECT sum(x + y) FROM a"), 10);
		}
}

static void
a_failed_migration_leaves_no_trace(void **state)
{
	struct scratch *c = *state;

	empty_database(c);
	assert_int_equal(schema_apply(&c->store.database, failing, 1), OK);
	assert_int_not_equal(schema_apply(&c->store.database, failing, 2), OK);
	assert_int_equal(scratch_sql(c, "PRAGMA user_version"), 1);
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM a"), 1);
	assert_true(sqlite3_get_autocommit(c->store.database.sql));
}

static void
a_newer_schema_is_refused(void **state)
{
	struct scratch *c = *state;

	scratch_sql(c, "PRAGMA user_version = 999");
	store_fini(&c->store);
	assert_int_equal(store_ready(&c->store), ERR_NOT_SUPPORTED);
	assert_non_null(strstr(c->store.fault.message, "999"));
	assert_non_null(strstr(c->store.fault.message, c->dir));
	assert_int_equal(store_ready(&c->store), ERR_NOT_SUPPORTED);
	empty_database(c);
	store_fini(&c->store);
	assert_int_equal(store_ready(&c->store), OK);
}

static void
what_is_no_database_is_told(void **state)
{
	static const char text[8192] = "this is not a database, whatever its name says";
	struct scratch *c = *state;

	write_database(c, text, sizeof(text));
	assert_int_equal(store_ready(&c->store), ERR_CORRUPT);
	assert_non_null(strstr(c->store.fault.hint, c->dir));
	assert_int_equal(store_ready(&c->store), ERR_CORRUPT);
	write_database(c, "", 0);
	assert_int_equal(store_ready(&c->store), OK);
}

/* Pages past the header are overwritten: the file opens, and reading it fails. */
static void
damaged_pages_are_told(void **state)
{
	char path[128], junk[4096];
	struct scratch *c = *state;
	enum err e;
	FILE *f;

	scratch_open_job(c, scratch_id());
	store_fini(&c->store);
	memset(junk, 0xa5, sizeof(junk));
	snprintf(path, sizeof(path), "%s/" DATABASE_NAME, c->dir);
	f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, 4096, SEEK_SET), 0);
	for (int i = 0; i < 12; i++)
		assert_int_equal(fwrite(junk, 1, sizeof(junk), f), sizeof(junk));
	assert_int_equal(fclose(f), 0);
	e = store_ready(&c->store);
	if (e == OK)
		e = statement_run(&c->store.database, "SELECT count(*) FROM jobs", NO_PARAMS);
	assert_int_equal(e, ERR_CORRUPT);
	assert_non_null(strstr(c->store.fault.hint, c->dir));
}

static void
a_link_is_not_followed(void **state)
{
	char path[128];
	struct scratch *c = *state;

	store_fini(&c->store);
	snprintf(path, sizeof(path), "%s/" DATABASE_NAME, c->dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(store_ready(&c->store), ERR_CORRUPT);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(opened_as_decided),
		TEST(migrates_from_every_version),
		TEST(a_failed_migration_leaves_no_trace),
		TEST(a_newer_schema_is_refused),
		TEST(what_is_no_database_is_told),
		TEST(damaged_pages_are_told),
		TEST(a_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
