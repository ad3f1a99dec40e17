/*
 * The tables, and how a database of an earlier version becomes one of this version. The version
 * stands in SQLite's user_version.
 *
 * jobs       one row per job; `result` is what the caller gets once state is done
 * profiles   one row per saved profile: what lists and answers need, and the hashes of its blobs
 * blobs      compressed bytes by the SHA-256 of what they hold; equal ones are stored once
 *
 * Columns that hold msgpack (arguments, result, run, summary, provenance) are checked again when
 * they are read.
 */
#ifndef WORKERS_STORE_SCHEMA_H
#define WORKERS_STORE_SCHEMA_H

#include "workers/store/database.h"

/* Migration number i (from 0) makes version i + 1 out of version i. Rows are appended and never
 * changed. */
struct migration {
	const char *sql;         /* any number of statements */
};

/* The table of this program. */
extern const struct migration schema_migrations[];
extern const unsigned schema_version;

/*
 * Brings the database to version `count` of the table, in one transaction: all of it or nothing.
 * Fine to call from several processes at once. ERR_NOT_SUPPORTED when the database is newer than
 * that; it is left as it is.
 */
enum err schema_apply(struct database *d, const struct migration *migrations, unsigned count);

#endif
