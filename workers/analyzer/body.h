/*
 * The source of one function as statements and loops, with their figures: what rules look at.
 *
 * Functions and classes inside it are left out; they have bodies of their own. Loops are told by
 * indentation; only the outermost have figures, because Scalene spreads samples over all lines of a
 * loop.
 */
#ifndef WORKERS_ANALYZER_BODY_H
#define WORKERS_ANALYZER_BODY_H

#include "workers/analyzer/profile.h"

#define BODY_ROWS_MAX 5000u     /* of one function that are looked at */
#define BODY_NO_LOOP UINT32_MAX

struct body_row {
	uint32_t number;
	struct text code;           /* without strings and comments */
	struct text source;
	const struct profile_line *line;    /* NULL: it has no figures */
	unsigned depth;             /* loops around it; a `while` line is in its own loop */
	uint32_t loop;              /* the outermost one, or BODY_NO_LOOP */
	bool begins;                /* begins a statement */
	bool is_for, is_while;
	unsigned indent;
};

struct body_loop {
	uint32_t first, last;       /* rows */
	double metric[METRIC_COUNT];
};

struct body {
	const struct profile_function *function;
	bool is_async;
	struct body_row *rows;
	struct body_loop *loops;    /* outermost ones */
	uint32_t row_count, loop_count;
	struct arena arena;
};

/* To be freed with body_fini, also after ERR_NO_MEMORY. */
enum err body_read(const struct profile *p, const struct profile_function *f,
    struct body *ret_body);
void body_fini(struct body *b);

#endif
