/*
 * What the supervisor and the client are to a ledger, in one process: the client's pipes, the three
 * memory files, and a ledger on them that can be dropped and taken up again as after kill -9.
 */
#ifndef TESTS_FRONT_LEDGER_HOST_H
#define TESTS_FRONT_LEDGER_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workers/front/ledger.h"

struct host {
	int say, client_in;          /* the client's end and the front's end of its stdin */
	int client_out, hear;
	int in, out, record;
	struct ledger *l;
};

/* Pipes and memory files alone; the client's ends do not block. */
void host_init(struct host *h);
/* host_init and a ledger. */
void host_open(struct host *h);
void host_close(struct host *h);

/* Drops the ledger with what was staged and takes up what is left. */
void host_reopen(struct host *h);

/* Writes all of it, and lets the ledger take it whenever the pipe is full. */
void host_say(struct host *h, const char *at, size_t len);
/* `count` times the byte. */
void host_say_many(struct host *h, char byte, size_t count);
/* Lets the ledger take everything that was said. Returns what ledger_fill said last. */
enum err host_fill(struct host *h);
/* The client closes its end. */
void host_hang_up(struct host *h);

/* Reads what is in the client's pipe now, at most size. */
size_t host_hear(struct host *h, char *buf, size_t size);

/* ledger_next must find this line; "" stands for one that is too long. */
void host_expect_line(struct host *h, const char *text);
/* Consumes the next line and commits. */
void host_consume(struct host *h);
/* Holds the next line, uncommitted. */
int host_hold(struct host *h);
void host_append(struct host *h, const char *text);

/*
 * Memory that a memory file takes, and what it takes at least: 2 MiB where the host gives it large
 * pages.
 */
uint64_t host_memory(int fd);
uint64_t host_page(void);

#endif
