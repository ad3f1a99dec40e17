/*
 * The views of a profile that ANALYZE can ask for: a table of names and functions. A new view is
 * one row and one function.
 */
#ifndef WORKERS_ANALYZER_VIEWS_H
#define WORKERS_ANALYZER_VIEWS_H

#include "protocol/value.h"
#include "workers/analyzer/profile.h"

#define VIEW_TOP_N_MAX 1000

/* A list stops here, before the message's limit, and goes on behind next_cursor. */
#define VIEW_RESULT_BYTES 400000u

struct view_query {
	const struct profile *profile;
	const msgpack_object *facts;    /* what the store knows, a map; NULL members are left out */
	struct text view;
	int64_t top_n;
	struct text filename, cursor;   /* nil: none given */
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

/* The offset that q->cursor stands for, and the hash for the next one. ERR_INVALID_ARGUMENT with a
 * message. */
enum err view_offset(const struct view_query *q, uint32_t *ret_offset, uint32_t *ret_hash,
    struct view_problem *problem);

/* The views; each is described above its definition. */
view_fn view_cpu_hotspots, view_profile;

#endif
