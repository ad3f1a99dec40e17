/* The table behind schema.h: each keyword's check and the form it must have in a schema. */
#ifndef WORKERS_FRONT_SCHEMA_KEYWORDS_H
#define WORKERS_FRONT_SCHEMA_KEYWORDS_H

#include "workers/front/schema.h"
#include "workers/front/schema_text.h"

/* A value, the schema it must meet, and where it stands. */
struct schema_case {
	const cJSON *schema;
	const cJSON *value;
	const struct schema_place *place;
	struct schema_problem *problem;
};

/* `rule` is the keyword's value in c->schema. Values of a type that the keyword does not speak
 * about pass. ERR_INVALID_ARGUMENT, and the problem written, otherwise. */
typedef enum err schema_check_fn(const struct schema_case *c, const cJSON *rule);

enum schema_form {
	SCHEMA_FORM_ANY,
	SCHEMA_FORM_TEXT,
	SCHEMA_FORM_TRUE,
	SCHEMA_FORM_NUMBER,
	SCHEMA_FORM_COUNT,              /* whole, not negative */
	SCHEMA_FORM_SCALAR,             /* text, finite number, boolean or null */
	SCHEMA_FORM_SCALARS,            /* an array of them, not empty */
	SCHEMA_FORM_TYPES,              /* one name of a type, or an array of them */
	SCHEMA_FORM_NAMES,              /* an array of names that `properties` declares */
	SCHEMA_FORM_SCHEMA,
	SCHEMA_FORM_SCHEMA_OR_FALSE,
	SCHEMA_FORM_SCHEMAS,            /* an object of them */
	SCHEMA_FORM_DEFAULT,            /* passes the schema it stands in */
	SCHEMA_FORMS
};

struct schema_keyword {
	const char *name;
	schema_check_fn *check;         /* NULL: says nothing about the value */
	enum schema_form form;
};

/* In the order in which they are checked; ends with a NULL name. */
extern const struct schema_keyword schema_keywords[];

struct schema_type {
	const char *name;               /* "integer" */
	const char *words;              /* "an integer" */
	bool (*holds)(const cJSON *value);
};

/* NULL when there is no type of that name. */
const struct schema_type *schema_type_by_name(const char *name);

/* Whether a rule that is a text, or an array of texts, holds that one: `type`, `required`. */
bool schema_rule_has(const cJSON *rule, const char *text);

/* The keywords that do not look into members and elements (schema_scalar.c). */
schema_check_fn schema_check_type;
schema_check_fn schema_check_enum;
schema_check_fn schema_check_const;
schema_check_fn schema_check_range;
schema_check_fn schema_check_length;
schema_check_fn schema_check_item_count;
schema_check_fn schema_check_member_count;
schema_check_fn schema_check_ulid;

/* Whether the value passes all keywords of the schema. */
enum err schema_check_value(const struct schema_case *c);

#endif
