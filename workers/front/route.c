#include "workers/front/route.h"

#include <string.h>

#include "protocol/frame.h"
#include "workers/front/problem.h"
#include "workers/runtime/json.h"

#define FIELDS_MAX 32

const struct route_mint route_minted[] = {
	{ "job_id", FIELD_TEXT },
	{ "profile_id", FIELD_TEXT },
	{ "instance", FIELD_TEXT },
	{ "tool", FIELD_TEXT },
	{ "arguments", FIELD_VALUE },
	{ NULL, FIELD_VALUE },
};

static const struct {
	const char *type;
	enum field_type fits[3];
	unsigned count;
} schema_types[] = {
	{ "string", { FIELD_TEXT }, 1 },
	{ "integer", { FIELD_INT, FIELD_REAL }, 2 },
	{ "number", { FIELD_REAL }, 1 },
	{ "boolean", { FIELD_BOOL }, 1 },
	{ "array", { FIELD_VALUE }, 1 },
	{ "object", { FIELD_VALUE }, 1 },
};

/* ---- type check ---- */

static bool
schema_fits(const cJSON *schema, enum field_type wanted)
{
	const cJSON *type = json_get(schema, "type");

	if (!cJSON_IsString(type))
		return false;
	for (size_t i = 0; i < sizeof(schema_types) / sizeof(schema_types[0]); i++)
		if (strcmp(schema_types[i].type, type->valuestring) == 0)
			for (unsigned k = 0; k < schema_types[i].count; k++)
				if (schema_types[i].fits[k] == wanted)
					return true;
	return false;
}

static bool
constant_fits(const cJSON *constant, const struct field_info *field)
{
	switch (field->type) {
	case FIELD_BOOL:
		return cJSON_IsBool(constant);
	case FIELD_INT:
	case FIELD_REAL:
		return cJSON_IsNumber(constant) || (cJSON_IsNull(constant) && field->presence == PRESENCE_NIL);
	default:
		return cJSON_IsString(constant) || (cJSON_IsNull(constant) && field->presence == PRESENCE_NIL);
	}
}

struct sources {
	unsigned count, fitting;
};

static void
count_source(struct sources *s, bool present, bool fits)
{
	s->count += present;
	s->fitting += present && fits;
}

static struct sources
find_sources(const struct tool *t, unsigned step, const struct field_info *field)
{
	struct sources s = { 0, 0 };
	const cJSON *constant = json_get(t->steps[step].with, field->name);
	const cJSON *argument = json_get(json_get(t->input, "properties"), field->name);

	if (constant != NULL)
		return (struct sources){ 1, constant_fits(constant, field) };
	count_source(&s, argument != NULL, schema_fits(argument, field->type));
	for (const struct route_mint *m = route_minted; t->job && m->name != NULL; m++)
		if (strcmp(m->name, field->name) == 0)
			count_source(&s, true, m->type == field->type);
	for (unsigned i = 0; i < step; i++) {
		const struct msg_info *answer = msg_info(msg_info(t->steps[i].type)->answer);
		int at = answer == NULL ? -1 : msg_field(answer, field->name);

		if (at >= 0)
			count_source(&s, true, answer->fields[at].type == field->type);
	}
	return s;
}

static bool
check_step(const struct tool *t, unsigned step, struct catalog_problem *problem)
{
	const struct msg_info *info = msg_info(t->steps[step].type);
	const cJSON *constant;

	if (info->answer == MSG_NONE) {
		problem_say(problem, "%s: %s has no answer", t->name, info->name);
		return false;
	}
	cJSON_ArrayForEach(constant, t->steps[step].with)
		if (msg_field(info, constant->string) < 0) {
			problem_say(problem, "%s: %s has no field %s", t->name, info->name, constant->string);
			return false;
		}
	for (unsigned i = 0; i < info->field_count; i++) {
		struct sources s = find_sources(t, step, &info->fields[i]);

		if (s.count != 1 || s.fitting != 1) {
			problem_say(problem, "%s: %s.%s has %u sources, %u of its type", t->name, info->name,
			    info->fields[i].name, s.count, s.fitting);
			return false;
		}
	}
	return true;
}

