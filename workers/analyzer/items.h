/*
 * How a line, a function and a leak look in an answer; one place, so that every answer gives the
 * same figure for the same thing. Percentages and MiB have two decimals, seconds three.
 */
#ifndef WORKERS_ANALYZER_ITEMS_H
#define WORKERS_ANALYZER_ITEMS_H

#include "workers/analyzer/map.h"
#include "workers/analyzer/profile.h"

#define ITEM_SOURCE_BYTES 120

/*
 * { file, line, function?, cpu_percent, python_percent, native_percent, wait_percent, cpu_s,
 *   plus_minus_percent, source, note? }
 *
 * with `function` unless brief, and `note` on a function's first line, where Python 3.11 books a
 * loop's jumps back.
 */
void item_line(struct value_writer *w, const struct profile *p, const struct profile_line *l,
    bool brief);

/*
 * { file, function, start_line, end_line, cpu_percent, ..., plus_minus_percent, peak_mb?,
 *   allocated_mb? }
 *
 * the last two where memory was profiled; peak_mb is that of its largest line.
 */
void item_function(struct value_writer *w, const struct profile *p,
    const struct profile_function *f);

/*
 * { file, line, function?, peak_mb, allocated_mb, average_mb?, copy_mb_s, python_fraction?,
 *   source }
 *
 * peak_mb is the highest net allocation during one visit of the line, average_mb the average of
 * its visits; python_fraction, of what was allocated there, where anything was. Without the
 * optional ones when brief.
 */
void item_memory_line(struct value_writer *w, const struct profile *p,
    const struct profile_line *l, bool brief);

/* { file, line, function?, gpu_percent, gpu_average_mb, gpu_peak_mb, cpu_percent, source } */
void item_gpu_line(struct value_writer *w, const struct profile *p, const struct profile_line *l,
    bool brief);

/* peak_memory_mb, allocated_mb, growth_rate_percent: of the run, nil without memory profiling.
 * growth_rate_percent is the net change of the footprint relative to the volume allocated. */
void item_put_memory_totals(struct map *m, const struct profile *p);

/* { file, line, likelihood, velocity_mb_s } */
void item_leak(struct value_writer *w, const struct profile *p, const struct profile_leak *l);

/* Where a line is: file, line, and function unless brief. */
void item_put_place(struct map *m, const struct profile *p, const struct profile_line *l,
    bool brief);

/* The source line without the white space around it, at most ITEM_SOURCE_BYTES. */
struct text item_source(const struct profile_line *l);

/* The same of any text. */
struct text item_excerpt(struct text t);

#endif
