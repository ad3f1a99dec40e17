/* How problems with arguments are worded: where, and what was given, cut to a bearable size. */
#ifndef WORKERS_FRONT_SCHEMA_TEXT_H
#define WORKERS_FRONT_SCHEMA_TEXT_H

#include <stddef.h>

#include "workers/front/schema.h"
#include "workers/runtime/json.h"

/* A step down from the arguments; lives on the stack of who takes it. */
struct schema_place {
	const struct schema_place *parent;   /* NULL: the arguments themselves */
	const char *key;                     /* NULL: an element of an array, at index */
	size_t index;
};

/* "the arguments" or "argument 'a.b[3]'". */
void schema_add_place(struct json_text *t, const struct schema_place *place);

/* "a.b[3]" without quotes. */
void schema_add_path(struct json_text *t, const struct schema_place *place);

/* A scalar as JSON, cut; "an array", "an object". */
void schema_add_value(struct json_text *t, const cJSON *value);

/* What lies between two bounds, either of which may be absent (NAN): "between 1 and 9 items".
 * `unit` is a singular, or NULL. */
struct schema_bounds {
	double low, high;
	bool low_excluded;
	const char *unit;
};
void schema_add_bounds(struct json_text *t, const struct schema_bounds *b);

/* The name of `properties` that is nearest to `name`, NULL when none is within two edits. */
const char *schema_nearest(const cJSON *properties, const char *name);

/* "a, b, c", ends with "..." when there are too many. */
void schema_add_names(struct json_text *t, const cJSON *properties);

/* Copies the text into *ret_problem, cut where it is too long, and frees it. Returns
 * ERR_INVALID_ARGUMENT. */
enum err schema_refuse(struct json_text *t, struct schema_problem *ret_problem);

#endif
