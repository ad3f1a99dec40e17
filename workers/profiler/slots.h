/*
 * How many programs run at a time for this user on this host, in all servers together: runs beside
 * each other disturb each other's figures. A slot is a file that is locked (flock), so it is free
 * again when its holder is gone, however it went. The files lie in
 * $XDG_RUNTIME_DIR/scalene-mcp-slots, else in /tmp/scalene-mcp-slots-<uid>, else, where neither can
 * be used safely, in the state directory.
 */
#ifndef WORKERS_PROFILER_SLOTS_H
#define WORKERS_PROFILER_SLOTS_H

#include "protocol/error.h"

#define SLOTS_MAX 64

/* Opens the folder of slots, making it if missing: a real folder of this user's, 0700. */
enum err slots_open(int state_fd, int *ret_folder_fd);

/* Takes one of `count` slots. ERR_BUSY: none is free. Closing *ret_fd, which is close-on-exec,
 * gives it back. */
enum err slots_take(int folder_fd, unsigned count, int *ret_fd);

#endif
