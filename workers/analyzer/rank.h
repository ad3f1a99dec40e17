/* Which lines or functions come first, of which files, and from where on. */
#ifndef WORKERS_ANALYZER_RANK_H
#define WORKERS_ANALYZER_RANK_H

#include "workers/analyzer/profile.h"

/* What is ranked by; elements with 0 are left out. */
typedef double rank_fn(const double metric[METRIC_COUNT]);

struct ranked {
	double key;
	uint32_t index;             /* in profile.lines or profile.functions */
	uint32_t file, line;        /* break ties */
};

struct ranking {
	struct ranked *at;          /* largest key first */
	uint32_t count;
};

/* Only of files with wanted[file]; NULL: of all. ERR_NO_MEMORY. */
enum err rank_lines(const struct profile *p, rank_fn *key, const bool *wanted,
    struct ranking *ret_ranking);
enum err rank_functions(const struct profile *p, rank_fn *key, const bool *wanted,
    struct ranking *ret_ranking);

/* By likelihood; all of them, also with likelihood 0. */
enum err rank_leaks(const struct profile *p, const bool *wanted, struct ranking *ret_ranking);

/*
 * What memory lists are ordered by: METRIC_PEAK, and after everything that has one, what was
 * allocated and copied.
 */
double rank_memory(const double metric[METRIC_COUNT]);

/* GPU share, then GPU memory. */
double rank_gpu(const double metric[METRIC_COUNT]);

/* CPU share, then memory: everything that has any of both. */
double rank_cpu_memory(const double metric[METRIC_COUNT]);

void ranking_fini(struct ranking *r);

/*
 * The files whose path ends with the components of `filename`: "pricing.py" and "shop/pricing.py"
 * both match /project/shop/pricing.py, "ricing.py" does not. *ret_wanted, one flag for each file,
 * is the caller's to free. ERR_NOT_FOUND when there is none.
 */
enum err rank_match_files(const struct profile *p, struct text filename, bool **ret_wanted);

#define CURSOR_BYTES 32

/*
 * A cursor is an offset together with a hash of what it belongs to (view, profile, filter), so that
 * one of another list is refused. A nil cursor is offset 0; ERR_INVALID_ARGUMENT for what
 * cursor_write did not make.
 */
uint32_t cursor_hash(uint32_t seed, struct text t);
void cursor_write(uint32_t hash, uint32_t offset, char ret_cursor[CURSOR_BYTES]);
enum err cursor_read(uint32_t hash, struct text cursor, uint32_t *ret_offset);

#endif
