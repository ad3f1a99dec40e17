/*
 * The command line of the subcommands, read with argp. Every long option has a twin
 * SCALENE_MCP_<NAME> ("--cpu-sampling-rate" is SCALENE_MCP_CPU_SAMPLING_RATE; flags take 1, true,
 * yes, on and their opposites); the command line wins. A repeatable option has one value there.
 * --state and --root have theirs in the server itself, which inherits the environment.
 */
#ifndef WORKERS_CLIENT_OPTIONS_H
#define WORKERS_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/error.h"
#include "workers/client/option_table.h"

struct option_value {
	bool given;
	double number;           /* of flags 1, or 0 when the environment says so */
	const char *text;        /* of the last time it was given */
	const char **list;       /* OPTION_PAIRS and OPTION_PATHS */
	size_t count;
};

/* What was asked for. Texts borrow from argv and the environment. */
struct options {
	enum command command;
	bool help;               /* --help was printed: nothing else is to be done */
	struct option_value values[OPTION_COUNT];
	const char *target;      /* SCRIPT, ID or TOOL; NULL when there is none */
	char **rest;             /* what follows it */
	size_t rest_count;
};

/*
 * Reads the environment and argv, where argv[1] is the subcommand. ERR_INVALID_ARGUMENT: said on
 * standard error, exit with EXIT_CODE_USAGE; ERR_NO_MEMORY. Free with options_fini, also after
 * failure.
 */
enum err options_parse(int argc, char **argv, struct options *ret_options);
void options_fini(struct options *o);

/* Whether it was given. A flag without a tool argument (--json) that the environment sets to false
 * was not. */
bool options_has(const struct options *o, enum option_id id);

#endif
