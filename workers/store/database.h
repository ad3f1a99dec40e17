/*
 * One connection to the SQLite file of a state directory: opening it, transactions, and what
 * SQLite's failures mean to the caller. Statements: statement.h.
 *
 * Several servers use one file at once: write-ahead log, a busy timeout, and every writing
 * transaction takes the write lock at its start, so that it never has to be repeated half way.
 */
#ifndef WORKERS_STORE_DATABASE_H
#define WORKERS_STORE_DATABASE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "protocol/message.h"
#include "workers/store/fault.h"

#define DATABASE_NAME "scalene-mcp.db"
#define DATABASE_BUSY_MS 8000            /* below the 10 s deadline of the shortest message */

struct database {
	sqlite3 *sql;                    /* NULL: not open */
	const char *state_dir;           /* borrowed */
	struct fault *fault;             /* borrowed; filled on every failure below */
	bool suspect;                    /* failed in a way that a new connection may mend */
	dev_t device;                    /* of the file that is open */
	ino_t inode;
};

/*
 * Opens `<state_dir>/scalene-mcp.db`, made with mode 0600 if missing; `state_fd` is the same
 * directory. Both pointers must outlive the connection. The schema is not looked at.
 * ERR_STORAGE_READ_ONLY, ERR_STORAGE_FULL, ERR_CORRUPT (not a database), ERR_STORAGE; then *d is
 * closed.
 */
enum err database_open(struct database *d, const char *state_dir, int state_fd,
    struct fault *fault);
/* Closing twice, or what was never opened (zeroed), is fine. Does not wait for other processes. */
void database_close(struct database *d);

/* Whether the open file is still the one by that name: somebody may have removed the state
 * directory. */
bool database_in_place(const struct database *d, int state_fd);

/* Takes the write lock. */
enum err database_begin(struct database *d);
/* Commits when `e` is OK, else rolls back; returns `e`, or the commit's failure. After OK the
 * transaction is on disk (synchronous=FULL). */
enum err database_end(struct database *d, enum err e);

/* The error for SQLite's code, with sentences in the fault. errno must be 0 or what the failed
 * call left: SQLite keeps it (sqlite3_system_errno) for opening but not for every write. */
enum err database_fault(struct database *d, int code);

#endif
