/*
 * What of a profile is worth a look: functions by CPU time, lines by the memory they hold.
 *
 * Functions, because Scalene spreads a sample over the lines of a loop; and
 * how grave one is follows from the lower end of its 95 % interval, so that few samples make less
 * of it. Memory counts by its size and by its part of the run's peak. A line's own peak is that of
 * one visit, and so misses what it keeps from visit to visit; where the run kept most of what it
 * allocated (growth.h), that part of what the line allocated counts instead, if it is more.
 */
#ifndef WORKERS_ANALYZER_BOTTLENECKS_H
#define WORKERS_ANALYZER_BOTTLENECKS_H

#include "protocol/value.h"
#include "workers/analyzer/profile.h"

#define BOTTLENECK_HIGH_PERCENT 30.0    /* of the CPU time, at least */
#define BOTTLENECK_MEDIUM_PERCENT 10.0
#define BOTTLENECK_PEAK_PERCENT 30.0    /* of the run's peak */
#define BOTTLENECK_PEAK_MB 100.0

enum severity { SEVERITY_HIGH, SEVERITY_MEDIUM, SEVERITY_LOW, SEVERITY_COUNT };

struct bottleneck {
	enum severity severity;
	bool is_memory;
	double size;                /* percent of the CPU time, or MiB */
	uint32_t index;             /* of p->functions, or of p->lines */
};

struct bottlenecks {
	struct bottleneck *at;      /* gravest first; of the same severity CPU before memory */
	uint32_t count;
	uint32_t hidden_functions, hidden_lines;    /* below the thresholds */
};

/* "high", "medium", "low". */
const char *severity_word(enum severity s);

/* What a line holds, in MiB, as far as can be told. */
double bottleneck_memory_mb(const struct profile *p, const struct profile_line *l);

/* Those that reach a threshold. `wanted` as for rank_lines. ERR_NO_MEMORY. */
enum err bottlenecks_find(const struct profile *p, const bool *wanted, double cpu_threshold,
    double memory_threshold_mb, struct bottlenecks *ret_found);
void bottlenecks_fini(struct bottlenecks *b);

/*
 * { severity, kind: "cpu", file, function, start_line, end_line, line, cpu_percent,
 *   plus_minus_percent, cpu_s, source, evidence }, where line and source are its costliest line;
 * { severity, kind: "memory", file, line, function, peak_mb, allocated_mb, source, evidence };
 * without end_line, cpu_s, source and evidence when brief.
 */
void bottleneck_write(struct value_writer *w, const struct profile *p,
    const struct bottleneck *b, bool brief);

/* The lower end of the 95 % interval of a share; the share itself without sample counts. */
double share_at_least(const struct profile *p, double share_percent);

#endif
