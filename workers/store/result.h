/*
 * A map that is put together from what several processes said, in a bounded size: the first to set
 * a key wins, what does not fit is left out and named in `left_out`, and `warnings` of all parts
 * are joined.
 */
#ifndef WORKERS_STORE_RESULT_H
#define WORKERS_STORE_RESULT_H

#include "protocol/value.h"

#define RESULT_MAX 60000                 /* bytes; as `result` and `facts` of the message table */
#define RESULT_KEYS 256                  /* members; more are left out */
#define RESULT_LEFT_OUT 16               /* names told in `left_out` */

struct result {
	struct value_writer w;           /* points to itself: a result must not be moved */
	size_t opened;
	uint32_t pairs;
	struct text keys[RESULT_KEYS];
	unsigned key_count;
	struct text left_out[RESULT_LEFT_OUT];
	unsigned left_out_count;
};

void result_init(struct result *r);
void result_fini(struct result *r);

/* One member each. Keys, and trees given to result_members, are borrowed until result_finish;
 * values are copied. A nil text, a NaN and a nil value set nothing. */
void result_text(struct result *r, const char *key, struct text v);
void result_string(struct result *r, const char *key, const char *v);
void result_real(struct result *r, const char *key, double v);
void result_value(struct result *r, const char *key, struct value v);

/* All members of a map but `warnings`; NULL and nil are fine. ERR_INVALID_ARGUMENT for anything
 * else that is no map. */
enum err result_members(struct result *r, const msgpack_object *map);

/* The `warnings` arrays of both maps, one after the other. To be called last: it has room of its
 * own. */
void result_warnings(struct result *r, const msgpack_object *first, const msgpack_object *second);

/* Closes the map and appends it to `w`. ERR_CORRUPT when it is not well-formed (stored bytes
 * were not), ERR_NO_MEMORY. */
enum err result_finish(struct result *r, struct value_writer *w);

#endif
