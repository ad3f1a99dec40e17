/*
 * The state of the store: the connection, the folders it may touch, and the words for what failed
 * last. Everything that messages do is a function on this struct (jobs.h, adopt.h, profile_*.h) and
 * needs no channel, so tests call it directly.
 */
#ifndef WORKERS_STORE_STORE_H
#define WORKERS_STORE_STORE_H

#include "protocol/limits.h"
#include "protocol/value.h"
#include "workers/runtime/spool.h"
#include "workers/store/database.h"

struct store {
	struct database database;
	const char *state_dir;                   /* borrowed */
	struct spool *spool;                     /* borrowed */
	char instance[LIMIT_ULID + 1];           /* the server this process belongs to */
	struct fault fault;                      /* of the last function that failed */
};

/* Opens nothing yet. What is borrowed must outlive the store. */
void store_init(struct store *s, const char *state_dir, const char *instance, struct spool *spool);
void store_fini(struct store *s);

/*
 * To be called before each request: forgets the last fault and makes sure that the database is
 * open, of our schema and still in its place, opening it again where it is not. So a store that
 * started on a full or damaged disk works as soon as that is mended.
 */
enum err store_ready(struct store *s);

/* Milliseconds of CLOCK_REALTIME: times in the database are read by other processes, later. */
int64_t store_clock_ms(void);

/* OK for a well-formed id; else ERR_INVALID_ARGUMENT, naming `field`. */
enum err store_check_id(struct store *s, const char *field, struct text id);

/* OK for a well-formed value that still is one inside the arrays and maps of any answer;
 * `map_only`: and a map. Else ERR_INVALID_ARGUMENT, naming `field`. So what was let in can
 * always be read again. */
enum err store_check_value(struct store *s, const char *field, struct value v, bool map_only);

/* OK for one of the outcomes of a job; else ERR_INVALID_ARGUMENT. */
enum err store_check_outcome(struct store *s, struct text outcome);

#endif
