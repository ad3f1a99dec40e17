/* The ledger's output: the file `out` and the client's pipe. Part of ledger.c. */
#ifndef WORKERS_FRONT_LEDGER_OUTPUT_H
#define WORKERS_FRONT_LEDGER_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/error.h"

struct ledger_output {
	int client, file;
	uint64_t given;              /* the file offset of `file` */
	uint64_t freed;              /* up to here nothing is kept, as far as we know */
};

/* *ret_written: how many bytes the file holds, committed or not. */
enum err ledger_output_init(struct ledger_output *out, int client, int file, uint64_t *ret_written);

/*
 * Writes a line and its newline at `offset`, which is behind all that is committed. Nothing of it
 * counts on an error.
 */
enum err ledger_output_write(const struct ledger_output *out, uint64_t offset, const char *at,
    size_t len);

/* As ledger_flush, up to `committed`. */
enum err ledger_output_give(struct ledger_output *out, uint64_t committed);

#endif
