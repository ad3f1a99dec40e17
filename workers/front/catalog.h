/*
 * The tools, read from the embedded catalogue (protocol/catalog/README.md says what stands in it) and checked: names,
 * schemas, and routes, each field of each step having exactly one source of its type.
 */
#ifndef WORKERS_FRONT_CATALOG_H
#define WORKERS_FRONT_CATALOG_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "protocol/message.h"

#define ROUTE_STEPS_MAX 8
#define TOOLS_MAX 64

struct step {
	enum msg_type type;
	const cJSON *with;       /* constants by field name; NULL: none */
};

struct tool {
	const char *name, *title, *description;
	const cJSON *annotations;
	const cJSON *input;      /* schema of the arguments */
	const cJSON *output;     /* schema of the result */
	int rank;
	bool in_default, in_core;
	bool job;                /* the route runs as a job */
	bool writes;             /* refused by --read-only */
	struct step steps[ROUTE_STEPS_MAX];
	unsigned step_count;
};

struct catalog {
	struct tool tools[TOOLS_MAX];   /* by rank */
	unsigned count;
	cJSON *documents[TOOLS_MAX + 1];
	unsigned document_count;
};

struct catalog_problem {
	char text[256];
};

/* Reads and checks the embedded files. On failure *ret_problem says which tool and what; the catalogue is the
 * caller's only on OK. */
enum err catalog_load(struct catalog **ret_catalog, struct catalog_problem *ret_problem);
void catalog_free(struct catalog **catalog);

/* NULL when there is no such tool. */
const struct tool *catalog_find(const struct catalog *catalog, const char *name);

/*
 * Whether a tool's route type-checks: for each field of each step exactly one source, of its type, among the
 * step's constants, the arguments, earlier answers and what a job has. Called by catalog_load.
 */
bool route_check(const struct tool *tool, struct catalog_problem *ret_problem);

#endif
