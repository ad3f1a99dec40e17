/*
 * Function totals, summed from lines. Scalene's own functions[] lacks the samples that it spreads
 * over the other lines of a loop, up to half of a function, so only names are
 * taken from there.
 */
#ifndef WORKERS_ANALYZER_FUNCTIONS_H
#define WORKERS_ANALYZER_FUNCTIONS_H

#include "workers/analyzer/profile.h"
#include "workers/analyzer/scopes.h"

#define MODULE_NAME "<module>"

/*
 * Gives each line of the last file, p->lines[first_line ..], its function, made when its first line
 * is met, and adds the line's figures to it. A line belongs to the narrowest function or class
 * around it, to "<module>" outside all. ERR_NO_MEMORY.
 */
enum err functions_sum_file(struct profile *p, uint32_t first_line, const struct source *source,
    const struct scopes *scopes);

#endif
