/*
 * Processes that children started. We are a subreaper, so what a dead worker leaves behind becomes
 * our child, however often it was forked and whatever session it is in. A tree is killed by
 * stopping all of it first, until no new member appears, and killing it then.
 */
#ifndef SUPERVISOR_ORPHANS_H
#define SUPERVISOR_ORPHANS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define BYSTANDERS_MAX 64

/* Processes that were our children before we had any (exec keeps children), and our session: no
 * worker's descendant can ever be in it. None of these is touched. */
struct bystanders {
	pid_t session;
	unsigned count;
	struct {
		pid_t pid;
		uint64_t start; /* field 22 of /proc/PID/stat: tells a process from a later one of
				   its number */
	} at[BYSTANDERS_MAX];
};

/* Makes this process a subreaper and notes who is there already. */
void orphans_init(struct bystanders *ret_bystanders);

/* Kills the process and all its descendants. Does not reap. */
void tree_kill(pid_t root);

/* Kills the trees of all children of ours that are neither among `known` nor bystanders; returns
 * how many processes that were, zombies not counted. Does not reap. */
unsigned orphans_kill(const struct bystanders *b, const pid_t *known, unsigned count);

#endif
