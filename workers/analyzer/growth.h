/*
 * Whether the whole process grew, which is better evidence of a leak than Scalene's detector: that
 * reports lines of programs without a leak, and misses leaks.
 */
#ifndef WORKERS_ANALYZER_GROWTH_H
#define WORKERS_ANALYZER_GROWTH_H

#include "workers/analyzer/profile.h"

/* growth_rate_percent from which on most of what was allocated is still there */
#define GROWTH_RATE_PERCENT 50.0
/* of the peak; less does not count as rising */
#define GROWTH_LATE_PERCENT 5.0

enum growth {
	GROWTH_UNKNOWN,             /* memory was not profiled, or too few points */
	GROWTH_NONE,                /* neither sign */
	GROWTH_ONE_SIGN,            /* growth rate or timeline, not both */
	GROWTH_BOTH
};

/* Mean footprint of the last quarter of the run less that of the third, in MiB; NaN where one of
 * them has no points. */
double growth_late_mb(const struct profile *p);

enum growth growth_of(const struct profile *p);

/* A sentence for it. */
const char *growth_text(enum growth g);

#endif
