/*
 * The folder of one job, <state>/jobs/<job id>, 0700:
 *
 *     profile.json      Scalene's JSON, once it is there
 *     result.msgpack    the encoded PROFILE_RAN body, written before anybody is told
 *     code.py           the program, for `code`
 *     work/             the working folder, for `code` without `cwd`; removed when it stays empty
 *     tmp/              TMPDIR of the run, removed afterwards
 *
 * That the folder exists says that the job was started: nothing is run in it a second time. Where
 * the folder's path is long, TMPDIR is /tmp/scalene-mcp-run-<pid> instead: Python's multiprocessing
 * makes sockets in it, whose names may have 107 bytes.
 */
#ifndef WORKERS_PROFILER_JOB_DIR_H
#define WORKERS_PROFILER_JOB_DIR_H

#include "protocol/limits.h"
#include "protocol/message.h"
#include "workers/profiler/paths.h"
#include "workers/profiler/refusal.h"

#define RESULT_NAME "result.msgpack"

struct job_dir {
	char id[LIMIT_ULID + 1];
	char path[LIMIT_PATH];       /* absolute */
	int fd;                      /* of the folder */
	char tmp[LIMIT_PATH];        /* empty: not made */
	/* locked while /tmp/scalene-mcp-run-<pid> is in use; else -1 */
	int tmp_fd;
};

/*
 * Makes the folder and its tmp. state_fd and state_dir are both the state directory.
 * ERR_INVALID_ARGUMENT when it was there already; STORAGE errors and ERR_SYSTEM when it cannot be
 * made.
 */
enum err job_dir_make(int state_fd, const char *state_dir, const char *job_id,
    struct job_dir *ret_dir, struct refusal *why);

/* Opens one that is there. ERR_NOT_FOUND when it is not. */
enum err job_dir_open(int state_fd, const char *job_id, int *ret_fd);

/* Writes the code and fills the program, project and, where it is empty, the working folder of
 * `paths`. */
enum err job_dir_put_code(struct job_dir *dir, struct text code, struct run_paths *paths,
    struct refusal *why);

/* Puts a file there whole or not at all, on disk when this returns. */
enum err job_dir_put(struct job_dir *dir, const char *name, const void *at, size_t len);

/* Removes tmp, and work when it is empty. Once everything that ran has ended. */
void job_dir_clean(struct job_dir *dir);

/* The job was not started after all: removes the whole folder. */
void job_dir_discard(int state_fd, struct job_dir *dir);

void job_dir_close(struct job_dir *dir);

#endif
