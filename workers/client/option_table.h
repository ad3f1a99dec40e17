/* The subcommands and their options, as one table each: argp, --help, the environment and the tool
 * calls are made from them. */
#ifndef WORKERS_CLIENT_OPTION_TABLE_H
#define WORKERS_CLIENT_OPTION_TABLE_H

#include <stdbool.h>

enum command {
	COMMAND_PROFILE,
	COMMAND_LIST,
	COMMAND_SHOW,
	COMMAND_CALL,
	COMMAND_STATUS,
	COMMAND_COUNT
};

enum option_id {
	OPTION_CODE,
	OPTION_MODULE,
	OPTION_MEMORY,
	OPTION_NO_MEMORY,
	OPTION_GPU,
	OPTION_NO_STACKS,
	OPTION_TIMEOUT,
	OPTION_DURATION,
	OPTION_CPU_SAMPLING_RATE,
	OPTION_PROFILE_ONLY,
	OPTION_PROFILE_EXCLUDE,
	OPTION_PROFILE_ALL,
	OPTION_USE_VIRTUAL_TIME,
	OPTION_PYTHON,
	OPTION_CWD,
	OPTION_ENV,
	OPTION_MAX_MEMORY_MB,
	OPTION_LABEL,
	OPTION_LIMIT,
	OPTION_SEARCH,
	OPTION_QUIET,
	OPTION_JSON,
	OPTION_STATE,
	OPTION_ROOT,
	OPTION_VERBOSE,
	OPTION_COUNT
};

enum option_kind {
	OPTION_ON,       /* a flag; sends true */
	OPTION_OFF,      /* a flag; sends false */
	OPTION_TEXT,
	OPTION_PATH,     /* sent as an absolute path; its links are not followed */
	OPTION_PROGRAM,  /* a path when it has a slash, else a name to be searched for */
	OPTION_NUMBER,
	OPTION_INTEGER,
	OPTION_PAIRS,    /* repeatable NAME=VALUE; sent as an object */
	OPTION_PATHS     /* repeatable */
};

struct option_row {
	const char *name;        /* without the dashes; NULL: only a short form, hence no twin */
	int letter;              /* the short form, or 0 */
	const char *value;       /* what --help calls the value; NULL for flags */
	enum option_kind kind;
	const char *argument;    /* of the tool; NULL: it is for the client or the server */
	unsigned commands;       /* bits 1 << COMMAND_... */
	const char *help;
};

struct command_row {
	const char *name;        /* as typed */
	const char *usage;       /* what follows the options; lines are alternatives */
	const char *doc;
	const char *target;      /* what is missing when there is none; NULL: none is taken */
	bool target_optional;
	unsigned rest_max;       /* arguments after the target */
	bool program;            /* what follows the target belongs to the program */
};

const struct option_row *option_row(enum option_id id);
const struct command_row *command_row(enum command command);

/* The subcommand of that name, or -1. */
int command_by_name(const char *name);

#endif
