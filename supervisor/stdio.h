/*
 * The client's standard input and output, held for as long as the server lives, whatever happens to
 * the front.
 *
 * A front gets pipes (protocol/inherit.h): the client's own where they are pipes, else pipes of
 * ours with a pump between. The three memory files in which it keeps what has arrived, what is to
 * be sent and what is unanswered are made once and given to each incarnation.
 */
#ifndef SUPERVISOR_STDIO_H
#define SUPERVISOR_STDIO_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/error.h"
#include "supervisor/pump.h"

#define STDIO_SLOTS (2 * PUMP_SLOTS + 1)

struct stdio {
	int front_in, front_out;         /* what the front inherits; -1 when stdio is not served */
	int ledger_in, ledger_out, ledger_record;
	struct pump in, out;             /* idle where the client's own pipe is used */
	bool pumps_in;
	bool client_left;                /* it will send nothing more; the front may not know yet */
};

/*
 * Opens /dev/null for those of descriptors 0 to 2 that are closed, so that nothing else gets their
 * numbers. ERR_SYSTEM, with errno.
 */
enum err stdio_sanitize(void);

/*
 * Takes descriptors 0 and 1 away: they become /dev/null and standard error, for us and all
 * children, so that nothing but the front can read the client or write to it. With `serve`, what
 * they were is kept in ret_stdio, else closed. ERR_SYSTEM, with errno.
 */
enum err stdio_open(bool serve, struct stdio *ret_stdio);

/* The slots of the poll set, and what to do when it returns. */
void stdio_prepare(const struct stdio *s, struct pollfd slots[STDIO_SLOTS]);
void stdio_turn(struct stdio *s, const struct pollfd slots[STDIO_SLOTS]);

/* No front will come any more: gives the client what the last one left in our pipe, for at most
 * limit_ms. */
void stdio_drain(struct stdio *s, int64_t limit_ms);

void stdio_close(struct stdio *s);

#endif
