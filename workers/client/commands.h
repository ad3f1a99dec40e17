/* The subcommands. */
#ifndef WORKERS_CLIENT_COMMANDS_H
#define WORKERS_CLIENT_COMMANDS_H

#include "workers/client/options.h"

/* Does what was asked for; returns the exit status. */
int commands_run(const struct options *o);

#endif
