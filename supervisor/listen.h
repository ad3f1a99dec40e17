/* The listening unix socket of `--http unix:PATH`: held here, so that it outlives every front. */
#ifndef SUPERVISOR_LISTEN_H
#define SUPERVISOR_LISTEN_H

#include <stdint.h>
#include <sys/types.h>

#include "protocol/error.h"

#define LISTEN_PATH_MAX 107

struct listener {
	int fd;                          /* -1: none */
	char path[LISTEN_PATH_MAX + 1];
	dev_t device;                    /* of the socket file, so that only our own is unlinked */
	ino_t inode;
};

/* No listener. */
void listener_init(struct listener *l);

/*
 * Binds (0600) and listens. A socket file that nobody listens on is replaced. On failure *ret_why
 * is a static phrase or strerror's: ERR_BUSY when another process listens there, ERR_TOO_LARGE,
 * ERR_SYSTEM.
 */
enum err listener_open(const char *path, struct listener *ret_listener, const char **ret_why);

/* Closes and unlinks. */
void listener_close(struct listener *l);

#endif
