/*
 * Moves bytes from one descriptor to another within the poll loop, through a bounded buffer. For a
 * client whose standard input or output is no pipe: the front gets a pipe, the pump lies between.
 *
 * A descriptor that is shared with others is not made nonblocking, because that would change it for
 * them too: sockets are used with MSG_DONTWAIT, terminals are opened anew, and files and the like
 * do not block.
 */
#ifndef SUPERVISOR_PUMP_H
#define SUPERVISOR_PUMP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define PUMP_BUFFER (64u << 10)
#define PUMP_SLOTS 2             /* in the poll set: source, sink */

struct pump_end {
	int fd;                  /* -1: closed */
	bool is_socket;
	size_t portion;          /* bytes that one write may take without blocking */
};

struct pump {
	struct pump_end from, to;
	size_t start, len;       /* of what is in the buffer */
	char buffer[PUMP_BUFFER];
};

/* Takes over both descriptors and closes them: the source at its end of file or error, the sink
 * when everything was given to it, and both as soon as nobody takes what the sink is given. */
void pump_init(struct pump *p, int from, int to);

/* A pump that does nothing. */
void pump_init_idle(struct pump *p);

/* What it waits for; slots that it does not need get the descriptor -1. */
void pump_prepare(const struct pump *p, struct pollfd slots[PUMP_SLOTS]);

/* One read and one write at most. */
void pump_turn(struct pump *p, const struct pollfd slots[PUMP_SLOTS]);

/* Nothing left to do. */
bool pump_is_done(const struct pump *p);

void pump_close(struct pump *p);

#endif
