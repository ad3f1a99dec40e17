#include "workers/client/option_table.h"

#include <string.h>

#define PROFILE (1u << COMMAND_PROFILE)
#define LIST (1u << COMMAND_LIST)
#define CALL (1u << COMMAND_CALL)
#define EVERY ((1u << COMMAND_COUNT) - 1)

static const struct option_row rows[OPTION_COUNT] = {
	[OPTION_CODE] = { NULL, 'c', "CODE", OPTION_TEXT, "code", PROFILE,
	    "profile this Python code; what follows are its arguments" },
	[OPTION_MODULE] = { NULL, 'm', "MODULE", OPTION_TEXT, "module", PROFILE,
	    "profile a module, as python -m does; what follows are its arguments" },
	[OPTION_MEMORY] = { "memory", 0, NULL, OPTION_ON, "memory", PROFILE,
	    "profile memory too (the server's default)" },
	[OPTION_NO_MEMORY] = { "no-memory", 0, NULL, OPTION_OFF, "memory", PROFILE,
	    "CPU only: its figures are then not changed by memory profiling" },
	[OPTION_GPU] = { "gpu", 0, NULL, OPTION_ON, "gpu", PROFILE, "profile the GPU too" },
	[OPTION_NO_STACKS] = { "no-stacks", 0, NULL, OPTION_OFF, "stacks", PROFILE,
	    "do not record call stacks" },
	[OPTION_TIMEOUT] = { "timeout", 0, "S", OPTION_NUMBER, "timeout", PROFILE,
	    "stop the program after S seconds and call that a failure" },
	[OPTION_DURATION] = { "duration", 0, "S", OPTION_NUMBER, "duration", PROFILE,
	    "stop the program after S seconds and call that a success (servers, endless loops)" },
	[OPTION_CPU_SAMPLING_RATE] = { "cpu-sampling-rate", 0, "S", OPTION_NUMBER,
	    "cpu_sampling_rate", PROFILE, "seconds between CPU samples" },
	[OPTION_PROFILE_ONLY] = { "profile-only", 0, "PARTS", OPTION_TEXT, "profile_only", PROFILE,
	    "only files whose path contains one of these, separated by commas" },
	[OPTION_PROFILE_EXCLUDE] = { "profile-exclude", 0, "PARTS", OPTION_TEXT,
	    "profile_exclude", PROFILE, "no files whose path contains one of these" },
	[OPTION_PROFILE_ALL] = { "profile-all", 0, NULL, OPTION_ON, "profile_all", PROFILE,
	    "all executed code, libraries included" },
	[OPTION_USE_VIRTUAL_TIME] = { "use-virtual-time", 0, NULL, OPTION_ON,
	    "use_virtual_time", PROFILE, "measure CPU time instead of elapsed time" },
	[OPTION_PYTHON] = { "python", 0, "PROGRAM", OPTION_PROGRAM, "python", PROFILE,
	    "the interpreter; Scalene must be installed there" },
	[OPTION_CWD] = { "cwd", 0, "DIR", OPTION_PATH, "cwd", PROFILE,
	    "where the program runs (default: the current directory)" },
	[OPTION_ENV] = { "env", 0, "NAME=VALUE", OPTION_PAIRS, "env", PROFILE,
	    "set an environment variable of the program; repeatable" },
	[OPTION_MAX_MEMORY_MB] = { "max-memory-mb", 0, "N", OPTION_INTEGER, "max_memory_mb",
	    PROFILE, "limit the program's address space to N MiB" },
	[OPTION_LABEL] = { "label", 0, "TEXT", OPTION_TEXT, "label", PROFILE,
	    "a name by which to find the profile again" },
	[OPTION_LIMIT] = { "limit", 'n', "N", OPTION_INTEGER, "limit", LIST, "at most N rows" },
	[OPTION_SEARCH] = { "search", 0, "TEXT", OPTION_TEXT, "search", LIST,
	    "only where the program's name or the label contains TEXT" },
	[OPTION_QUIET] = { "quiet", 'q', NULL, OPTION_ON, NULL, PROFILE,
	    "do not pass the program's output through" },
	[OPTION_JSON] = { "json", 0, NULL, OPTION_ON, NULL, EVERY,
	    "print the server's answer as JSON" },
	[OPTION_STATE] = { "state", 0, "DIR", OPTION_PATH, NULL, EVERY,
	    "the server's state directory, where profiles are kept" },
	[OPTION_ROOT] = { "root", 0, "DIR", OPTION_PATHS, NULL, PROFILE | CALL,
	    "scripts and working directories must lie inside; repeatable" },
	[OPTION_VERBOSE] = { "verbose", 'v', NULL, OPTION_ON, NULL, EVERY,
	    "pass the server's log through on standard error" },
};

static const struct command_row commands[COMMAND_COUNT] = {
	[COMMAND_PROFILE] = { "profile",
	    "SCRIPT [ARGUMENT...]\n-c CODE [ARGUMENT...]\n-m MODULE [ARGUMENT...]",
	    "Run a Python program under Scalene, wait for it and print where its time and memory "
	    "went. Options end at SCRIPT: what follows it belongs to the program.",
	    "SCRIPT", false, 0, true },
	[COMMAND_LIST] = { "list", "", "List the stored profiles, newest first.",
	    NULL, true, 0, false },
	[COMMAND_SHOW] = { "show", "ID", "Print a stored profile.", "ID", false, 0, false },
	[COMMAND_CALL] = { "call", "TOOL [JSON|-]",
	    "Call any tool of the server and print its answer as JSON. The arguments are a JSON "
	    "object; with - it is read from standard input.",
	    "TOOL", false, 1, false },
	[COMMAND_STATUS] = { "status", "", "Print the server's processes and their state.",
	    NULL, true, 0, false },
};

const struct option_row *
option_row(enum option_id id)
{
	return &rows[id];
}

const struct command_row *
command_row(enum command command)
{
	return &commands[command];
}

int
command_by_name(const char *name)
{
	for (int i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return i;
	return -1;
}
