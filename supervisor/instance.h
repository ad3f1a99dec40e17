/*
 * This server as one among others on the host: its id, the state directory that it shares with
 * them, and the two folders that are its own while it lives.
 */
#ifndef SUPERVISOR_INSTANCE_H
#define SUPERVISOR_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/limits.h"
#include "supervisor/lockdir.h"

struct instance {
	char id[LIMIT_ULID + 1];
	char state_dir[LIMIT_PATH];      /* absolute */
	struct lockdir own;              /* <state>/instances/<id>: lock, spool/ */
	struct lockdir runtime;          /* lock and sockets; short enough for channel_path */
};

/*
 * Chooses and makes everything, and removes what dead servers left. state and runtime are the
 * options' values, NULL when not given: then $STATE_DIRECTORY, $XDG_STATE_HOME/scalene-mcp,
 * ~/.local/state/scalene-mcp, and $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR/scalene-mcp,
 * /tmp/scalene-mcp-<uid>, the first one that can be used. A runtime directory that is too long for
 * socket names is passed over. False: `why` says what failed and what to do.
 */
bool instance_open(const char *state, const char *runtime, struct instance *ret_instance, char *why,
    size_t why_size);

/* Removes both folders. */
void instance_close(struct instance *i);

#endif
