#include "workers/store/schema.h"

#include <errno.h>
#include <stdio.h>

#include "workers/store/statement.h"

const struct migration schema_migrations[] = {
	{ "CREATE TABLE blobs ("
	  " sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),"
	  " size INTEGER NOT NULL CHECK (size >= 0),"
	  " zstd BLOB NOT NULL) STRICT;"

	  "CREATE TABLE jobs ("
	  " id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 26),"
	  " instance TEXT NOT NULL,"
	  " tool TEXT NOT NULL,"
	  " label TEXT,"
	  " state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'ran', 'done')),"
	  " outcome TEXT,"
	  " error_code INTEGER NOT NULL DEFAULT 0,"
	  " message TEXT,"
	  " hint TEXT,"
	  " created_ms INTEGER NOT NULL,"
	  " started_ms INTEGER,"
	  " ended_ms INTEGER,"
	  " profile_id TEXT REFERENCES profiles (id) ON DELETE SET NULL,"
	  " arguments BLOB NOT NULL,"
	  " result BLOB,"
	  " CHECK ((state = 'done') = (result IS NOT NULL))) STRICT;"
	  "CREATE INDEX jobs_unfinished ON jobs (instance, id) WHERE state <> 'done';"
	  "CREATE INDEX jobs_profile ON jobs (profile_id);"

	  "CREATE TABLE profiles ("
	  " id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 26),"
	  " job_id TEXT REFERENCES jobs (id) ON DELETE SET NULL,"
	  " label TEXT,"
	  " tool TEXT NOT NULL,"
	  " program TEXT NOT NULL,"
	  " outcome TEXT NOT NULL,"
	  " created_ms INTEGER NOT NULL,"
	  " elapsed_s REAL,"
	  " peak_memory_mb REAL,"
	  " raw_sha256 BLOB REFERENCES blobs (sha256),"
	  " raw_size INTEGER,"
	  " model_sha256 BLOB NOT NULL REFERENCES blobs (sha256),"
	  " model_size INTEGER NOT NULL,"
	  " run BLOB NOT NULL,"
	  " summary BLOB NOT NULL,"
	  " provenance BLOB NOT NULL) STRICT;"
	  "CREATE INDEX profiles_created ON profiles (created_ms, id);"
	  "CREATE INDEX profiles_job ON profiles (job_id);"
	  "CREATE INDEX profiles_raw ON profiles (raw_sha256);"
	  "CREATE INDEX profiles_model ON profiles (model_sha256);" },
};

const unsigned schema_version = sizeof(schema_migrations) / sizeof(schema_migrations[0]);

static enum err
read_version(struct database *d, unsigned newest, unsigned *ret_version)
{
	sqlite3_stmt *statement = NULL;
	enum err e = statement_open(d, "PRAGMA user_version", NO_PARAMS, &statement);
	int64_t version = 0;
	bool row = false;

	if (e == OK)
		e = statement_step(d, statement, &row);
	if (e == OK && row)
		version = sqlite3_column_int64(statement, 0);
	statement_close(&statement);
	if (e != OK)
		return e;
	if (version < 0 || version > newest)
		return fault_set(d->fault, ERR_NOT_SUPPORTED,
		    "Use that version of scalene-mcp, or another state directory.",
		    "the database in %s was written by a newer scalene-mcp: its schema is version "
		    "%lld, this program knows up to %u", d->state_dir, (long long)version, newest);
	*ret_version = (unsigned)version;
	return OK;
}

/* The number is ours; a PRAGMA takes no parameters. */
static enum err
migrate(struct database *d, const struct migration *migrations, unsigned from, unsigned to)
{
	char pragma[48];
	int code = SQLITE_OK;

	errno = 0;
	for (unsigned i = from; i < to && code == SQLITE_OK; i++)
		code = sqlite3_exec(d->sql, migrations[i].sql, NULL, NULL, NULL);
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %u", to);
	if (code == SQLITE_OK)
		code = sqlite3_exec(d->sql, pragma, NULL, NULL, NULL);
	return code == SQLITE_OK ? OK : database_fault(d, code);
}

enum err
schema_apply(struct database *d, const struct migration *migrations, unsigned count)
{
	unsigned version = 0;
	enum err e = read_version(d, count, &version);

	if (e != OK || version == count)
		return e;
	e = database_begin(d);
	if (e != OK)
		return e;
	e = read_version(d, count, &version);        /* another process may have been first */
	if (e == OK && version < count)
		e = migrate(d, migrations, version, count);
	return database_end(d, e);
}
