/* All of the supervisor's state, on one thread. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/limits.h"
#include "supervisor/budget.h"
#include "supervisor/child.h"
#include "supervisor/instance.h"
#include "supervisor/listen.h"
#include "supervisor/notify.h"
#include "supervisor/options.h"
#include "supervisor/orphans.h"
#include "supervisor/stdio.h"

struct supervisor {
	struct options options;
	struct instance instance;
	struct listener listener;
	struct stdio stdio;
	struct notify notify;
	struct bystanders bystanders;
	struct restart_budget budgets[ROLE_COUNT];
	struct child children[LIMIT_CHILDREN];   /* in the order of their start */
	unsigned child_count;
	int signals;                     /* signalfd */
	int64_t started_ms;
	bool announced;                  /* READY=1 was said */
	bool stopping;
	int64_t hangup_ms;               /* when the client had hung up; CLOCK_NEVER */
	int64_t stop_by_ms;              /* when all are killed; CLOCK_NEVER while no end is near */
	bool killed_all;
	bool front_may_return;           /* while stopping: it has not been started again yet */
	int exit_code;                   /* of the supervisor, once stopping */
	unsigned interrupts;             /* SIGINTs seen */
	unsigned said_degraded;          /* children: what the service manager was told last */
	int64_t sweep_ms;                /* when to look for orphans again; CLOCK_NEVER */
	int64_t sweep_wait_ms; /* the pause before that, 0 when nobody was left at the last look */
	int64_t planned_ms;              /* when the last poll was to return at the latest */
};

/* The front's slot. */
struct child *supervisor_front(struct supervisor *s);

#endif
