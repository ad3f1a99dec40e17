/*
 * The command line of `serve`. Every option has a twin in the environment, SCALENE_MCP_<NAME>; the
 * command line wins. Roots stand in SCALENE_MCP_ROOT with ':' between them.
 */
#ifndef SUPERVISOR_OPTIONS_H
#define SUPERVISOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/limits.h"

#define OPTION_ROOTS_MAX 64
#define OPTION_PROFILERS_MAX 32
#define OPTION_ANALYZERS_MAX 8

struct options {
	bool stdio;                      /* serve a client on standard input and output */
	const char *http_path;           /* of the unix socket; NULL: no HTTP */
	const char *roots[OPTION_ROOTS_MAX];   /* absolute; they live as long as the process */
	unsigned root_count;
	unsigned profilers, analyzers;
	const char *state_dir;           /* NULL: not given */
	const char *runtime_dir;         /* NULL: not given */
	const char *log_level;
	uint32_t restarts;
	int64_t restart_window_ms;
	const char *toolset;
	bool read_only;
	char libexec[LIMIT_PATH];        /* where the workers' executables are */
};

/* Reads environment and command line (without a subcommand). Prints usage, help or version itself
 * and exits where that is asked for or something is wrong: EXIT_CODE_USAGE. */
void options_parse(int argc, char **argv, struct options *ret_options);

/* The folder of the workers' executables: $SCALENE_MCP_LIBEXEC, else ../libexec/scalene-mcp beside
 * this executable. False when that cannot be found out. */
bool options_libexec(char *buf, size_t size);

/*
 * Sets one option by its name without dashes ("profilers"); NULL on success, else what is accepted,
 * as a phrase for "--profilers takes ...". Flags take "1" and "0". For options_parse and its test.
 */
const char *options_set(struct options *o, const char *name, const char *value);

/* What stands when nothing is given. */
void options_defaults(struct options *o);

#endif
