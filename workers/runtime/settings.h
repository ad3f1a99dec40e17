/* The options every worker is started with (protocol/inherit.h). */
#ifndef WORKERS_RUNTIME_SETTINGS_H
#define WORKERS_RUNTIME_SETTINGS_H

#include <argp.h>
#include <stdint.h>

#include "protocol/limits.h"

struct settings {
	unsigned index;
	uint32_t incarnation;
	char instance[LIMIT_ULID + 1];
	const char *state_dir;       /* absolute; exists, 0700 */
	const char *runtime_dir;     /* absolute; exists, 0700, short */
};

/* Parser of the common options, input `struct settings *`; a role's own parser has it as a child. Also sets the log threshold. */
extern const struct argp settings_argp;

#endif
