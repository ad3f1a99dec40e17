/*
 * How many samples a profile rests on, and how sure a share of them is.
 *
 * Scalene writes no count, but two lower bounds of it, of which the larger is taken: the sum of the
 * counts of the Python stacks (too low where child processes were merged, and nearly nothing with
 * --no-stacks, which still records stacks of other threads), and the number of distinct times in
 * all cpu_samples_list (the main thread's alone, at most 500 a line). In a program with one thread,
 * with stacks, both are equal.
 */
#ifndef WORKERS_ANALYZER_SAMPLES_H
#define WORKERS_ANALYZER_SAMPLES_H

#include "workers/analyzer/profile.h"
#include "workers/runtime/json.h"

#define SAMPLES_FEW 100u    /* fewer, and an answer says that they are too few */

/* Times of samples, collected from many lists. */
struct sample_times {
	double *at;
	uint32_t count;
	bool cut;               /* there were more than we keep */
};

void sample_times_fini(struct sample_times *t);

/* Adds a raw array of numbers; anything else in it is skipped. ERR_NO_MEMORY. */
enum err sample_times_add(struct sample_times *t, struct json_span list);

/* Sorts, and counts the distinct ones. */
uint64_t sample_times_distinct(struct sample_times *t);

/*
 * Half the width of the 95 % interval of a share, in percent points: 2 x sqrt(2 p (1 - p) / n). The
 * factor 2 under the root is there because the sampling intervals are exponential.
 * NaN when n is unknown or 0.
 */
double share_plus_minus(const struct profile *p, double share_percent);

#endif
