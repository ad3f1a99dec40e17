/*
 * The kinds of process in the tree. The supervisor starts all others; the client is what a person
 * types and is not supervised, so it has no role.
 */
#ifndef PROTOCOL_ROLE_H
#define PROTOCOL_ROLE_H

enum role {
	ROLE_NONE,       /* nobody: a message that has no answer is "answered" by it */
	ROLE_SUPERVISOR,
	ROLE_STORE,
	ROLE_ANALYZER,
	ROLE_PROFILER,
	ROLE_FRONT,
	ROLE_WORKER,     /* any worker: messages that workers/runtime handles for all of them */
	ROLE_COUNT
};

/* The name as it stands in logs, socket names and executables ("store"); "?" when out of range. */
const char *role_name(enum role role);

#endif
