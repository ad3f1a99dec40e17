/*
 * The control channel between the supervisor and each child: fixed-width records on an inherited
 * SOCK_SEQPACKET pair (protocol/inherit.h). End of file on it means that the other end is gone.
 *
 * Links libc alone, because the supervisor does.
 */
#ifndef PROTOCOL_CONTROL_H
#define PROTOCOL_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/error.h"
#include "protocol/role.h"

enum control_type {
	/* child to supervisor; `incarnation` is always the child's own, others are dropped as stale */
	CONTROL_READY = 1,   /* peer_incarnation 0: initialised; n: listening for front incarnation n on channel `count` */
	CONTROL_BEAT,        /* the loop turns and nothing is being worked on */
	CONTROL_BUSY,        /* in a handler that may not return for value_ms; text: the message's name */
	CONTROL_DONE,        /* a request was answered: this incarnation is not an early death */
	CONTROL_ASK_TREE,    /* front only: send the tree as CONTROL_CHILD rows and CONTROL_TREE_END */
	/* supervisor to child */
	CONTROL_UP,          /* role, index, incarnation, pid of a peer that can be spoken to, a worker on channel `count` */
	CONTROL_DOWN,        /* the same peer is gone; text says why; value_ms: when it is tried again */
	CONTROL_DEGRADED,    /* front only: the class is over its restart limit; value_ms until retry */
	CONTROL_DRAIN,       /* finish, have the last answers acknowledged, exit 0; value_ms is the limit */
	CONTROL_CHILD,       /* one row of the tree: state in peer_incarnation, restarts in count, uptime in value_ms */
	CONTROL_TREE_END,
	CONTROL_TYPES
};

/* In a CONTROL_CHILD row, peer_incarnation holds one of these. */
enum child_state {
	CHILD_DOWN,        /* not started, or stopped for good */
	CHILD_STARTING,    /* forked; has not said READY */
	CHILD_READY,
	CHILD_BACKOFF,     /* died; waits for its next start */
	CHILD_DEGRADED,    /* over the restart limit; waits at the ceiling's pace */
	CHILD_STOPPING,    /* asked to leave */
	CHILD_KILLED,      /* sent SIGKILL; not reaped yet */
	CHILD_STATES
};

#define CONTROL_TEXT 63              /* characters of `text`; longer ones are cut */
#define CONTROL_RECORD_SIZE 104      /* bytes on the wire, little-endian */

struct control_record {
	enum control_type type;
	enum role role;
	uint32_t index;
	uint32_t incarnation;
	uint32_t peer_incarnation;
	uint32_t count;
	int32_t pid;
	int64_t value_ms;
	char text[CONTROL_TEXT + 1];
};

/* Writes the record's wire form. */
void control_encode(const struct control_record *r, uint8_t ret_bytes[CONTROL_RECORD_SIZE]);

/* ERR_MALFORMED for a wrong length, version, type or role, or text without its NUL. */
enum err control_decode(const uint8_t *bytes, size_t len, struct control_record *ret_r);

/* Sends without blocking and without SIGPIPE. ERR_BUSY: the socket is full; ERR_WORKER_LOST: nobody
 * is at the other end. */
enum err control_send(int fd, const struct control_record *r);

/* Receives one record without blocking. ERR_BUSY: nothing there; ERR_WORKER_LOST: end of file;
 * ERR_MALFORMED: a record was there and was dropped. */
enum err control_receive(int fd, struct control_record *ret_r);

/* The name of a child_state for logs and `status`: "ready". */
const char *child_state_name(enum child_state state);

#endif
