#include <math.h>
#include <stddef.h>
#include <string.h>

#include "workers/front/schema_keywords.h"

/* A keyword in a schema; `name` is the keyword's, `value` what stands there. */
struct rule {
	const cJSON *schema;
	const cJSON *value;
	const struct schema_place *place;
	struct schema_problem *problem;
};

typedef bool form_fn(const struct rule *r);

static bool supported(const cJSON *schema, const struct schema_place *place,
    struct schema_problem *problem);

/* "schema, at 'properties.x.type': not known" */
static bool
refuse(const struct schema_place *place, struct schema_problem *problem, const char *what)
{
	struct json_text t;

	json_text_init(&t);
	json_text_adds(&t, "schema");
	if (place != NULL) {
		json_text_adds(&t, ", at '");
		schema_add_path(&t, place);
		json_text_adds(&t, "'");
	}
	json_text_adds(&t, ": ");
	json_text_adds(&t, what);
	schema_refuse(&t, problem);
	return false;
}

static bool
expect(const struct rule *r, bool good, const char *what)
{
	return good || refuse(r->place, r->problem, what);
}

static bool
is_scalar(const cJSON *v)
{
	return cJSON_IsString(v) || cJSON_IsBool(v) || cJSON_IsNull(v)
	    || (cJSON_IsNumber(v) && isfinite(v->valuedouble));
}

static bool
is_count(const cJSON *v)
{
	return cJSON_IsNumber(v) && v->valuedouble >= 0 && v->valuedouble == trunc(v->valuedouble)
	    && isfinite(v->valuedouble);
}

static bool
form_any(const struct rule *r)
{
	(void)r;
	return true;
}

static bool
form_text(const struct rule *r)
{
	return expect(r, cJSON_IsString(r->value), "must be text");
}

static bool
form_true(const struct rule *r)
{
	return expect(r, cJSON_IsTrue(r->value), "must be true");
}

static bool
form_number(const struct rule *r)
{
	return expect(r, cJSON_IsNumber(r->value) && isfinite(r->value->valuedouble),
	    "must be a number");
}

static bool
form_count(const struct rule *r)
{
	return expect(r, is_count(r->value), "must be a whole number, not negative");
}

static bool
form_scalar(const struct rule *r)
{
	return expect(r, is_scalar(r->value), "must be a scalar");
}

static bool
form_scalars(const struct rule *r)
{
	bool good = cJSON_IsArray(r->value) && r->value->child != NULL;
	const cJSON *item;

	cJSON_ArrayForEach(item, r->value)
		good = good && is_scalar(item);
	return expect(r, good, "must be an array of scalars, not empty");
}

static bool
is_type(const cJSON *v)
{
	return cJSON_IsString(v) && schema_type_by_name(v->valuestring) != NULL;
}

static bool
form_types(const struct rule *r)
{
	bool good = is_type(r->value) || (cJSON_IsArray(r->value) && r->value->child != NULL);
	const cJSON *item;

	if (cJSON_IsArray(r->value))
		cJSON_ArrayForEach(item, r->value)
			good = good && is_type(item);
	return expect(r, good, "must be a type or an array of types");
}

static bool
form_names(const struct rule *r)
{
	const cJSON *properties = json_get(r->schema, "properties"), *item;
	bool good = cJSON_IsArray(r->value);

	cJSON_ArrayForEach(item, r->value)
		good = good && json_get(properties, cJSON_GetStringValue(item)) != NULL;
	return expect(r, good, "must be an array of names that 'properties' declares");
}

static bool
form_schema(const struct rule *r)
{
	return supported(r->value, r->place, r->problem);
}

static bool
form_schema_or_false(const struct rule *r)
{
	return cJSON_IsFalse(r->value) || form_schema(r);
}

static bool
form_schemas(const struct rule *r)
{
	const cJSON *schema;

	if (!expect(r, cJSON_IsObject(r->value), "must be an object of schemas"))
		return false;
	if (!expect(r, json_get(r->schema, "additionalProperties") != NULL,
	    "needs 'additionalProperties' beside it"))
		return false;
	cJSON_ArrayForEach(schema, r->value) {
		struct schema_place place = { r->place, schema->string, 0 };
		if (!supported(schema, &place, r->problem))
			return false;
	}
	return true;
}

static bool
form_default(const struct rule *r)
{
	struct schema_case c = { r->schema, r->value, r->place, r->problem };

	if (!expect(r, !cJSON_IsNull(r->value), "must not be null, which counts as not given"))
		return false;
	return schema_check_value(&c) == OK;
}

static form_fn *const forms[SCHEMA_FORMS] = {
	[SCHEMA_FORM_ANY] = form_any,
	[SCHEMA_FORM_TEXT] = form_text,
	[SCHEMA_FORM_TRUE] = form_true,
	[SCHEMA_FORM_NUMBER] = form_number,
	[SCHEMA_FORM_COUNT] = form_count,
	[SCHEMA_FORM_SCALAR] = form_scalar,
	[SCHEMA_FORM_SCALARS] = form_scalars,
	[SCHEMA_FORM_TYPES] = form_types,
	[SCHEMA_FORM_NAMES] = form_names,
	[SCHEMA_FORM_SCHEMA] = form_schema,
	[SCHEMA_FORM_SCHEMA_OR_FALSE] = form_schema_or_false,
	[SCHEMA_FORM_SCHEMAS] = form_schemas,
	[SCHEMA_FORM_DEFAULT] = form_default,
};

static const struct schema_keyword *
keyword_by_name(const char *name)
{
	for (const struct schema_keyword *k = schema_keywords; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static bool
supported(const cJSON *schema, const struct schema_place *place, struct schema_problem *problem)
{
	const cJSON *value;

	if (!cJSON_IsObject(schema))
		return refuse(place, problem, "must be an object");
	cJSON_ArrayForEach(value, schema) {
		const struct schema_keyword *k = keyword_by_name(value->string);
		struct schema_place below = { place, value->string, 0 };
		struct rule r = { schema, value, &below, problem };

		if (k == NULL)
			return refuse(&below, problem, "there is no such keyword here");
		if (json_get(schema, value->string) != value)
			return refuse(&below, problem, "is there twice");
		if (!forms[k->form](&r))
			return false;
	}
	return true;
}

bool
schema_supported(const cJSON *schema, struct schema_problem *ret_problem)
{
	return supported(schema, NULL, ret_problem);
}
