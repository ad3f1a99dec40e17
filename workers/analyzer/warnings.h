/* What whoever reads the figures has to know about them, one sentence each. */
#ifndef WORKERS_ANALYZER_WARNINGS_H
#define WORKERS_ANALYZER_WARNINGS_H

#include "protocol/value.h"
#include "workers/analyzer/profile.h"

/*
 * From these figures on memory profiling is taken to have distorted the CPU figures:
 * memory copied on one line, and volume allocated relative to the peak of what was held, if there
 * was that much at all.
 *
 * The worst case shows in neither: under memory profiling every realloc copies, and Scalene counts
 * that copy nowhere. `text = text + x` took 2 % of a program's CPU time, and 68 % of it with memory
 * profiling on, at 2 MiB/s of copies. So a line of that form is told by its source, where it holds
 * WARN_GROWING_PERCENT of the CPU time and not mostly in Python code, as adding numbers is.
 */
#define WARN_COPY_MB_S 100
#define WARN_CHURN_RATIO 20
#define WARN_CHURN_MB 500
#define WARN_GROWING_PERCENT 10

/* Below this share of all CPU samples, the lines that are shown say little about the run. */
#define WARN_COVERED_PERCENT 80

/* What an answer is about, and so what has to be said. */
enum warnings_topic { WARN_CPU = 1, WARN_MEMORY = 2, WARN_LEAKS = 4 };

/*
 * Writes an array of texts: `first`, unless NULL; those that the profile gives cause for within
 * `topics`; then those of `more`, an array of texts or NULL; at most 20 of it, others and anything
 * else in it are left out.
 */
void warnings_write(struct value_writer *w, const struct profile *p, unsigned topics,
    const char *first, const msgpack_object *more);

/* Whether memory profiling is taken to have distorted the CPU figures. */
bool warnings_distorted(const struct profile *p);

/* Whether a source line is NAME += ... or NAME = NAME + ..., where NAME may have dots and
 * brackets. */
bool source_grows_value(struct text line);

#endif
