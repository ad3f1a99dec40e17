/* `profile`: starts a run, follows it to its end, prints what came out. */
#ifndef WORKERS_CLIENT_RUN_H
#define WORKERS_CLIENT_RUN_H

#include "workers/client/client.h"

/* Returns the exit status: 0 only when the outcome is ok. */
int run_profile(struct client *c);

#endif
