/*
 * The ledger's input: the client's pipe, the file `in`, and a window through which it is read. Part
 * of ledger.c.
 */
#ifndef WORKERS_FRONT_LEDGER_INPUT_H
#define WORKERS_FRONT_LEDGER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/error.h"
#include "workers/front/ledger.h"

/* A line, CR and newline: what has no newline within this is too long. */
#define LEDGER_LINE_SPAN (LIMIT_JSON_LINE + 2)

struct ledger_input {
	int client, file;
	uint64_t arrived;            /* the file offset of `file` */
	bool ended;                  /* the client has closed its end */
	uint64_t searched;           /* there is no newline between the line's start and here */
	char *window;                /* one mapping of fixed size */
	uint64_t window_at;          /* the offset it starts at */
	char *second;                /* another one, for ledger_input_map; NULL: none */
	size_t second_size;
};

enum err ledger_input_init(struct ledger_input *in, int client, int file);
/* Fine for a zeroed one and after a failed init. */
void ledger_input_fini(struct ledger_input *in);

/* As ledger_fill, for a record that has consumed that much. */
enum err ledger_input_fill(struct ledger_input *in, uint64_t consumed);

/*
 * The first newline in from..to, at most LEDGER_LINE_SPAN bytes. Remembers where it stopped: a line
 * that comes in pieces is searched once.
 */
bool ledger_input_newline(struct ledger_input *in, uint64_t from, uint64_t to, uint64_t *ret_at);

/*
 * The bytes from..to in the window, at most LEDGER_LINE_SPAN; live until another call needs the
 * window elsewhere.
 */
const char *ledger_input_text(struct ledger_input *in, uint64_t from, uint64_t to);

/* The same through a mapping of its own; lives until the next call. */
enum err ledger_input_map(struct ledger_input *in, uint64_t from, size_t len, const char **ret_at);

#endif
