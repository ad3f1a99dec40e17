#include "workers/profiler/sweep.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64             /* folders inside folders; deeper ones stay */

static const char *const prefixes[] = {
	"scalene-malloc-init", "scalene-malloc-lock", "scalene-malloc-signal",
	"scalene-memcpy-init", "scalene-memcpy-lock", "scalene-memcpy-signal",
};

#define FOLDER_PREFIX "scalene-mcp-run-"

static pid_t
number_behind(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	char *end;

	if (strncmp(name, prefix, len) != 0 || !isdigit((unsigned char)name[len]))
		return 0;
	long pid = strtol(name + len, &end, 10);
	return *end == '\0' && pid > 0 && pid <= 1 << 22 ? (pid_t)pid : 0;
}

static bool
dead(pid_t pid)
{
	return kill(pid, 0) != 0 && errno == ESRCH;
}

/* A write lease is refused while anybody else has the file open or mapped. */
static bool
nobody_has_open(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_WRLCK) != 0)
		return false;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return true;
}

static void
sweep_file(int dir_fd, const char *name, pid_t pid, const struct pid_set *seen)
{
	struct stat st;
	int fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	bool ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid();
	if (ours && dead(pid) && (pid_set_has(seen, pid) || nobody_has_open(fd)))
		unlinkat(dir_fd, name, 0);
	close(fd);
}

static void
sweep_left_folder(int dir_fd, const char *name, pid_t pid)
{
	struct stat st;
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	bool ours = fstat(fd, &st) == 0 && st.st_uid == geteuid();
	if (ours && dead(pid) && flock(fd, LOCK_EX | LOCK_NB) == 0)
		sweep_folder(dir_fd, name);
	close(fd);
}

static void
sweep_entry(int dir_fd, const char *name, const struct pid_set *seen)
{
	pid_t pid = number_behind(name, FOLDER_PREFIX);

	if (pid > 0)
		sweep_left_folder(dir_fd, name, pid);
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		pid = number_behind(name, prefixes[i]);
		if (pid > 0)
			sweep_file(dir_fd, name, pid, seen);
	}
}

void
sweep_run_files(const struct pid_set *seen)
{
	DIR *folder = opendir("/tmp");
	struct dirent *entry;

	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL)
		sweep_entry(dirfd(folder), entry->d_name, seen);
	closedir(folder);
}

static void sweep_below(int fd, dev_t device, int depth);

static void
remove_entry(int dir_fd, const char *name, dev_t device, int depth)
{
	if (unlinkat(dir_fd, name, 0) == 0 || depth >= DEPTH_MAX)
		return;
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		sweep_below(fd, device, depth + 1);
	unlinkat(dir_fd, name, AT_REMOVEDIR);
}

/* Takes over fd. */
static void
sweep_below(int fd, dev_t device, int depth)
{
	struct stat st;
	struct dirent *entry;

	DIR *folder = fdopendir(fd);
	if (folder == NULL) {
		close(fd);
		return;
	}
	fchmod(fd, 0700);
	while (fstat(fd, &st) == 0 && st.st_dev == device && (entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			remove_entry(fd, entry->d_name, device, depth);
	}
	closedir(folder);
}

void
sweep_folder(int dir_fd, const char *name)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		remove_entry(dir_fd, name, st.st_dev, 0);
}