bool
route_check(const struct tool *tool, struct catalog_problem *ret_problem)
{
	const struct msg_info *last;
	int result;

	if (tool->step_count == 0) {
		problem_say(ret_problem, "%s: no route", tool->name);
		return false;
	}
	for (unsigned i = 0; i < tool->step_count; i++)
		if (!check_step(tool, i, ret_problem))
			return false;
	last = msg_info(msg_info(tool->steps[tool->step_count - 1].type)->answer);
	result = msg_field(last, "result");
	if (result < 0 || last->fields[result].type != FIELD_VALUE) {
		problem_say(ret_problem, "%s: %s gives no result", tool->name, last->name);
		return false;
	}
	return true;
}

/* ---- running ---- */

enum err
route_take_arguments(struct bag *bag, struct value arguments)
{
	struct value_tree tree;
	struct value_writer w;
	enum err e = value_parse(arguments, &tree);
	const msgpack_object *map = value_root(&tree);
	char name[BAG_NAME_MAX];

	if (e == OK && map->type != MSGPACK_OBJECT_MAP)
		e = ERR_MALFORMED;
	for (uint32_t i = 0; e == OK && i < map->via.map.size; i++) {
		if (!text_copy(value_as_text(&map->via.map.ptr[i].key), name, sizeof(name))) {
			e = ERR_MALFORMED;
			break;
		}
		value_writer_init(&w);
		value_object(&w, &map->via.map.ptr[i].val);
		e = w.failed ? ERR_NO_MEMORY : bag_put(bag, name, value_done(&w));
		value_writer_fini(&w);
	}
	value_tree_fini(&tree);
	return e;
}

/* What a caller gives may be larger than any message carries; anything else was checked before. */
static enum err
judge_field(const struct field_info *field, struct value v)
{
	struct field_info endless = *field;

	endless.max = UINT32_MAX;
	if (field_accepts(field, v))
		return OK;
	return field_accepts(&endless, v) ? ERR_TOO_LARGE : ERR_INTERNAL;
}

static enum err
compose_field(const struct step *step, const struct field_info *field, const struct bag *bag,
    struct value_writer *w)
{
	const cJSON *constant = json_get(step->with, field->name);
	size_t before = w->buffer.size;
	enum err e = OK;

	if (constant != NULL)
		e = json_to_value(constant, w);
	else
		value_raw(w, bag_get(bag, field->name));
	if (e != OK || w->failed)
		return e != OK ? e : ERR_NO_MEMORY;
	return judge_field(field, (struct value){ (const uint8_t *)w->buffer.data + before, w->buffer.size - before });
}

enum err
route_compose(const struct step *step, const struct bag *bag, struct value_writer *w, const char **ret_field)
{
	const struct msg_info *info = msg_info(step->type);

	value_array(w, info->field_count);
	for (unsigned i = 0; i < info->field_count; i++) {
		enum err e = compose_field(step, &info->fields[i], bag, w);

		if (e != OK) {
			if (ret_field != NULL)
				*ret_field = info->fields[i].name;
			return e;
		}
	}
	return w->buffer.size > info->body_max ? ERR_TOO_LARGE : OK;
}

enum err
route_absorb(struct bag *bag, enum msg_type type, struct value body)
{
	const struct msg_info *info = msg_info(type);
	struct value fields[FIELDS_MAX];
	enum err e = body_split(type, body, fields);

	for (unsigned i = 0; e == OK && i < info->field_count; i++)
		e = bag_put(bag, info->fields[i].name, fields[i]);
	return e;
}

static void
drop_blob(struct value blob, struct spool *spool)
{
	struct value_tree tree;

	if (value_parse(blob, &tree) != OK)
		return;
	if (value_root(&tree)->type == MSGPACK_OBJECT_ARRAY && value_root(&tree)->via.array.size > 0)
		spool_drop(spool, value_as_text(&value_root(&tree)->via.array.ptr[0]));
	value_tree_fini(&tree);
}

void
route_drop_files(enum msg_type type, struct value body, struct spool *spool)
{
	const struct msg_info *info = msg_info(type);
	struct value fields[FIELDS_MAX];

	if (body_split(type, body, fields) != OK)
		return;
	for (unsigned i = 0; i < info->field_count; i++)
		if (info->fields[i].type == FIELD_BLOB)
			drop_blob(fields[i], spool);
}

void
route_drop_spooled(const struct tool *tool, const struct bag *bag, struct spool *spool)
{
	for (unsigned i = 0; i < tool->step_count; i++) {
		const struct msg_info *answer = msg_info(msg_info(tool->steps[i].type)->answer);

		for (unsigned k = 0; k < answer->field_count; k++)
			if (answer->fields[k].type == FIELD_BLOB)
				drop_blob(bag_get(bag, answer->fields[k].name), spool);
	}
}
