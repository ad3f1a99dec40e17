#include <math.h>
#include <string.h>

#include "protocol/ulid.h"
#include "workers/front/schema_keywords.h"

/* "argument 'x' must ": the rest is the caller's. */
static void
begin(struct json_text *t, const struct schema_case *c, const char *verb)
{
	json_text_init(t);
	schema_add_place(t, c->place);
	json_text_adds(t, verb);
}

/* ", not 5": the end of most problems. */
static enum err
refuse_value(struct json_text *t, const struct schema_case *c)
{
	json_text_adds(t, ", not ");
	schema_add_value(t, c->value);
	return schema_refuse(t, c->problem);
}

/* ---- type ---- */

static bool
holds_object(const cJSON *v)
{
	return cJSON_IsObject(v);
}

static bool
holds_array(const cJSON *v)
{
	return cJSON_IsArray(v);
}

static bool
holds_string(const cJSON *v)
{
	return cJSON_IsString(v);
}

static bool
holds_number(const cJSON *v)
{
	return cJSON_IsNumber(v) && isfinite(v->valuedouble);
}

static bool
holds_integer(const cJSON *v)
{
	return holds_number(v) && v->valuedouble == trunc(v->valuedouble)
	    && fabs(v->valuedouble) <= 9007199254740992.0;
}

static bool
holds_boolean(const cJSON *v)
{
	return cJSON_IsBool(v);
}

static bool
holds_null(const cJSON *v)
{
	return cJSON_IsNull(v);
}

static const struct schema_type types[] = {
	{ "object", "an object", holds_object },
	{ "array", "an array", holds_array },
	{ "string", "a string", holds_string },
	{ "integer", "an integer", holds_integer },
	{ "number", "a number", holds_number },
	{ "boolean", "true or false", holds_boolean },
	{ "null", "null", holds_null },
};

const struct schema_type *
schema_type_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

bool
schema_rule_has(const cJSON *rule, const char *text)
{
	const cJSON *item;

	if (cJSON_IsString(rule))
		return strcmp(rule->valuestring, text) == 0;
	cJSON_ArrayForEach(item, rule)
		if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
			return true;
	return false;
}

/* "a string or an array"; null goes without saying, unless it is all there is. */
static void
add_types(struct json_text *t, const cJSON *rule)
{
	bool first = true;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!schema_rule_has(rule, types[i].name))
			continue;
		if (types[i].holds == holds_null && !first)
			continue;
		json_text_adds(t, first ? "" : " or ");
		json_text_adds(t, types[i].words);
		first = false;
	}
}

enum err
schema_check_type(const struct schema_case *c, const cJSON *rule)
{
	struct json_text t;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].holds(c->value) && schema_rule_has(rule, types[i].name))
			return OK;
	begin(&t, c, " must be ");
	add_types(&t, rule);
	return refuse_value(&t, c);
}

/* ---- scalars ---- */

static bool
scalars_equal(const cJSON *a, const cJSON *b)
{
	if (cJSON_IsString(a) && cJSON_IsString(b))
		return strcmp(a->valuestring, b->valuestring) == 0;
	if (cJSON_IsNumber(a) && cJSON_IsNumber(b))
		return a->valuedouble == b->valuedouble;
	if (cJSON_IsBool(a) && cJSON_IsBool(b))
		return cJSON_IsTrue(a) == cJSON_IsTrue(b);
	return cJSON_IsNull(a) && cJSON_IsNull(b);
}

enum err
schema_check_enum(const struct schema_case *c, const cJSON *rule)
{
	struct json_text t;
	const cJSON *item;

	cJSON_ArrayForEach(item, rule)
		if (scalars_equal(item, c->value))
			return OK;
	begin(&t, c, " must be one of ");
	cJSON_ArrayForEach(item, rule) {
		json_text_adds(&t, item == rule->child ? "" : ", ");
		schema_add_value(&t, item);
	}
	return refuse_value(&t, c);
}

enum err
schema_check_const(const struct schema_case *c, const cJSON *rule)
{
	struct json_text t;

	if (scalars_equal(rule, c->value))
		return OK;
	begin(&t, c, " must be ");
	schema_add_value(&t, rule);
	return refuse_value(&t, c);
}

static double
number_or_nan(const cJSON *schema, const char *keyword)
{
	const cJSON *rule = json_get(schema, keyword);

	return cJSON_IsNumber(rule) ? rule->valuedouble : (double)NAN;
}

static bool
within(const struct schema_bounds *b, double v)
{
	return !(b->low_excluded ? v <= b->low : v < b->low) && !(v > b->high);
}

enum err
schema_check_range(const struct schema_case *c, const cJSON *rule)
{
	struct schema_bounds bounds = { number_or_nan(c->schema, "minimum"),
		number_or_nan(c->schema, "maximum"), false, NULL };
	double excluded = number_or_nan(c->schema, "exclusiveMinimum");
	struct json_text t;

	(void)rule;
	if (!cJSON_IsNumber(c->value))
		return OK;
	if (!isnan(excluded) && !(bounds.low > excluded)) {
		bounds.low = excluded;
		bounds.low_excluded = true;
	}
	if (within(&bounds, c->value->valuedouble))
		return OK;
	begin(&t, c, " must be ");
	schema_add_bounds(&t, &bounds);
	return refuse_value(&t, c);
}

/* ---- sizes ---- */

static enum err
check_count(const struct schema_case *c, size_t count, const struct schema_bounds *bounds)
{
	struct json_text t;

	if (within(bounds, (double)count))
		return OK;
	begin(&t, c, " must have ");
	schema_add_bounds(&t, bounds);
	json_text_addf(&t, ", not %zu", count);
	return schema_refuse(&t, c->problem);
}

static size_t
code_points(const char *text)
{
	size_t n = 0;

	for (; *text != 0; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static size_t
count_children(const cJSON *v)
{
	const cJSON *child;
	size_t n = 0;

	cJSON_ArrayForEach(child, v)
		n++;
	return n;
}

enum err
schema_check_length(const struct schema_case *c, const cJSON *rule)
{
	struct schema_bounds bounds = { number_or_nan(c->schema, "minLength"),
		number_or_nan(c->schema, "maxLength"), false, "character" };

	(void)rule;
	if (!cJSON_IsString(c->value))
		return OK;
	return check_count(c, code_points(c->value->valuestring), &bounds);
}

enum err
schema_check_item_count(const struct schema_case *c, const cJSON *rule)
{
	struct schema_bounds bounds = { number_or_nan(c->schema, "minItems"),
		number_or_nan(c->schema, "maxItems"), false, "item" };

	(void)rule;
	if (!cJSON_IsArray(c->value))
		return OK;
	return check_count(c, count_children(c->value), &bounds);
}

enum err
schema_check_member_count(const struct schema_case *c, const cJSON *rule)
{
	struct schema_bounds bounds = { (double)NAN,
		number_or_nan(c->schema, "maxProperties"), false, "member" };

	(void)rule;
	if (!cJSON_IsObject(c->value))
		return OK;
	return check_count(c, count_children(c->value), &bounds);
}

enum err
schema_check_ulid(const struct schema_case *c, const cJSON *rule)
{
	struct json_text t;

	if (!cJSON_IsTrue(rule) || !cJSON_IsString(c->value)
	    || ulid_valid(c->value->valuestring, strlen(c->value->valuestring)))
		return OK;
	begin(&t, c, " must be an id: 26 of 0-9 and A-Z without I, L, O and U");
	return refuse_value(&t, c);
}
