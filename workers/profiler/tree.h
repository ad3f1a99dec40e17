/*
 * All processes below this one. As a subreaper it inherits what a program leaves behind, so
 * whatever a run started, by however many forks and sessions, is a descendant until it is gone. A
 * group kill catches none of those; stopping everything first and killing then catches
 * also those that fork faster than one can look.
 */
#ifndef WORKERS_PROFILER_TREE_H
#define WORKERS_PROFILER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "protocol/error.h"

#define PID_SET_MAX 65536        /* more are not remembered */

/* Process ids, sorted, each once. Zero is the empty set. */
struct pid_set {
	pid_t *at;
	size_t count, size;
};

/* False when out of memory or over PID_SET_MAX; the set is then as before. */
bool pid_set_add(struct pid_set *set, pid_t pid);
bool pid_set_has(const struct pid_set *set, pid_t pid);
void pid_set_fini(struct pid_set *set);

/* Makes this process the one that inherits orphans. Once, before anything is started. */
enum err tree_adopt(void);

/* Adds all descendants to `seen` and reaps those adopted ones that have ended; `keep` is left for
 * its owner to reap. */
void tree_note(struct pid_set *seen, pid_t keep);

/*
 * Stops, then kills, then reaps all descendants, and adds them to `seen`. `keep` is killed as well
 * but not reaped. False when some are still there after limit_ms (in the kernel, uninterruptibly):
 * call it again later. *ret_running (may be NULL) is how many were running when it was called,
 * `keep` not counted.
 */
bool tree_kill(struct pid_set *seen, pid_t keep, int limit_ms, size_t *ret_running);

/*
 * The process to send signals to: an older Scalene, or one that finds its environment not as it
 * wants it, runs the program in a child with the same command line and a changed environment and
 * waits for it. That child, else `pid`.
 */
pid_t tree_leaf(pid_t pid);

#endif
