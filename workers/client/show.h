/* Answers of the tools, printed for a person. Whatever is missing in an answer is left out. */
#ifndef WORKERS_CLIENT_SHOW_H
#define WORKERS_CLIENT_SHOW_H

#include "workers/client/screen.h"
#include "workers/runtime/json.h"

enum show_output { SHOW_NO_OUTPUT, SHOW_ERROR_TAIL };

/*
 * A finished run or a stored profile: outcome, totals, hot functions and lines, leaks, warnings,
 * ids. With SHOW_ERROR_TAIL the end of the program's standard error too, unless it ended well.
 */
void show_run(const struct screen *screen, const cJSON *run, enum show_output output);

/* The lines of get_cpu_hotspots. */
void show_hotspots(const struct screen *screen, const cJSON *answer);

/* What can be done with the profile next; nothing when there is no profile. */
void show_next(const struct screen *screen, const cJSON *run);

/* The answer of list_profiles. */
void show_profiles(const struct screen *screen, const cJSON *answer);

/* The answer of server_status. */
void show_status(const struct screen *screen, const cJSON *answer);

#endif
