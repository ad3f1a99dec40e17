/*
 * Scalene's memory profiling leaves files of up to 256 MiB named
 * /tmp/scalene-{malloc,memcpy}-{init,lock,signal}PID, and this program, where a job's own folder
 * has too long a name, temporary folders named /tmp/scalene-mcp-run-PID.
 */
#ifndef WORKERS_PROFILER_SWEEP_H
#define WORKERS_PROFILER_SWEEP_H

#include <sys/types.h>

#include "workers/profiler/tree.h"

/*
 * Removes those of dead processes. Only what is ours by its owner; of a process in `seen` always,
 * else only when the number belongs to no process here and nobody anywhere has the file open (a
 * write lease is granted), because a container with process ids of its own may share /tmp.
 */
void sweep_run_files(const struct pid_set *seen);

/* Removes the entry and all below it, following no link and crossing no file system. Missing is
 * fine. */
void sweep_folder(int dir_fd, const char *name);

#endif
