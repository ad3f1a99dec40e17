/* Giving back the memory of what is no longer needed in the ledger's files. Part of ledger.c. */
#ifndef WORKERS_FRONT_LEDGER_SPACE_H
#define WORKERS_FRONT_LEDGER_SPACE_H

#include <stdint.h>

#include "workers/front/ledger_record.h"

/* Freeing waits until this much is dead, so that its cost is spread. */
#define LEDGER_DEAD_BYTES (1u << 20)

/* Punches the whole pages between two offsets. A failure only costs memory and is not reported. */
void ledger_space_free(int file, uint64_t from, uint64_t to);

/* Frees everything of `in` below r->consumed that no open request needs. */
void ledger_space_free_input(int file, const struct ledger_record *r);

#endif
