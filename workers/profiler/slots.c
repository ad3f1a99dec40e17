#include "workers/profiler/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/limits.h"

static int
open_private(int at_fd, const char *path)
{
	struct stat st;

	mkdirat(at_fd, path, 0700);
	int fd = openat(at_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 077) == 0)
		return fd;
	close(fd);
	return -1;
}

enum err
slots_open(int state_fd, int *ret_folder_fd)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[LIMIT_PATH];
	int fd = -1;

	if (runtime != NULL && runtime[0] == '/') {
		snprintf(path, sizeof path, "%s/scalene-mcp-slots", runtime);
		fd = open_private(AT_FDCWD, path);
	}
	if (fd < 0) {
		snprintf(path, sizeof path, "/tmp/scalene-mcp-slots-%u", (unsigned)geteuid());
		fd = open_private(AT_FDCWD, path);
	}
	if (fd < 0)
		fd = open_private(state_fd, "slots");
	if (fd < 0)
		return err_from_errno(errno);
	*ret_folder_fd = fd;
	return OK;
}

enum err
slots_take(int folder_fd, unsigned count, int *ret_fd)
{
	char name[16];

	for (unsigned i = 0; i < count && i < SLOTS_MAX; i++) {
		snprintf(name, sizeof name, "%u", i);
		int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			return err_from_errno(errno);
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			*ret_fd = fd;
			return OK;
		}
		close(fd);
	}
	return ERR_BUSY;
}
