#include "workers/store/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/ulid.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static enum err remove_entry(int parent_fd, const char *name, unsigned depth, unsigned *left);

static DIR *
open_folder(int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name, FOLDER_FLAGS);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL && fd >= 0)
		close(fd);
	return dir;
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The first error is kept, and what can be removed is removed all the same. */
static enum err
remove_content(DIR *dir, unsigned depth, unsigned *left)
{
	struct dirent *entry;
	enum err first = OK, e;

	while ((entry = readdir(dir)) != NULL) {
		if (is_dots(entry->d_name))
			continue;
		if (*left == 0)
			return ERR_TOO_LARGE;
		(*left)--;
		e = remove_entry(dirfd(dir), entry->d_name, depth, left);
		if (first == OK)
			first = e;
	}
	return first;
}

static enum err
remove_folder(int parent_fd, const char *name, unsigned depth, unsigned *left)
{
	enum err e;
	DIR *dir;

	if (depth == 0)
		return ERR_TOO_LARGE;
	dir = open_folder(parent_fd, name);
	if (dir == NULL)
		return errno == ENOENT ? OK : err_from_errno(errno);
	e = remove_content(dir, depth - 1, left);
	closedir(dir);
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return OK;
	return e != OK ? e : err_from_errno(errno);
}

/* Linux says EISDIR for a folder. */
static enum err
remove_entry(int parent_fd, const char *name, unsigned depth, unsigned *left)
{
	if (unlinkat(parent_fd, name, 0) == 0 || errno == ENOENT)
		return OK;
	if (errno != EISDIR)
		return err_from_errno(errno);
	return remove_folder(parent_fd, name, depth, left);
}

enum err
folder_remove(int state_fd, struct text job_id)
{
	unsigned left = FOLDER_ENTRIES;
	char name[LIMIT_ULID + 1];
	enum err e;
	int jobs_fd;

	if (job_id.at == NULL || !ulid_valid(job_id.at, job_id.len) ||
	    !text_copy(job_id, name, sizeof(name)))
		return ERR_INVALID_ARGUMENT;
	jobs_fd = openat(state_fd, "jobs", FOLDER_FLAGS);
	if (jobs_fd < 0)
		return errno == ENOENT ? OK : err_from_errno(errno);
	e = remove_entry(jobs_fd, name, FOLDER_DEPTH, &left);
	close(jobs_fd);
	return e;
}

void
folder_each(int state_fd, unsigned max, folder_fn *visit, void *arg)
{
	DIR *dir = open_folder(state_fd, "jobs");
	struct dirent *entry;

	if (dir == NULL)
		return;
	while (max > 0 && (entry = readdir(dir)) != NULL) {
		if (!ulid_valid(entry->d_name, strlen(entry->d_name)))
			continue;
		visit(arg, text_of(entry->d_name));
		max--;
	}
	closedir(dir);
}
