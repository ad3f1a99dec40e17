/*
 * The shared memory of the ledger: two copies of the record and the version word. Part of ledger.c;
 * see ledger.h for what it is for.
 */
#ifndef WORKERS_FRONT_LEDGER_RECORD_H
#define WORKERS_FRONT_LEDGER_RECORD_H

#include <stdint.h>

#include "protocol/error.h"
#include "protocol/limits.h"
#include "workers/front/ledger.h"

#define LEDGER_DEATHS_MAX 255

struct ledger_slot {
	uint64_t offset;             /* of the request's first byte in `in` */
	uint32_t length;             /* without line end */
	uint8_t open;
	uint8_t deaths;
	char job[LIMIT_ULID + 1];
	uint8_t reserved[7];
};

/* All zero is a valid record: that of the first incarnation. */
struct ledger_record {
	uint64_t consumed;           /* bytes of `in` that are dealt with or held */
	uint64_t out_length;         /* bytes of `out` that are true */
	uint64_t in_hand;            /* 1 + a line's offset, 0: nothing; also written in place */
	uint64_t head_offset;        /* the line that head_deaths belong to */
	uint32_t head_deaths;
	uint32_t skipping;           /* 1: the line that began at skip_from is being thrown away */
	uint64_t skip_from;
	struct ledger_session session;
	struct ledger_slot slots[LIMIT_OPEN_REQUESTS];
};

struct ledger_shared;

/*
 * Maps the memory file, after setting it up when it is new. ERR_CORRUPT for a wrong size, magic or
 * layout.
 */
enum err ledger_shared_open(int fd, struct ledger_shared **ret_shared);
/* Sets *shared to NULL; NULL inside is fine. */
void ledger_shared_close(struct ledger_shared **shared);

/* The current copy. Changes with ledger_shared_publish. */
const struct ledger_record *ledger_shared_current(const struct ledger_shared *shared);

/* Makes `r` the current record, as one step. */
void ledger_shared_publish(struct ledger_shared *shared, const struct ledger_record *r);

/* Changes in_hand of the current copy in place, as one step. */
void ledger_shared_set_in_hand(struct ledger_shared *shared, uint64_t in_hand);

/*
 * Whether the record can be true, given what has arrived in `in`, what the client was given, and
 * how much `out` holds.
 */
bool ledger_record_valid(const struct ledger_record *r, uint64_t arrived, uint64_t given,
    uint64_t written);

/* The previous incarnation's in_hand becomes a death of that line and is cleared. */
void ledger_record_count_death(struct ledger_record *r);

/* The open slots in the order of their offsets. Returns their number. */
unsigned ledger_record_sort(const struct ledger_record *r,
    const struct ledger_slot *ret_open[LIMIT_OPEN_REQUESTS]);

#endif
