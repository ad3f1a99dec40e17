/*
 * The views of a profile that ANALYZE can ask for: a table of names and functions. A new view is
 * one row and one function.
 */
#ifndef WORKERS_ANALYZER_VIEWS_H
#define WORKERS_ANALYZER_VIEWS_H

#include "protocol/value.h"
#include "workers/analyzer/profile.h"

#define VIEW_TOP_N_MAX 1000
#define VIEW_CPU_THRESHOLD 5.0          /* percent */
#define VIEW_MEMORY_THRESHOLD_MB 10.0
#define VIEW_MEMORY_THRESHOLD_MAX 1e9

/* A list stops here, before the message's limit, and goes on behind next_cursor. */
#define VIEW_RESULT_BYTES 400000u

struct view_query {
	const struct profile *profile;
	const msgpack_object *facts;    /* what the store knows, a map; NULL members are left out */
	struct text view;
	int64_t top_n;
	struct text filename, cursor;   /* nil: none given */
	struct text metric_type;        /* of the view analyze */
	double cpu_threshold, memory_threshold_mb;      /* percent, MiB; NaN: none given */
};

/* Why a view was refused, for the person who asked. */
struct view_problem {
	char message[2000];
	const char *hint;               /* static, or NULL */
};

/* Writes the answer, one map. On an error what was written is thrown away; an empty message means
 * the error table's text. */
typedef enum err view_fn(const struct view_query *q, struct value_writer *w,
    struct view_problem *problem);

struct view {
	const char *name;
	view_fn *run;
};

/* NULL when there is no view of that name. */
const struct view *view_by_name(struct text name);

/* Runs q->view; ERR_INVALID_ARGUMENT, with the names there are, for an unknown one. */
enum err view_run(const struct view_query *q, struct value_writer *w, struct view_problem *problem);

/* ERR_INVALID_ARGUMENT and a message when top_n is not in 1 ... VIEW_TOP_N_MAX. */
enum err view_check_top_n(const struct view_query *q, struct view_problem *problem);

/*
 * The files that q->filename means; *ret_wanted is NULL when no filename was given, else the
 * caller's to free. ERR_NOT_FOUND with a message that lists the files there are.
 */
enum err view_wanted_files(const struct view_query *q, bool **ret_wanted,
    struct view_problem *problem);

/* The thresholds, or the defaults where none are given. ERR_INVALID_ARGUMENT with a message when
 * one is negative or no number that could be met. */
enum err view_thresholds(const struct view_query *q, double *ret_cpu, double *ret_memory_mb,
    struct view_problem *problem);

/* Sets the message, instead of what is there, and returns ERR_INVALID_ARGUMENT. */
enum err view_refuse(struct view_problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The offset that q->cursor stands for, and the hash for the next one. ERR_INVALID_ARGUMENT with a
 * message. */
enum err view_offset(const struct view_query *q, uint32_t *ret_offset, uint32_t *ret_hash,
    struct view_problem *problem);

/* The views; each is described above its definition. */
view_fn view_analyze, view_bottlenecks, view_cpu_hotspots, view_file_details, view_functions,
    view_gpu_hotspots, view_leaks, view_memory_hotspots, view_overview, view_profile,
    view_recommendations;

#endif
