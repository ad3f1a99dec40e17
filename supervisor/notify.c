#include "supervisor/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "supervisor/clock.h"

/* A path, or with '@' a name in the abstract namespace. -1 when it is neither. */
static int
notify_connect(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd;

	if ((name[0] != '/' && name[0] != '@') || len >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Half of WATCHDOG_USEC, when it is meant for this process. */
static int64_t
watchdog_interval_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long long limit_us;

	if (usec == NULL || (pid != NULL && strtoll(pid, NULL, 10) != (long long)getpid()))
		return 0;
	limit_us = strtoll(usec, NULL, 10);
	if (limit_us <= 0)
		return 0;
	return limit_us / 2000 > 0 ? limit_us / 2000 : 1;
}

void
notify_open(struct notify *ret_notify, int64_t now_ms)
{
	const char *name = getenv("NOTIFY_SOCKET");

	ret_notify->fd = name != NULL ? notify_connect(name) : -1;
	ret_notify->watchdog_ms = ret_notify->fd >= 0 ? watchdog_interval_ms() : 0;
	ret_notify->next_ms = ret_notify->watchdog_ms > 0 ? now_ms : CLOCK_NEVER;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void
notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
	n->next_ms = CLOCK_NEVER;
}

static void
say(struct notify *n, const char *text)
{
	if (n->fd < 0)
		return;
	while (send(n->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return;
}

void
notify_ready(struct notify *n, const char *status)
{
	char text[256];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=%s", status);
	say(n, text);
}

void
notify_status(struct notify *n, const char *status)
{
	char text[256];

	snprintf(text, sizeof(text), "STATUS=%s", status);
	say(n, text);
}

void
notify_stopping(struct notify *n)
{
	say(n, "STOPPING=1\nSTATUS=stopping");
}

void
notify_alive(struct notify *n, int64_t now_ms)
{
	if (now_ms < n->next_ms)
		return;
	say(n, "WATCHDOG=1");
	n->next_ms = now_ms + n->watchdog_ms;
}
