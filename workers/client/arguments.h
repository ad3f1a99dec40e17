/* A tool's arguments, made from what was typed. */
#ifndef WORKERS_CLIENT_ARGUMENTS_H
#define WORKERS_CLIENT_ARGUMENTS_H

#include "workers/client/options.h"

#define ARGUMENTS_WAIT_S 45      /* how long one call waits for a job */

/*
 * The arguments of the subcommand's tool as a JSON object. Only what was given is sent, the tool's
 * defaults stay its own; except that a program runs in the current directory, as one expects of a
 * command line (the tool's own default is the script's directory), so `cwd` is always sent and
 * paths are made absolute. ERR_INVALID_ARGUMENT: the current directory cannot be named;
 * ERR_NO_MEMORY. The caller frees.
 */
enum err arguments_make(const struct options *o, char **ret_json);

/* The tool that `profile` calls. */
const char *arguments_profile_tool(const struct options *o);

/* {"KEY":"VALUE"} and, where wait_s is not 0, "wait_s". The caller frees; NULL when out of
 * memory. */
char *arguments_of_id(const char *key, const char *id, unsigned wait_s);

#endif
