/*
 * The compact form of a profile that the store keeps and every later view starts from: one msgpack
 * value.
 *
 *   [ "scalene-mcp profile", version, head, files, functions, lines, leaks, frames, stacks,
 *     timeline, rows ]
 *
 *   head       [ program, directory, elapsed_s, peak_mb, peak_python_fraction, growth_percent,
 *                native_mb, start_time, python_percent, native_percent, wait_percent,
 *                allocated_mb, copy_peak_mb_s, alloc_samples, samples or nil,
 *                has_memory, has_gpu, has_async, notes, figures per line ]
 *   files      [ path, cpu_percent, lines, last_line ]
 *   functions  [ file, start, end, kind (0 function, 1 class, 2 module), name,
 *                figures in METRICS order ... ]
 *   lines      [ file, function, number, loop_start, loop_end, region_start, region_end, source,
 *                figures ... ]
 *   leaks      [ file, line, likelihood, velocity_mb_s ]
 *   frames     [ file, function, line ]
 *   stacks     [ count, frame indices, outermost first ... ]
 *   timeline   [ at_s, memory_mb ]
 *   rows       [ file, number, source ]
 *
 * The reader takes nothing on trust: another version, a wrong count or type, an index that points
 * nowhere, a number that is negative or not finite, and a text over its bound are all ERR_CORRUPT.
 */
#ifndef WORKERS_ANALYZER_MODEL_H
#define WORKERS_ANALYZER_MODEL_H

#include "protocol/value.h"
#include "workers/analyzer/profile.h"

#define MODEL_MAGIC "scalene-mcp profile"
#define MODEL_VERSION 2

enum {
	MODEL_TOP = 11, MODEL_HEAD = 20, MODEL_FILE = 4, MODEL_FUNCTION = 5, MODEL_LINE = 8,
	MODEL_LEAK = 4, MODEL_FRAME = 3, MODEL_POINT = 2,
	MODEL_ROW = 3
};

/*
 * Cuts a profile down to what a model holds: PROFILE_MODEL_LINES lines and PROFILE_MODEL_FUNCTIONS
 * functions, those with the most CPU, then the most memory; totals stay. Notes say so. Does nothing
 * to an ordinary profile. ERR_NO_MEMORY.
 */
enum err model_cut(struct profile *p);

/* Writes the model of a profile that model_cut has seen. */
void model_write(const struct profile *p, struct value_writer *w);

/* ERR_CORRUPT, ERR_NO_MEMORY, and then *ret_profile is empty. Nothing in it borrows from the
 * model. */
enum err model_read(struct value model, struct profile *ret_profile);

#endif
