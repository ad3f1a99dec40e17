/* A msgpack map of which not every member is always there: counts what is put into it. */
#ifndef WORKERS_ANALYZER_MAP_H
#define WORKERS_ANALYZER_MAP_H

#include "protocol/value.h"

struct map {
	struct value_writer *w;
	size_t opened;
	uint32_t pairs;
};

/* How many decimals a figure is written with. */
enum { DECIMALS_PERCENT = 2, DECIMALS_MB = 2, DECIMALS_S = 3 };

void map_open(struct map *m, struct value_writer *w);
void map_close(struct map *m);

/* The key alone; exactly one value must be written to m->w next. */
void map_key(struct map *m, const char *key);

void map_text(struct map *m, const char *key, struct text v);   /* nil text: nil */
void map_int(struct map *m, const char *key, int64_t v);
void map_exact(struct map *m, const char *key, double v);       /* NaN: nil */
void map_figure(struct map *m, const char *key, double v, int decimals);
void map_object(struct map *m, const char *key, const msgpack_object *o);   /* NULL: nil */

/* The member of `from` by that key, if it has one that is not nil. */
void map_member(struct map *m, const char *key, const msgpack_object *from);

#endif
