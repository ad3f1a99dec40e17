/*
 * The command line and environment of a run, for Scalene 1.5 and 2.x.
 *
 * Always `--- PROGRAM ARGUMENTS`, because otherwise Scalene takes the program's own options for its
 * own. Never without one of --cpu-only, --memory, --gpu, because the default mode also starts other
 * programs to look for accelerators. The environment is preset to what Scalene wants, so that it
 * need not start itself again in a child.
 */
#ifndef WORKERS_PROFILER_COMMAND_H
#define WORKERS_PROFILER_COMMAND_H

#include "workers/profiler/interpreter.h"
#include "workers/profiler/paths.h"
#include "workers/profiler/request.h"
#include "workers/profiler/strings.h"

struct command {
	struct strings argv, envp;
};

/*
 * `inherited` (an envp) and above it the request's `env`, without what must not reach a program:
 * PYTHONMALLOC, PYTHONDEVMODE and PYTHONTRACEMALLOC, which crash memory profiling, this server's
 * own settings, and systemd's sockets. ERR_NO_MEMORY.
 */
enum err environment_build(char *const *inherited, const struct run_request *request,
    struct strings *ret_environment);

/* `environment` is what environment_build made; it is copied. `outfile` is absolute and ends in
 * .json; `tmp` becomes TMPDIR. */
enum err command_build(const struct run_request *request, const struct interpreter *python,
    const struct run_paths *paths, const char *outfile, const char *tmp,
    const struct strings *environment, struct command *ret_command);

void command_fini(struct command *command);

#endif
