#include "protocol/role.h"

static const char *const names[ROLE_COUNT] = {
	[ROLE_NONE] = "none",
	[ROLE_SUPERVISOR] = "supervisor",
	[ROLE_STORE] = "store",
	[ROLE_ANALYZER] = "analyzer",
	[ROLE_PROFILER] = "profiler",
	[ROLE_FRONT] = "front",
	[ROLE_WORKER] = "worker",
};

const char *
role_name(enum role role)
{
	if (role < 0 || role >= ROLE_COUNT)
		return "?";
	return names[role];
}
