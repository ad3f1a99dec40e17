#include "supervisor/lockdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "protocol/ulid.h"

#define NEW_PREFIX ".new-"
#define NEW_MAX_AGE_S 600
#define TREE_DEPTH 8
#define LOCK_NAME "lock"

void
lockdir_init(struct lockdir *d)
{
	d->path[0] = '\0';
	d->lock = -1;
}

/* Never follows links and never leaves the folder. Errors leave things where they are. */
static void
empty_folder(int parent, const char *name, unsigned depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) == 0 || depth == 0)
			continue;
		empty_folder(fd, entry->d_name, depth - 1);
		unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
}

static void
remove_folder(int parent, const char *name)
{
	empty_folder(parent, name, TREE_DEPTH);
	unlinkat(parent, name, AT_REMOVEDIR);
}

static int
make_lock(int folder)
{
	int fd =
	    openat(folder, LOCK_NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
make_locked_folder(int parent, const char *fresh, const char *id)
{
	int folder = -1, lock = -1, number;

	if (mkdirat(parent, fresh, 0700) != 0)
		return -1;
	folder = openat(parent, fresh, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (folder >= 0)
		lock = make_lock(folder);
	if (lock >= 0 && renameat(parent, fresh, parent, id) != 0) {
		number = errno;
		close(lock);
		lock = -1;
		errno = number;
	}
	number = errno;
	if (folder >= 0)
		close(folder);
	if (lock < 0)
		remove_folder(parent, fresh);
	errno = number;
	return lock;
}

enum err
lockdir_make(const char *parent, const char *id, struct lockdir *ret_dir)
{
	char path[LIMIT_PATH], fresh[64];
	int fd, lock, number;

	if (snprintf(path, sizeof(path), "%s/%s", parent, id) >= (int)sizeof(path))
		return ERR_TOO_LARGE;
	snprintf(fresh, sizeof(fresh), NEW_PREFIX "%.32s", id);
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_SYSTEM;
	lock = make_locked_folder(fd, fresh, id);
	number = errno;
	close(fd);
	errno = number;
	if (lock < 0)
		return ERR_SYSTEM;
	strcpy(ret_dir->path, path);
	ret_dir->lock = lock;
	return OK;
}

void
lockdir_remove(struct lockdir *d)
{
	if (d->path[0] != '\0')
		remove_folder(AT_FDCWD, d->path);
	if (d->lock >= 0)
		close(d->lock);
	lockdir_init(d);
}

/* Takes the dead owner's lock, so that only one sweeper removes; a missing lock file is a removal
 * half done. */
static bool
owner_is_dead(int parent, const char *name, int *ret_lock)
{
	char path[64];
	int lock;

	snprintf(path, sizeof(path), "%.32s/" LOCK_NAME, name);
	lock = openat(parent, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (lock < 0) {
		*ret_lock = -1;
		return errno == ENOENT;
	}
	if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
		close(lock);
		return false;
	}
	*ret_lock = lock;
	return true;
}

static bool
is_old(int parent, const char *name)
{
	struct stat st;

	return fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    time(NULL) - st.st_mtime > NEW_MAX_AGE_S;
}

static bool
may_be_stale(int parent, const char *name)
{
	size_t prefix = strlen(NEW_PREFIX);

	if (strncmp(name, NEW_PREFIX, prefix) == 0)
		return ulid_valid(name + prefix, strlen(name + prefix)) && is_old(parent, name);
	return ulid_valid(name, strlen(name));
}

unsigned
lockdir_sweep(const char *parent)
{
	DIR *dir = opendir(parent);
	struct dirent *entry;
	unsigned removed = 0;
	int lock = -1;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (!may_be_stale(dirfd(dir), entry->d_name))
			continue;
		if (!owner_is_dead(dirfd(dir), entry->d_name, &lock))
			continue;
		remove_folder(dirfd(dir), entry->d_name);
		removed++;
		if (lock >= 0)
			close(lock);
	}
	closedir(dir);
	return removed;
}
