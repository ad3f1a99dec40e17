/* What an answer says first about a whole profile. */
#ifndef WORKERS_ANALYZER_SUMMARY_H
#define WORKERS_ANALYZER_SUMMARY_H

#include "workers/analyzer/map.h"
#include "workers/analyzer/profile.h"

#define SUMMARY_ITEMS 5u
#define SUMMARY_LEAKS 3u

/* elapsed_s and peak_memory_mb exactly as Scalene wrote them, allocated_mb, cpu_s, samples. The
 * memory members are nil without memory profiling, samples where unknown. */
void summary_put_totals(struct map *m, const struct profile *p);

/*
 * top_functions, top_lines, and leaks where memory was profiled. At most SUMMARY_ITEMS of each,
 * fewer where the first ones hold nearly all of the CPU time or the others hold next to nothing.
 * ERR_NO_MEMORY.
 */
enum err summary_put_top(struct map *m, const struct profile *p);

/*
 * An array of the functions, or the lines, with the most CPU time, `max` at most and fewer as
 * above, under a key that was written before. `wanted` as for rank_lines. ERR_NO_MEMORY.
 */
enum err summary_write_functions(struct value_writer *w, const struct profile *p,
    const bool *wanted, uint32_t max);
enum err summary_write_lines(struct value_writer *w, const struct profile *p, const bool *wanted,
    uint32_t max);

/* What to warn about beside a summary (warnings.h). */
unsigned summary_topics(const struct profile *p);

/* The summary of a run: totals, top, warnings. ERR_NO_MEMORY. */
enum err summary_write(struct value_writer *w, const struct profile *p);

/* The summary of a run without a profile: the same totals, all nil, and `warning`. */
void summary_write_none(struct value_writer *w, const char *warning);

#endif
