#include "workers/analyzer/listing.h"

#include <stdlib.h>

#include "workers/analyzer/rank.h"

enum err
listing_open(struct listing *l, const struct view_query *q, struct view_problem *problem)
{
	enum err e;

	*l = (struct listing){ .query = q };
	e = view_check_top_n(q, problem);
	if (e == OK)
		e = view_offset(q, &l->offset, &l->hash, problem);
	if (e == OK)
		e = view_wanted_files(q, &l->wanted, problem);
	return e;
}

void
listing_fini(struct listing *l)
{
	free(l->wanted);
	l->wanted = NULL;
}

void
listing_write(struct listing *l, struct map *m, const char *key, uint32_t count,
    listing_item_fn *item, const void *from)
{
	uint32_t written = 0, next = l->offset;
	size_t opened;

	map_key(m, key);
	opened = value_open_array(m->w);
	while (next < count && written < l->query->top_n
	    && value_done(m->w).len < VIEW_RESULT_BYTES) {
		item(m->w, l->query->profile, from, next++);
		written++;
	}
	value_close_array(m->w, opened, written);
	l->next = next < count ? next : 0;
}

void
listing_put_cursor(const struct listing *l, struct map *m)
{
	char cursor[CURSOR_BYTES];

	if (l->next == 0)
		return;
	cursor_write(l->hash, l->next, cursor);
	map_text(m, "next_cursor", text_of(cursor));
}
