/*
 * The functions and classes of one file, with their names: from the extents that Scalene 2.3 and
 * later gives each line, else from the source text (indent.h).
 */
#ifndef WORKERS_ANALYZER_SCOPES_H
#define WORKERS_ANALYZER_SCOPES_H

#include "workers/analyzer/indent.h"

#define SCOPE_NONE UINT32_MAX

struct scope {
	uint32_t start, end;    /* from the `def` or `class` line on */
	uint32_t first;         /* its first decorator where functions[] has it, else start */
	uint32_t parent;        /* the narrowest scope around it, or SCOPE_NONE */
	bool is_class;
	struct text name;
};

struct scopes {
	struct scope *at;       /* by start; wider ones first */
	uint32_t count;
	bool inferred;
};

/*
 * Names come from functions[] where an entry begins on that line or on one of its decorators, else
 * from the `def` or `class` line and the scopes around it, written as Python writes __qualname__; a
 * scope whose first line is not in the profile is "<line N>". Texts are in the arena.
 *
 * The decorators matter for more than names: what Python 3.11 books on a function's first line it
 * books on the first decorator, which Scalene's extents leave to the class
 * around it.
 */
enum err scopes_find(const struct source *s, struct arena *a, struct scopes *ret_scopes);
void scopes_fini(struct scopes *s);

/* The scope a row belongs to, its decorators included, or SCOPE_NONE for code of the module. */
uint32_t scopes_of_row(const struct scopes *s, const struct source_row *row);

#endif
