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
 * loop's jumps back (SCALENE.md 2.3).
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

/* { file, line, likelihood, velocity_mb_s } */
void item_leak(struct value_writer *w, const struct profile *p, const struct profile_leak *l);

/* The source line without the white space around it, at most ITEM_SOURCE_BYTES. */
struct text item_source(const struct profile_line *l);

#endif
