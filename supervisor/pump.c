#include "supervisor/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TERMINAL_PORTION 64      /* of a terminal that could not be opened anew */

static void
end_close(struct pump_end *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
}

/* A terminal with an open file description of our own can be nonblocking; the old descriptor is
 * closed then. */
static bool
reopen_terminal(int *fd)
{
	char path[48];
	int access = fcntl(*fd, F_GETFL) & O_ACCMODE, own;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	own = open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return false;
	close(*fd);
	*fd = own;
	return true;
}

static void
end_init(struct pump_end *e, int fd)
{
	struct stat st;

	e->fd = fd;
	e->is_socket = fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
	e->portion = PUMP_BUFFER;
	if (fd >= 0 && isatty(fd) && !reopen_terminal(&e->fd))
		e->portion = TERMINAL_PORTION;
}

void
pump_init(struct pump *p, int from, int to)
{
	pump_init_idle(p);
	end_init(&p->from, from);
	end_init(&p->to, to);
}

void
pump_init_idle(struct pump *p)
{
	p->from.fd = -1;
	p->to.fd = -1;
	p->start = 0;
	p->len = 0;
}

void
pump_prepare(const struct pump *p, struct pollfd slots[PUMP_SLOTS])
{
	bool has_room = p->len < PUMP_BUFFER;

	slots[0] = (struct pollfd){ .fd = has_room ? p->from.fd : -1, .events = POLLIN };
	slots[1] = (struct pollfd){ .fd = p->to.fd, .events = p->len > 0 ? POLLOUT : 0 };
}

static bool
is_for_later(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void
take(struct pump *p)
{
	size_t room;
	ssize_t n;

	if (p->start > 0)
		memmove(p->buffer, p->buffer + p->start, p->len);
	p->start = 0;
	room = PUMP_BUFFER - p->len;
	if (p->from.is_socket)
		n = recv(p->from.fd, p->buffer + p->len, room, MSG_DONTWAIT);
	else
		n = read(p->from.fd, p->buffer + p->len, room);
	if (n > 0)
		p->len += (size_t)n;
	else if (!is_for_later(n))
		end_close(&p->from);
}

static void
give(struct pump *p)
{
	size_t portion = p->len < p->to.portion ? p->len : p->to.portion;
	ssize_t n;

	if (p->to.is_socket)
		n = send(p->to.fd, p->buffer + p->start, portion, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = write(p->to.fd, p->buffer + p->start, portion);
	if (n >= 0) {
		p->start += (size_t)n;
		p->len -= (size_t)n;
	} else if (!is_for_later(n)) {
		pump_close(p);
	}
}

void
pump_turn(struct pump *p, const struct pollfd slots[PUMP_SLOTS])
{
	if (slots[1].fd >= 0 && slots[1].fd == p->to.fd) {
		if (slots[1].revents & (POLLERR | POLLHUP | POLLNVAL))
			pump_close(p);
		else if ((slots[1].revents & POLLOUT) && p->len > 0)
			give(p);
	}
	if (slots[0].fd >= 0 && slots[0].fd == p->from.fd && slots[0].revents != 0)
		take(p);
	if (p->from.fd < 0 && p->len == 0)
		end_close(&p->to);
}

bool
pump_is_done(const struct pump *p)
{
	return p->to.fd < 0;
}

void
pump_close(struct pump *p)
{
	end_close(&p->from);
	end_close(&p->to);
	p->start = 0;
	p->len = 0;
}
