/* What systemd is told, over the socket in $NOTIFY_SOCKET (sd_notify(3)). Without one every call
 * does nothing. */
#ifndef SUPERVISOR_NOTIFY_H
#define SUPERVISOR_NOTIFY_H

#include <stdint.h>

struct notify {
	int fd;                          /* connected; -1: nobody to tell */
	int64_t watchdog_ms;             /* how often WATCHDOG=1 is due; 0: not at all */
	int64_t next_ms;                 /* CLOCK_NEVER when it is not */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them out of the environment, so
 * that no child speaks in our name. */
void notify_open(struct notify *ret_notify, int64_t now_ms);
void notify_close(struct notify *n);

/* READY=1 with STATUS=. */
void notify_ready(struct notify *n, const char *status);
void notify_status(struct notify *n, const char *status);
void notify_stopping(struct notify *n);

/* WATCHDOG=1, when it is due. */
void notify_alive(struct notify *n, int64_t now_ms);

#endif
