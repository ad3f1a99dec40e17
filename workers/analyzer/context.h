/*
 * Source lines that have no figure themselves but show what those with figures mean. On Python 3.11
 * the line that costs most may have none at all: `if name not in seen` of a loop is booked on the
 * function's first line and on the call before it.
 */
#ifndef WORKERS_ANALYZER_CONTEXT_H
#define WORKERS_ANALYZER_CONTEXT_H

#include "workers/analyzer/profile.h"
#include "workers/analyzer/source.h"

#define CONTEXT_LINES 3u        /* kept before and after a line with figures */

/*
 * Adds to p->rows the lines of the last file that lie in a function with figures, or within
 * CONTEXT_LINES of a line with figures, and have none; blank ones are left out. Its lines and
 * functions are p->lines[first_line ..] and p->functions[first_function ..]. ERR_NO_MEMORY.
 */
enum err context_keep(struct profile *p, uint32_t first_line, uint32_t first_function,
    const struct source *source);

/* A place in two lists at once: the lines with figures and the rows without. */
struct context_walk {
	uint32_t line, row;
};

/* A source line; `line` is NULL where it has no figures. */
struct context_line {
	uint32_t number;
	struct text source;
	const struct profile_line *line;
};

/* From the first kept line of `file` whose number is at least `from`. */
struct context_walk context_start(const struct profile *p, uint32_t file, uint32_t from);

/* The next kept line of that file, in line order. False at its end. */
bool context_next(const struct profile *p, uint32_t file, struct context_walk *walk,
    struct context_line *ret_line);

#endif
