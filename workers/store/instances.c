#include "workers/store/instances.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "protocol/ulid.h"

bool
instance_alive(int state_fd, struct text instance)
{
	char path[sizeof("instances//lock") + LIMIT_ULID];
	bool alive;
	int fd;

	if (instance.at == NULL || !ulid_valid(instance.at, instance.len))
		return false;
	snprintf(path, sizeof(path), "instances/%.*s/lock", LIMIT_ULID, instance.at);
	fd = openat(state_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT && errno != ENOTDIR;
	alive = flock(fd, LOCK_SH | LOCK_NB) < 0;
	close(fd);
	return alive;
}
