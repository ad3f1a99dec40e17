#include "workers/front/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/catalog.h"
#include "workers/front/problem.h"
#include "workers/front/schema.h"
#include "workers/runtime/json.h"

static const struct json_limits limits = { 64, 20000 };
static const char shared_name[] = "shared.json";

/* ---- reading ---- */

static const char *
string_of(const cJSON *object, const char *key)
{
	const cJSON *member = json_get(object, key);

	return cJSON_IsString(member) ? member->valuestring : NULL;
}

static bool
array_has(const cJSON *array, const char *word)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array)
		if (cJSON_IsString(item) && strcmp(item->valuestring, word) == 0)
			return true;
	return false;
}

static enum err
parse_file(struct catalog *c, const struct catalog_file *file, cJSON **ret_json, struct catalog_problem *problem)
{
	cJSON *json = NULL;
	enum err e = json_parse(file->text, file->len, &limits, &json);

	if (e != OK)
		return problem_say(problem, "%s is not JSON", file->name);
	if (c->document_count > TOOLS_MAX) {
		cJSON_Delete(json);
		return problem_say(problem, "more than %d files", TOOLS_MAX);
	}
	c->documents[c->document_count++] = json;
	*ret_json = json;
	return OK;
}

/* The arguments as one object schema, named ones taken from shared.json. Added to the document, which owns it. */
static const cJSON *
build_input(cJSON *json, const cJSON *shared)
{
	const cJSON *arguments = json_get(json, "arguments"), *required = json_get(json, "required"), *argument;
	cJSON *schema = cJSON_AddObjectToObject(json, "inputSchema"), *properties;

	cJSON_AddStringToObject(schema, "type", "object");
	properties = cJSON_AddObjectToObject(schema, "properties");
	cJSON_ArrayForEach(argument, arguments) {
		const cJSON *source = argument;

		if (cJSON_IsString(argument))
			source = json_get(json_get(shared, "arguments"), argument->valuestring);
		if (source == NULL)
			return NULL;
		cJSON_AddItemToObject(properties, argument->string, cJSON_Duplicate(source, true));
	}
	if (required != NULL)
		cJSON_AddItemToObject(schema, "required", cJSON_Duplicate(required, true));
	cJSON_AddFalseToObject(schema, "additionalProperties");
	return schema;
}

static bool
read_step(const cJSON *json, struct step *ret_step)
{
	const char *name = cJSON_IsString(json) ? json->valuestring : string_of(json, "send");

	if (name == NULL)
		return false;
	*ret_step = (struct step){ msg_by_name(name), json_get(json, "with") };
	return ret_step->type != MSG_NONE;
}

static enum err
read_route(struct tool *t, const cJSON *route, struct catalog_problem *problem)
{
	const cJSON *step;

	cJSON_ArrayForEach(step, route) {
		if (t->step_count == ROUTE_STEPS_MAX)
			return problem_say(problem, "%s: more than %d steps", t->name, ROUTE_STEPS_MAX);
		if (!read_step(step, &t->steps[t->step_count++]))
			return problem_say(problem, "%s: step %u names no message", t->name, t->step_count);
	}
	return OK;
}

static enum err
read_tool(cJSON *json, const cJSON *shared, const char *file, struct tool *t, struct catalog_problem *problem)
{
	const cJSON *output = json_get(json, "output"), *toolsets = json_get(json, "toolsets");
	const cJSON *rank = json_get(json, "rank");
	enum err e;

	*t = (struct tool){ .name = string_of(json, "name"), .title = string_of(json, "title"),
		.description = string_of(json, "description"), .annotations = json_get(json, "annotations") };
	if (t->name == NULL || t->title == NULL || t->description == NULL || t->annotations == NULL ||
	    !cJSON_IsNumber(rank))
		return problem_say(problem, "%s: name, title, description, annotations or rank is missing", file);
	t->rank = rank->valueint;
	t->in_default = array_has(toolsets, "default");
	t->in_core = array_has(toolsets, "core");
	t->job = cJSON_IsTrue(json_get(json, "job"));
	t->writes = cJSON_IsTrue(json_get(json, "writes"));
	t->input = build_input(json, shared);
	if (t->input == NULL)
		return problem_say(problem, "%s: an argument is not in %s", t->name, shared_name);
	t->output = cJSON_IsString(output) ? json_get(json_get(shared, "outputs"), output->valuestring) : output;
	if (t->output == NULL)
		return problem_say(problem, "%s: no output schema", t->name);
	e = read_route(t, json_get(json, "route"), problem);
	return e;
}

static int
by_rank(const void *a, const void *b)
{
	return ((const struct tool *)a)->rank - ((const struct tool *)b)->rank;
}

static enum err
check_tool(const struct tool *t, struct catalog_problem *problem)
{
	struct schema_problem detail;

	if (!schema_supported(t->input, &detail))
		return problem_say(problem, "%s: %.150s", t->name, detail.text);
	return route_check(t, problem) ? OK : ERR_INVALID_ARGUMENT;
}

static enum err
load_tools(struct catalog *c, const cJSON *shared, struct catalog_problem *problem)
{
	const struct catalog_file *file;
	enum err e = OK;

	for (unsigned i = 0; e == OK && (file = catalog_file(i)) != NULL; i++) {
		cJSON *json = NULL;

		if (strcmp(file->name, shared_name) == 0)
			continue;
		if (c->count == TOOLS_MAX)
			return problem_say(problem, "more than %d tools", TOOLS_MAX);
		e = parse_file(c, file, &json, problem);
		if (e == OK)
			e = read_tool(json, shared, file->name, &c->tools[c->count], problem);
		if (e == OK)
			e = check_tool(&c->tools[c->count++], problem);
	}
	return e;
}

static enum err
load_shared(struct catalog *c, cJSON **ret_shared, struct catalog_problem *problem)
{
	const struct catalog_file *file;

	for (unsigned i = 0; (file = catalog_file(i)) != NULL; i++)
		if (strcmp(file->name, shared_name) == 0)
			return parse_file(c, file, ret_shared, problem);
	return problem_say(problem, "%s is missing", shared_name);
}

enum err
catalog_load(struct catalog **ret_catalog, struct catalog_problem *ret_problem)
{
	struct catalog *c = calloc(1, sizeof(*c));
	cJSON *shared = NULL;
	enum err e;

	if (c == NULL)
		return ERR_NO_MEMORY;
	e = load_shared(c, &shared, ret_problem);
	if (e == OK)
		e = load_tools(c, shared, ret_problem);
	if (e != OK) {
		catalog_free(&c);
		return e;
	}
	qsort(c->tools, c->count, sizeof(c->tools[0]), by_rank);
	*ret_catalog = c;
	return OK;
}

void
catalog_free(struct catalog **catalog)
{
	if (*catalog == NULL)
		return;
	for (unsigned i = 0; i < (*catalog)->document_count; i++)
		cJSON_Delete((*catalog)->documents[i]);
	free(*catalog);
	*catalog = NULL;
}

const struct tool *
catalog_find(const struct catalog *catalog, const char *name)
{
	for (unsigned i = 0; i < catalog->count; i++)
		if (strcmp(catalog->tools[i].name, name) == 0)
			return &catalog->tools[i];
	return NULL;
}
