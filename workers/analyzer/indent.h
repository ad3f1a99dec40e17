/*
 * Functions and classes found in the source text, for profiles without function extents (Scalene
 * before 2.3).
 *
 * A definition reaches from its `def` or `class` line to the last line of code before the next one
 * that is indented no deeper; blank lines, comments, and lines inside brackets, strings or after a
 * backslash do not end it. Where the profile leaves lines out (reduced profiles), a function that
 * functions[] lists and whose `def` line is missing begins there, and is taken to be indented one
 * step less than the next line that is listed.
 */
#ifndef WORKERS_ANALYZER_INDENT_H
#define WORKERS_ANALYZER_INDENT_H

#include "protocol/error.h"
#include "workers/analyzer/source.h"

struct extent {
	uint32_t start, end;
};

/* In order of their starts. *ret_extents is the caller's to free. ERR_NO_MEMORY. */
enum err indent_find(const struct source *s, struct extent **ret_extents, uint32_t *ret_count);

#endif
