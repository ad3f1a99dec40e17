#include "supervisor/spec.h"

const struct child_spec child_specs[SPEC_COUNT] = {
	/* role            ready  silent  stop (ms) */
	{ ROLE_STORE,      5000,    5000,  1000 },
	{ ROLE_ANALYZER,   5000,    5000,   500 },
	{ ROLE_PROFILER,   5000,    5000,   500 },
	{ ROLE_FRONT,      5000,    5000,  1500 },
};
