/* Where a run's program and working folder are, and whether they may be used. */
#ifndef WORKERS_PROFILER_PATHS_H
#define WORKERS_PROFILER_PATHS_H

#include "protocol/limits.h"
#include "workers/profiler/request.h"

#define ROOTS_MAX 32

/* The folders given by --root, as typed. None: everything that the user may read is permitted. */
struct roots {
	const char *at[ROOTS_MAX];
	unsigned count;
};

struct run_paths {
	char program[LIMIT_PATH];    /* resolved path of the script; empty for a module */
	char cwd[LIMIT_PATH];
	char project[LIMIT_PATH];    /* what Scalene takes for "the program": the files below it */
	uint8_t sha256[SHA256_SIZE]; /* of the script or the code; zero for a module */
};

/* Whether `path`, already resolved, is one of the roots or below one. A root that does not exist
 * contains nothing. */
bool roots_contain(const struct roots *roots, const char *path);

/*
 * Checks script_path and cwd of a request and fills ret_paths:
 *
 *   - links are resolved, and what they lead to must lie in a root;
 *   - a relative script_path is relative to cwd where that is given, else to this process's working
 *     folder;
 *   - a script's name must end in .py, because Scalene takes the first argument that does for the
 *     program, and must be UTF-8 without control characters;
 *   - cwd, when not given: the script's folder; for a module this process's working folder, which
 *     must lie in a root too; for code `work` in the job's folder, which is filled in by job_dir
 *     (here cwd and project stay empty);
 *   - project: the script's folder, for a module cwd.
 *
 * ERR_NOT_FOUND, ERR_NOT_READABLE, ERR_OUTSIDE_ROOT, ERR_INVALID_ARGUMENT, ERR_TOO_LARGE.
 */
enum err paths_resolve(const struct run_request *request, const struct roots *roots,
    struct run_paths *ret_paths, struct refusal *why);

#endif
