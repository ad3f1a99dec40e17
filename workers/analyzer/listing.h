/* One page of a list: of which files, from where on, and the cursor for the next page. */
#ifndef WORKERS_ANALYZER_LISTING_H
#define WORKERS_ANALYZER_LISTING_H

#include "workers/analyzer/map.h"
#include "workers/analyzer/views.h"

struct listing {
	const struct view_query *query;
	bool *wanted;               /* files, NULL: all */
	uint32_t hash;
	uint32_t offset;            /* of this page's first element */
	uint32_t next;              /* of the next page's; 0: there is none */
};

/* Checks top_n, cursor and filename of the query; the error is one of theirs. To be freed with
 * listing_fini, also after an error. */
enum err listing_open(struct listing *l, const struct view_query *q, struct view_problem *problem);
void listing_fini(struct listing *l);

/* Writes one value for element `index` of whatever `from` is. */
typedef void listing_item_fn(struct value_writer *w, const struct profile *p, const void *from,
    uint32_t index);

/* The member `key`: an array of this page's elements of `count`, top_n at most, fewer where the
 * answer becomes too large. */
void listing_write(struct listing *l, struct map *m, const char *key, uint32_t count,
    listing_item_fn *item, const void *from);

/* next_cursor, where there is more. */
void listing_put_cursor(const struct listing *l, struct map *m);

#endif
