/* The revisions of MCP that are served, and which fields exist in which (MCP's changelogs). */
#ifndef WORKERS_FRONT_REVISION_H
#define WORKERS_FRONT_REVISION_H

#include <stdbool.h>
#include <stddef.h>

struct revision {
	const char *name;
	bool modern;             /* stateless; named by every request's _meta */
	bool annotations;        /* on tools */
	bool structured;         /* title, outputSchema, structuredContent */
	bool null_error_id;      /* an error without a readable id has "id":null; later ones leave it out */
	bool batches;
};

/* By number, newest first; NULL past the last. */
const struct revision *revision_row(unsigned row);

/* Compared as a whole string; NULL when it is not served. */
const struct revision *revision_find(const char *name, size_t len);

/* The newest one with a handshake. */
const struct revision *revision_newest_legacy(void);

#endif
