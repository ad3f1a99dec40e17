/* The two things this process does, without messages and files: bytes in, findings out. */
#ifndef WORKERS_ANALYZER_ANALYSIS_H
#define WORKERS_ANALYZER_ANALYSIS_H

#include "protocol/value.h"
#include "workers/analyzer/views.h"

/* What is known of a run after its profile was read. */
struct reading {
	struct text outcome;        /* static, or the run's own outcome, borrowed */
	double elapsed_s, peak_memory_mb;   /* NaN where unknown */
	struct value_writer summary;
	struct value_writer model;
	bool has_model;             /* false: no readable profile, or it is the empty object */
};

/*
 * Reads what Scalene wrote; text == NULL: nothing. A run that was "ok" becomes "bad_profile"
 * without a readable profile, "no_samples" when no line of it has any figure; any other outcome
 * stays. Reading a bad profile is no error: ERR_NO_MEMORY alone. ret_reading is to be freed with
 * reading_fini, also after an error.
 */
enum err reading_make(struct text run_outcome, const char *text, size_t len,
    struct reading *ret_reading);
void reading_fini(struct reading *r);

/* Answers a view of a model: q without `profile` and `facts`, which come from the encoded values.
 * Writes into `w` only on OK. ERR_CORRUPT for a bad model, ERR_MALFORMED for bad facts, else the
 * view's error. */
enum err analysis_view(struct value model, struct value facts, struct view_query q,
    struct value_writer *w,
    struct view_problem *problem);

#endif
