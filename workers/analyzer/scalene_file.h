/* One member of Scalene's `files`. */
#ifndef WORKERS_ANALYZER_SCALENE_FILE_H
#define WORKERS_ANALYZER_SCALENE_FILE_H

#include "workers/analyzer/profile.h"
#include "workers/analyzer/samples.h"

/*
 * Adds the file, its lines with any figure, its functions and leaks to `p`, and its totals to those
 * of `p`, and the times of its samples to `times`. A value that is no object is passed over.
 * ERR_NO_MEMORY.
 */
enum err scalene_read_file(struct profile *p, struct json_span name, struct json_span file,
    struct sample_times *times);

/*
 * A number brought into 0 ... max; NOTE_NUMBERS when it was further out than rounding explains.
 * False, and nothing written, when the value is no number.
 */
bool scalene_figure(struct profile *p, struct json_span value, double max, double *ret_figure);

#endif
