/*
 * What passes from the supervisor to a child at its start: descriptor numbers and socket names.
 * Both sides compile this header, so neither guesses.
 */
#ifndef PROTOCOL_INHERIT_H
#define PROTOCOL_INHERIT_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/error.h"
#include "protocol/role.h"

enum inherited_fd {
	INHERIT_CONTROL = 3,        /* SOCK_SEQPACKET to the supervisor; protocol/control.h */
	/* only in a front that serves stdio: */
	INHERIT_CLIENT_IN = 4,      /* read end of a pipe: what the client sends */
	INHERIT_CLIENT_OUT = 5,     /* write end of a pipe: what the client is sent */
	INHERIT_LEDGER_IN = 6,      /* memfd: bytes that have arrived; its file offset says how many */
	INHERIT_LEDGER_OUT = 7,     /* memfd: bytes to send; its file offset says how many went out */
	INHERIT_LEDGER_RECORD = 8,  /* memfd: the table of unanswered requests; workers/front/ledger.h */
	/* only in a front that serves HTTP: */
	INHERIT_LISTEN = 9,         /* the listening socket */
	INHERIT_END = 10
};

/*
 * The options that every worker is started with, in the order of `worker_argv` in supervisor/spawn.c:
 *   --index N --incarnation N --instance ULID --state DIR --runtime DIR --log-level WORD
 * followed by the options of its own role.
 */

/*
 * The path of a data socket between one incarnation of a worker and one of the front:
 * "<runtime>/<role>.<index>.<worker incarnation>-<channel>-<front incarnation>". Channels of the same pair
 * are numbered from 0, because a socket that is being closed still owns its path. It must fit sun_path (107
 * characters), else ERR_TOO_LARGE; buf is written only on OK.
 */
enum err channel_path(char *buf, size_t size, const char *runtime_dir, enum role role, unsigned index,
    uint32_t worker_incarnation, uint32_t front_incarnation, uint32_t channel);

#endif
