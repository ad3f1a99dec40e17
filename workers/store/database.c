#include "workers/store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "protocol/limits.h"
#include "workers/store/statement.h"

#define WAL_RETRY_MS 20

static const struct cause {
	int code;
	enum err e;
	bool suspect;
	const char *message, *hint;
} causes[] = {
	{ SQLITE_FULL, ERR_STORAGE_FULL, false, "no space is left for the database",
	    "Free some space and try again; what was saved before is intact." },
	{ SQLITE_READONLY, ERR_STORAGE_READ_ONLY, true, "the database cannot be written",
	    "Make the directory and the files in it writable for this user, or name another one." },
	{ SQLITE_PERM, ERR_STORAGE_READ_ONLY, true, "the database may not be opened",
	    "Make the directory and the files in it writable for this user, or name another one." },
	{ SQLITE_CORRUPT, ERR_CORRUPT, true, "the database is damaged",
	    "Move " DATABASE_NAME " away and try again: a new one is made. The sqlite3 command's "
	    ".recover may save what is in the old one." },
	{ SQLITE_NOTADB, ERR_CORRUPT, true, "the database file is not a database",
	    "Move " DATABASE_NAME " away and try again: a new one is made." },
	{ SQLITE_BUSY, ERR_STORAGE, false, "another process holds the database",
	    "Another server on this directory is writing, or hangs; try again in a few seconds." },
	{ SQLITE_LOCKED, ERR_STORAGE, false, "another process holds the database",
	    "Another server on this directory is writing, or hangs; try again in a few seconds." },
	{ SQLITE_NOMEM, ERR_NO_MEMORY, false, "out of memory", "Try again later." },
	{ SQLITE_TOOBIG, ERR_TOO_LARGE, false, "too large for the database", "Nothing was saved." },
	{ SQLITE_CONSTRAINT, ERR_INVALID_ARGUMENT, false, "the database refused a value",
	    "Nothing was saved." },
	{ SQLITE_CANTOPEN, ERR_STORAGE, true, "the database cannot be opened",
	    "Look whether the directory exists and is usable for this user." },
	{ SQLITE_IOERR, ERR_STORAGE, true, "the database could not be read or written",
	    "Look at the disk below the directory, then try again." },
	{ SQLITE_OK, ERR_STORAGE, true, "the database failed", "Try again." }    /* any other */
};

/* What the operating system refused, as one of the codes above. */
static int
code_of_errno(int number, int otherwise)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return SQLITE_FULL;
	case EROFS:
	case EACCES:
	case EPERM:
		return SQLITE_READONLY;
	case ENOMEM:
		return SQLITE_NOMEM;
	default:
		return otherwise;
	}
}

static const struct cause *
cause_of(int code)
{
	const struct cause *c = causes;

	while (c->code != code && c->code != SQLITE_OK)
		c++;
	return c;
}

static enum err
fault_with_cause(struct database *d, int code, const char *detail)
{
	const struct cause *c = cause_of(code);
	char hint[FAULT_TEXT];

	d->suspect = d->suspect || c->suspect;
	snprintf(hint, sizeof(hint), "%s State directory: %s", c->hint, d->state_dir);
	return fault_set(d->fault, c->e, hint, "%s (%s)", c->message, detail);
}

enum err
database_fault(struct database *d, int code)
{
	int number = errno, primary = code & 0xff;

	if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) {
		int kept = d->sql != NULL ? sqlite3_system_errno(d->sql) : 0;

		primary = code_of_errno(kept != 0 ? kept : number, primary);
	}
	return fault_with_cause(d, primary,
	    d->sql != NULL ? sqlite3_errmsg(d->sql) : sqlite3_errstr(code));
}

/* ---- opening ---- */

/* Made here and not by SQLite, for the mode. The file is never opened by us when it exists:
 * closing a descriptor would drop the locks that SQLite holds on it. */
static enum err
make_file(struct database *d, int state_fd)
{
	struct stat st;
	int fd;

	if (fstatat(state_fd, DATABASE_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
		fd = openat(state_fd, DATABASE_NAME, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			return fault_with_cause(d, code_of_errno(errno, SQLITE_CANTOPEN),
			    strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	if (fstatat(state_fd, DATABASE_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fault_with_cause(d, code_of_errno(errno, SQLITE_CANTOPEN), strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fault_with_cause(d, SQLITE_NOTADB, "it is no regular file");
	d->device = st.st_dev;
	d->inode = st.st_ino;
	return OK;
}

static enum err
connect_file(struct database *d)
{
	char path[LIMIT_PATH + sizeof(DATABASE_NAME) + 1];
	int n = snprintf(path, sizeof(path), "%s/%s", d->state_dir, DATABASE_NAME), code;

	if (n < 0 || (size_t)n >= sizeof(path))
		return fault_set(d->fault, ERR_TOO_LARGE, NULL,
		    "the state directory's name is too long");
	errno = 0;
	code = sqlite3_open_v2(path, &d->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code != SQLITE_OK)
		return database_fault(d, code);
	sqlite3_extended_result_codes(d->sql, 1);
	sqlite3_busy_timeout(d->sql, DATABASE_BUSY_MS);
	sqlite3_db_config(d->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(d->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(d->sql, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(d->sql, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	return OK;
}

/* Two processes that make the same file at once may be refused at once, without the busy
 * timeout, because each holds what the other needs. */
static int
use_write_ahead_log(struct database *d)
{
	struct timespec pause = { 0, WAL_RETRY_MS * 1000000L };
	int code;

	for (int waited_ms = 0;; waited_ms += WAL_RETRY_MS) {
		errno = 0;
		code = sqlite3_exec(d->sql, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
		if ((code & 0xff) != SQLITE_BUSY || waited_ms >= DATABASE_BUSY_MS / 4)
			return code;
		nanosleep(&pause, NULL);
	}
}

static enum err
configure(struct database *d)
{
	int code = use_write_ahead_log(d);

	if (code == SQLITE_OK)
		code = sqlite3_exec(d->sql,
		    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
		    "PRAGMA cell_size_check = ON; PRAGMA journal_size_limit = 16777216",
		    NULL, NULL, NULL);
	return code == SQLITE_OK ? OK : database_fault(d, code);
}

enum err
database_open(struct database *d, const char *state_dir, int state_fd, struct fault *fault)
{
	enum err e;

	*d = (struct database){ .state_dir = state_dir, .fault = fault };
	e = make_file(d, state_fd);
	if (e == OK)
		e = connect_file(d);
	if (e == OK)
		e = configure(d);
	if (e != OK)
		database_close(d);
	return e;
}

void
database_close(struct database *d)
{
	if (d->sql == NULL)
		return;
	sqlite3_busy_timeout(d->sql, 0);
	sqlite3_close_v2(d->sql);
	d->sql = NULL;
}

bool
database_in_place(const struct database *d, int state_fd)
{
	struct stat st;

	return fstatat(state_fd, DATABASE_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == d->device && st.st_ino == d->inode;
}

/* ---- transactions ---- */

enum err
database_begin(struct database *d)
{
	return statement_run(d, "BEGIN IMMEDIATE", NO_PARAMS);
}

enum err
database_end(struct database *d, enum err e)
{
	if (e == OK)
		e = statement_run(d, "COMMIT", NO_PARAMS);
	if (e != OK && !sqlite3_get_autocommit(d->sql))
		sqlite3_exec(d->sql, "ROLLBACK", NULL, NULL, NULL);
	return e;
}
