/*
 * One end of a data channel: an nng PAIR0 socket over ipc://, made for one pair of incarnations and thrown
 * away with it. nng's reconnect, resend and timers are not used: whoever loses a
 * mailbox opens a new one at a new path.
 */
#ifndef WORKERS_RUNTIME_MAILBOX_H
#define WORKERS_RUNTIME_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol/error.h"
#include "protocol/frame.h"
#include "workers/runtime/loop.h"

struct mailbox;

/* A whole message has arrived; `bytes` live until the callback returns. */
typedef void mailbox_fn(void *arg, const uint8_t *bytes, size_t len);
/* The peer is gone, or what it sent was over the limit. The callback may close the mailbox. */
typedef void mailbox_gone_fn(void *arg);

/*
 * Listens at `path` (made by channel_path; 0600) and accepts one peer, which must be process `peer`.
 * Messages above LIMIT_FRAME are refused by nng itself. NULL in *ret_mailbox on failure.
 */
enum err mailbox_listen(struct loop *loop, const char *path, pid_t peer, mailbox_fn *receive,
    mailbox_gone_fn *gone, void *arg, struct mailbox **ret_mailbox);

/* Dials a listener that is there already (its owner said READY); does not retry. */
enum err mailbox_dial(struct loop *loop, const char *path, pid_t peer, mailbox_fn *receive,
    mailbox_gone_fn *gone, void *arg, struct mailbox **ret_mailbox);

/* Sends a copy. Messages that nng cannot take yet are kept, in order, and sent when it can; ERR_NO_MEMORY
 * past 64 MiB of them. A message to a peer that died is lost: acknowledgements are the protocol's work. */
enum err mailbox_send(struct mailbox *m, const void *bytes, size_t len);

/* Encodes and sends one frame. */
enum err mailbox_send_frame(struct mailbox *m, const struct frame *f);
/* Encodes `body` (the struct of f->type), and sends. f->body is ignored. */
enum err mailbox_send_body(struct mailbox *m, const struct frame *f, const void *body);

/* Whether the expected peer is at the other end now. Who is not connected a moment after its call never will be:
 * the listener offers a new channel then, the dialer waits for that. */
bool mailbox_connected(const struct mailbox *m);

/* Calls `connected` with the mailbox's arg, from the loop, once the expected peer is there. */
void mailbox_on_connected(struct mailbox *m, mailbox_gone_fn *connected);

/* No callback comes any more, unsent messages are lost. The socket itself, and its path, may live on for a moment. */
void mailbox_close(struct mailbox **m);

#endif
