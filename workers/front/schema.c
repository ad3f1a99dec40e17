#include "workers/front/schema.h"

#include "workers/front/schema_keywords.h"

static bool
is_required(const cJSON *schema, const char *name)
{
	return schema_rule_has(json_get(schema, "required"), name);
}

/* Whether a member of an object of that schema is there for us. */
static bool
is_given(const cJSON *schema, const cJSON *member)
{
	return !cJSON_IsNull(member) || is_required(schema, member->string);
}

/* ---- members and elements ---- */

static enum err
check_below(const struct schema_case *c, const cJSON *schema, const cJSON *value, size_t index)
{
	const char *key = cJSON_IsObject(c->value) ? value->string : NULL;
	struct schema_place place = { c->place, key, index };
	struct schema_case below = { schema, value, &place, c->problem };

	return schema_check_value(&below);
}

static enum err
refuse_member(const struct schema_case *c, const char *name, const char *what)
{
	struct schema_place place = { c->place, name, 0 };
	struct json_text t;

	json_text_init(&t);
	schema_add_place(&t, &place);
	json_text_adds(&t, what);
	return schema_refuse(&t, c->problem);
}

static enum err
refuse_unknown(const struct schema_case *c, const char *name)
{
	const cJSON *properties = json_get(c->schema, "properties");
	const char *nearest = schema_nearest(properties, name);
	struct schema_place place = { c->place, name, 0 };
	struct json_text t;

	json_text_init(&t);
	json_text_adds(&t, "there is no ");
	schema_add_place(&t, &place);
	if (nearest != NULL) {
		json_text_addf(&t, "; did you mean '%s'?", nearest);
	} else if (cJSON_GetArraySize(properties) > 0) {
		json_text_adds(&t, "; allowed: ");
		schema_add_names(&t, properties);
	} else {
		json_text_adds(&t, "; none is allowed");
	}
	return schema_refuse(&t, c->problem);
}

static enum err
check_additional(const struct schema_case *c, const cJSON *rule)
{
	const cJSON *properties = json_get(c->schema, "properties"), *member;
	enum err e = OK;

	if (!cJSON_IsObject(c->value))
		return OK;
	cJSON_ArrayForEach(member, c->value) {
		if (json_get(properties, member->string) != NULL)
			continue;
		if (cJSON_IsFalse(rule))
			e = refuse_unknown(c, member->string);
		else if (is_given(c->schema, member))
			e = check_below(c, rule, member, 0);
		if (e != OK)
			return e;
	}
	return OK;
}

/* Null stands for a required member only where its type says so. */
static enum err
check_required(const struct schema_case *c, const cJSON *rule)
{
	const cJSON *name;

	if (!cJSON_IsObject(c->value))
		return OK;
	cJSON_ArrayForEach(name, rule) {
		const char *key = cJSON_GetStringValue(name);
		const cJSON *member = json_get(c->value, key);
		const cJSON *schema = json_get(json_get(c->schema, "properties"), key);

		if (key == NULL)
			continue;
		if (member == NULL
		    || (cJSON_IsNull(member) && !schema_rule_has(json_get(schema, "type"), "null")))
			return refuse_member(c, key, " is missing");
	}
	return OK;
}

static enum err
check_properties(const struct schema_case *c, const cJSON *rule)
{
	const cJSON *member;

	if (!cJSON_IsObject(c->value))
		return OK;
	cJSON_ArrayForEach(member, c->value) {
		const cJSON *schema = json_get(rule, member->string);
		enum err e = OK;

		if (schema == NULL)
			continue;
		if (json_get(c->value, member->string) != member)
			return refuse_member(c, member->string, " is given twice");
		if (is_given(c->schema, member))
			e = check_below(c, schema, member, 0);
		if (e != OK)
			return e;
	}
	return OK;
}

static enum err
check_items(const struct schema_case *c, const cJSON *rule)
{
	const cJSON *item;
	size_t index = 0;

	if (!cJSON_IsArray(c->value))
		return OK;
	cJSON_ArrayForEach(item, c->value) {
		enum err e = check_below(c, rule, item, index++);
		if (e != OK)
			return e;
	}
	return OK;
}

/* ---- the whole ---- */

