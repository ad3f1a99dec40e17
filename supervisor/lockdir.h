/*
 * A folder that belongs to one running process: <parent>/<ULID> (0700) with a file `lock` in it,
 * which its owner holds locked (flock) for as long as it lives. It is made under another name and
 * appears locked, so whoever finds the lock free, or missing, has found a dead owner's folder.
 */
#ifndef SUPERVISOR_LOCKDIR_H
#define SUPERVISOR_LOCKDIR_H

#include "protocol/error.h"
#include "protocol/limits.h"

struct lockdir {
	char path[LIMIT_PATH];       /* "" when there is none */
	int lock;                    /* -1: none; close-on-exec */
};

void lockdir_init(struct lockdir *d);

/* Makes <parent>/<id>; the parent must exist. ERR_TOO_LARGE, or ERR_SYSTEM with errno. */
enum err lockdir_make(const char *parent, const char *id, struct lockdir *ret_dir);

/* Removes the folder and what is in it, then gives up the lock. */
void lockdir_remove(struct lockdir *d);

/* Removes the folders below parent whose owner is dead; returns how many. Names that are no ULIDs
 * are left alone, except what a lockdir_make left half done over ten minutes ago. */
unsigned lockdir_sweep(const char *parent);

#endif
