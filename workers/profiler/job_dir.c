#include "workers/profiler/job_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workers/profiler/sweep.h"

#define TMP_PATH_MAX 72          /* bytes of a TMPDIR below which multiprocessing's sockets fit */
#define CODE_NAME "code.py"
#define WORK_NAME "work"
#define NEW_NAME "result.new"

static enum err
refuse_storage(int number, const char *what, struct refusal *why)
{
	enum err e = err_from_errno(number);

	if (e == ERR_NOT_FOUND || e == ERR_NOT_READABLE)
		e = ERR_STORAGE_READ_ONLY;
	refuse(why, e, "%s could not be made in the state directory: %s", what, strerror(number));
	refusal_hint(why,
	    "Make room in the state directory, or let the user that runs this server write to it.");
	return e;
}

/* ---- the temporary folder ---- */

static enum err
make_outer_tmp(struct job_dir *dir)
{
	snprintf(dir->tmp, sizeof dir->tmp, "/tmp/scalene-mcp-run-%d", (int)getpid());
	if (mkdir(dir->tmp, 0700) != 0) {
		sweep_folder(AT_FDCWD, dir->tmp);
		if (mkdir(dir->tmp, 0700) != 0)
			return err_from_errno(errno);
	}
	dir->tmp_fd = open(dir->tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return dir->tmp_fd >= 0 && flock(dir->tmp_fd, LOCK_EX | LOCK_NB) == 0 ? OK : ERR_SYSTEM;
}

static enum err
make_tmp(struct job_dir *dir)
{
	if (strlen(dir->path) + 4 > TMP_PATH_MAX)
		return make_outer_tmp(dir);
	snprintf(dir->tmp, sizeof dir->tmp, "%.*s/tmp", TMP_PATH_MAX, dir->path);
	return mkdirat(dir->fd, "tmp", 0700) == 0 ? OK : err_from_errno(errno);
}

static void
remove_tmp(struct job_dir *dir)
{
	if (dir->tmp[0] != '\0')
		sweep_folder(AT_FDCWD, dir->tmp);
	if (dir->tmp_fd >= 0)
		close(dir->tmp_fd);
	dir->tmp_fd = -1;
	dir->tmp[0] = '\0';
}

/* ---- the folder ---- */

static void
relative_name(const char *job_id, char ret_name[LIMIT_ULID + 8])
{
	snprintf(ret_name, LIMIT_ULID + 8, "jobs/%.26s", job_id);
}

enum err
job_dir_open(int state_fd, const char *job_id, int *ret_fd)
{
	char name[LIMIT_ULID + 8];

	relative_name(job_id, name);
	int fd = openat(state_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_from_errno(errno);
	*ret_fd = fd;
	return OK;
}

enum err
job_dir_make(int state_fd, const char *state_dir, const char *job_id, struct job_dir *ret_dir,
    struct refusal *why)
{
	struct job_dir dir = { .fd = -1, .tmp_fd = -1 };
	char name[LIMIT_ULID + 8];

	relative_name(job_id, name);
	snprintf(dir.id, sizeof dir.id, "%s", job_id);
	int len = snprintf(dir.path, sizeof dir.path, "%s/%s", state_dir, name);
	if (len < 0 || len > LIMIT_PATH - 64)
		return refuse(why, ERR_TOO_LARGE, "the state directory's path is too long");
	mkdirat(state_fd, "jobs", 0700);
	if (mkdirat(state_fd, name, 0700) != 0 && errno == EEXIST) {
		refuse(why, ERR_NOT_HERE, "job %s was already started", job_id);
		refusal_hint(why, "A run is never repeated; start a new job.");
		return why->code;
	} else if (faccessat(state_fd, name, F_OK, 0) != 0)
		return refuse_storage(errno, "the job's folder", why);
	enum err e = job_dir_open(state_fd, job_id, &dir.fd);
	if (e == OK)
		e = make_tmp(&dir);
	if (e != OK) {
		refuse_storage(errno, "the job's folder", why);
		job_dir_discard(state_fd, &dir);
		return why->code;
	}
	*ret_dir = dir;
	return OK;
}

void
job_dir_clean(struct job_dir *dir)
{
	remove_tmp(dir);
	unlinkat(dir->fd, WORK_NAME, AT_REMOVEDIR);
}

void
job_dir_discard(int state_fd, struct job_dir *dir)
{
	char name[LIMIT_ULID + 8];

	remove_tmp(dir);
	job_dir_close(dir);
	relative_name(dir->id, name);
	sweep_folder(state_fd, name);
}

void
job_dir_close(struct job_dir *dir)
{
	if (dir->fd >= 0)
		close(dir->fd);
	if (dir->tmp_fd >= 0)
		close(dir->tmp_fd);
	dir->fd = dir->tmp_fd = -1;
}

/* ---- files ---- */

static enum err
write_all(int fd, const char *at, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, at + done, len - done);
		if (n < 0 && errno != EINTR)
			return err_from_errno(errno);
		done += n > 0 ? (size_t)n : 0;
	}
	return OK;
}

static enum err
write_file(struct job_dir *dir, const char *name, const void *at, size_t len)
{
	int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_from_errno(errno);
	enum err e = write_all(fd, at, len);
	if (e == OK && fsync(fd) != 0)
		e = err_from_errno(errno);
	if (close(fd) != 0 && e == OK)
		e = err_from_errno(errno);
	return e;
}

enum err
job_dir_put(struct job_dir *dir, const char *name, const void *at, size_t len)
{
	unlinkat(dir->fd, NEW_NAME, 0);
	enum err e = write_file(dir, NEW_NAME, at, len);
	if (e == OK && renameat(dir->fd, NEW_NAME, dir->fd, name) != 0)
		e = err_from_errno(errno);
	if (e != OK)
		unlinkat(dir->fd, NEW_NAME, 0);
	else
		fsync(dir->fd);
	return e;
}

enum err
job_dir_put_code(struct job_dir *dir, struct text code, struct run_paths *paths,
    struct refusal *why)
{
	enum err e = write_file(dir, CODE_NAME, code.at, code.len);

	if (e == OK && paths->cwd[0] == '\0' && mkdirat(dir->fd, WORK_NAME, 0700) != 0)
		e = err_from_errno(errno);
	if (e != OK)
		return refuse_storage(errno, "the program's file", why);
	if (paths->cwd[0] == '\0')
		snprintf(paths->cwd, sizeof paths->cwd, "%.*s/" WORK_NAME, LIMIT_PATH - 8,
		    dir->path);
	snprintf(paths->program, sizeof paths->program, "%.*s/" CODE_NAME, LIMIT_PATH - 12,
	    dir->path);
	memcpy(paths->project, dir->path, sizeof paths->project);
	return OK;
}
