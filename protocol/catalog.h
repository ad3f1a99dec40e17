/*
 * The tool catalogue, the JSON files of protocol/catalog, embedded at build time. What stands in the files is
 * described in protocol/catalog/README.md; the front reads it (workers/front/catalog.h).
 */
#ifndef PROTOCOL_CATALOG_H
#define PROTOCOL_CATALOG_H

#include <stddef.h>

struct catalog_file {
	const char *name;        /* "profile_script.json" */
	const char *text;        /* JSON, NUL-terminated */
	size_t len;              /* without the NUL */
};

/* By number from 0, in the order of their names; NULL past the last. */
const struct catalog_file *catalog_file(unsigned number);

#endif