const struct schema_keyword schema_keywords[] = {
	/* what says most about a wrong value comes first */
	{ "enum", schema_check_enum, SCHEMA_FORM_SCALARS },
	{ "const", schema_check_const, SCHEMA_FORM_SCALAR },
	{ "minimum", schema_check_range, SCHEMA_FORM_NUMBER },
	{ "maximum", schema_check_range, SCHEMA_FORM_NUMBER },
	{ "exclusiveMinimum", schema_check_range, SCHEMA_FORM_NUMBER },
	{ "type", schema_check_type, SCHEMA_FORM_TYPES },
	{ "x-ulid", schema_check_ulid, SCHEMA_FORM_TRUE },
	{ "minLength", schema_check_length, SCHEMA_FORM_COUNT },
	{ "maxLength", schema_check_length, SCHEMA_FORM_COUNT },
	{ "minItems", schema_check_item_count, SCHEMA_FORM_COUNT },
	{ "maxItems", schema_check_item_count, SCHEMA_FORM_COUNT },
	{ "maxProperties", schema_check_member_count, SCHEMA_FORM_COUNT },
	/* a misspelt name before the one that is missing for it */
	{ "additionalProperties", check_additional, SCHEMA_FORM_SCHEMA_OR_FALSE },
	{ "required", check_required, SCHEMA_FORM_NAMES },
	{ "properties", check_properties, SCHEMA_FORM_SCHEMAS },
	{ "items", check_items, SCHEMA_FORM_SCHEMA },
	{ "default", NULL, SCHEMA_FORM_DEFAULT },
	{ "title", NULL, SCHEMA_FORM_TEXT },
	{ "description", NULL, SCHEMA_FORM_TEXT },
	{ "$schema", NULL, SCHEMA_FORM_TEXT },
	{ "examples", NULL, SCHEMA_FORM_ANY },
	{ NULL, NULL, SCHEMA_FORM_ANY }
};

enum err
schema_check_value(const struct schema_case *c)
{
	for (const struct schema_keyword *k = schema_keywords; k->name != NULL; k++) {
		const cJSON *rule = json_get(c->schema, k->name);
		enum err e = rule != NULL && k->check != NULL ? k->check(c, rule) : OK;

		if (e != OK)
			return e;
	}
	return OK;
}

enum err
schema_check(const cJSON *schema, const cJSON *arguments, struct schema_problem *ret_problem)
{
	const cJSON none = { .type = cJSON_Object };
	struct schema_case c = { schema, arguments != NULL ? arguments : &none, NULL, ret_problem };

	return schema_check_value(&c);
}

/* ---- defaults ---- */

static void
drop_nulls(const cJSON *schema, cJSON *object)
{
	const cJSON *properties = json_get(schema, "properties");
	const cJSON *others = json_get(schema, "additionalProperties");
	cJSON *next;

	for (cJSON *member = object->child; member != NULL; member = next) {
		next = member->next;
		if (is_given(schema, member))
			continue;
		if (json_get(properties, member->string) != NULL || others != NULL)
			cJSON_Delete(cJSON_DetachItemViaPointer(object, member));
	}
}

static enum err
add_defaults(const cJSON *schema, cJSON *object)
{
	const cJSON *property;

	cJSON_ArrayForEach(property, json_get(schema, "properties")) {
		const cJSON *value = json_get(property, "default");
		cJSON *copy;

		if (value == NULL || json_get(object, property->string) != NULL)
			continue;
		copy = cJSON_Duplicate(value, true);
		if (copy == NULL || !cJSON_AddItemToObject(object, property->string, copy)) {
			cJSON_Delete(copy);
			return ERR_NO_MEMORY;
		}
	}
	return OK;
}

static const cJSON *
schema_below(const cJSON *schema, const cJSON *container, const cJSON *child)
{
	const cJSON *found;

	if (cJSON_IsArray(container))
		return json_get(schema, "items");
	found = json_get(json_get(schema, "properties"), child->string);
	return found != NULL ? found : json_get(schema, "additionalProperties");
}

enum err
schema_fill(const cJSON *schema, cJSON *arguments)
{
	enum err e = OK;
	cJSON *child;

	if (!cJSON_IsObject(schema) || (!cJSON_IsObject(arguments) && !cJSON_IsArray(arguments)))
		return OK;
	if (cJSON_IsObject(arguments)) {
		drop_nulls(schema, arguments);
		e = add_defaults(schema, arguments);
	}
	for (child = arguments->child; child != NULL && e == OK; child = child->next)
		e = schema_fill(schema_below(schema, arguments, child), child);
	return e;
}
