/* What a child's death means: how it died, and what happens next. Decides and changes nothing. */
#ifndef SUPERVISOR_DEATH_H
#define SUPERVISOR_DEATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/control.h"
#include "protocol/role.h"
#include "supervisor/budget.h"

/* What is known of it. */
struct death {
	enum role role;
	int wait_status;         /* as from waitpid; -1: there was no process, fork failed */
	bool early;              /* died young and without having answered a message */
	bool rests;              /* its slot was degraded already and has not recovered */
	bool stopping;           /* the supervisor is stopping */
	bool stdio;              /* the front is significant: it serves a client on stdio */
	bool returns;            /* while stopping: it may be started once more */
	unsigned tries;          /* early deaths in a row before this one */
};

/* What to do. */
struct verdict {
	enum child_state next;   /* CHILD_DOWN, CHILD_BACKOFF or CHILD_DEGRADED */
	int64_t delay_ms;        /* until the next start; 0 with CHILD_DOWN */
	int exit_code;           /* the supervisor ends with it; -1: it goes on */
	const char *what_next;   /* for the log, before the delay; static */
};

/*
 * An incarnation died early when it had answered nothing and was younger than the restart window.
 * The second half keeps an idle worker that is killed once a day from ending up at the ceiling.
 */
bool death_is_early(bool answered, int64_t age_ms, int64_t window_ms);

/* While stopping nothing is started again, but a front that left requests unanswered, once. Counts
 * an early death in the class's budget, and judges. */
struct verdict death_judge(const struct death *d, struct restart_budget *budget, int64_t now_ms);

/* "SIGSEGV (core dumped)", "exit 4 CANNOT_START", "exit 77". */
void death_describe(int wait_status, char *buf, size_t size);

#endif
