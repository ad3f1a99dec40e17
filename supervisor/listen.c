#include "supervisor/listen.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

void
listener_init(struct listener *l)
{
	memset(l, 0, sizeof(*l));
	l->fd = -1;
}

static void
address_of(const char *path, struct sockaddr_un *ret_address)
{
	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->sun_family = AF_UNIX;
	memcpy(ret_address->sun_path, path, strlen(path));
}

static bool
somebody_listens(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answered;

	if (fd < 0)
		return true;
	answered = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno != ECONNREFUSED;
	close(fd);
	return answered;
}

static enum err
make_way(const struct sockaddr_un *address, const char **ret_why)
{
	struct stat st;

	if (lstat(address->sun_path, &st) != 0)
		return OK;
	if (!S_ISSOCK(st.st_mode)) {
		*ret_why = "a file that is no socket is there";
		return ERR_SYSTEM;
	}
	if (somebody_listens(address)) {
		*ret_why = "another process listens there";
		return ERR_BUSY;
	}
	unlink(address->sun_path);
	return OK;
}

static int
bind_and_listen(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(0177);
	bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

	umask(mask);
	if (bound && listen(fd, BACKLOG) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

enum err
listener_open(const char *path, struct listener *ret_listener, const char **ret_why)
{
	struct sockaddr_un address;
	struct stat st;
	enum err e;
	int fd;

	if (strlen(path) > LISTEN_PATH_MAX) {
		*ret_why = "the path is longer than 107 bytes";
		return ERR_TOO_LARGE;
	}
	address_of(path, &address);
	e = make_way(&address, ret_why);
	if (e != OK)
		return e;
	fd = bind_and_listen(&address);
	if (fd < 0 || lstat(path, &st) != 0) {
		*ret_why = strerror(errno);
		if (fd >= 0)
			close(fd);
		return ERR_SYSTEM;
	}
	ret_listener->fd = fd;
	ret_listener->device = st.st_dev;
	ret_listener->inode = st.st_ino;
	strcpy(ret_listener->path, path);
	return OK;
}

void
listener_close(struct listener *l)
{
	struct stat st;

	if (l->fd < 0)
		return;
	close(l->fd);
	l->fd = -1;
	if (lstat(l->path, &st) == 0 && st.st_dev == l->device && st.st_ino == l->inode)
		unlink(l->path);
}
