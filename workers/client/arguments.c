#include "workers/client/arguments.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/limits.h"
#include "workers/client/text.h"
#include "workers/runtime/json.h"

struct object {
	struct json_text text;
	char cwd[LIMIT_PATH];    /* "" when it cannot be named */
};

static void
add_key(struct object *object, const char *key)
{
	json_text_adds(&object->text, object->text.len > 1 ? "," : "");
	json_text_quote(&object->text, key, strlen(key));
	json_text_adds(&object->text, ":");
}

static void
add_text(struct object *object, const char *key, const char *text)
{
	add_key(object, key);
	json_text_quote(&object->text, text, strlen(text));
}

static void
add_path(struct object *object, const char *key, const char *path)
{
	const char *cwd = strcmp(object->cwd, "/") == 0 ? "" : object->cwd;
	char *absolute = NULL;

	if (path[0] == '/') {
		add_text(object, key, path);
		return;
	}
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	if (asprintf(&absolute, "%s/%s", cwd, path) < 0) {
		object->text.failed = true;
		return;
	}
	add_text(object, key, absolute);
	free(absolute);
}

static void
add_list(struct object *object, const char *key, char *const *texts, size_t count)
{
	add_key(object, key);
	json_text_adds(&object->text, "[");
	for (size_t i = 0; i < count; i++) {
		json_text_adds(&object->text, i ? "," : "");
		json_text_quote(&object->text, texts[i], strlen(texts[i]));
	}
	json_text_adds(&object->text, "]");
}

/* Of pairs with the same name the last one counts. */
static bool
is_overridden(const struct option_value *value, size_t i)
{
	size_t name = (size_t)(strchr(value->list[i], '=') - value->list[i]) + 1;

	for (size_t later = i + 1; later < value->count; later++)
		if (strncmp(value->list[later], value->list[i], name) == 0)
			return true;
	return false;
}

static void
add_pairs(struct object *object, const char *key, const struct option_value *value)
{
	const char *comma = "";

	add_key(object, key);
	json_text_adds(&object->text, "{");
	for (size_t i = 0; i < value->count; i++) {
		const char *equals = strchr(value->list[i], '=');

		if (is_overridden(value, i))
			continue;
		json_text_adds(&object->text, comma);
		json_text_quote(&object->text, value->list[i], (size_t)(equals - value->list[i]));
		json_text_adds(&object->text, ":");
		json_text_quote(&object->text, equals + 1, strlen(equals + 1));
		comma = ",";
	}
	json_text_adds(&object->text, "}");
}

static void
add_flag(struct object *object, const char *key, bool truth)
{
	add_key(object, key);
	json_text_adds(&object->text, truth ? "true" : "false");
}

static void
add_option(struct object *object, const struct option_row *row, const struct option_value *value)
{
	switch (row->kind) {
	case OPTION_ON:
	case OPTION_OFF:
		add_flag(object, row->argument, (value->number != 0) == (row->kind == OPTION_ON));
		break;
	case OPTION_NUMBER:
	case OPTION_INTEGER:
		add_key(object, row->argument);
		json_text_number(&object->text, value->number);
		break;
	case OPTION_PATH:
		add_path(object, row->argument, value->text);
		break;
	case OPTION_PROGRAM:
		if (strchr(value->text, '/'))
			add_path(object, row->argument, value->text);
		else
			add_text(object, row->argument, value->text);
		break;
	case OPTION_PAIRS:
		add_pairs(object, row->argument, value);
		break;
	case OPTION_TEXT:
	case OPTION_PATHS:
		add_text(object, row->argument, value->text);
		break;
	}
}

static void
add_program(struct object *object, const struct options *o)
{
	if (o->target)
		add_path(object, "script_path", o->target);
	if (o->rest_count)
		add_list(object, "script_args", o->rest, o->rest_count);
	if (!options_has(o, OPTION_CWD))
		add_text(object, "cwd", object->cwd);
	add_key(object, "wait_s");
	json_text_number(&object->text, ARGUMENTS_WAIT_S);
}

static bool
find_cwd(char *buf, size_t size)
{
	return getcwd(buf, size) && buf[0] == '/' && utf8_valid(buf, strlen(buf));
}

enum err
arguments_make(const struct options *o, char **ret_json)
{
	struct object object;

	if (!find_cwd(object.cwd, sizeof(object.cwd)))
		object.cwd[0] = '\0';
	if (o->command == COMMAND_PROFILE && !object.cwd[0])
		return ERR_INVALID_ARGUMENT;
	json_text_init(&object.text);
	json_text_adds(&object.text, "{");
	if (o->command == COMMAND_PROFILE)
		add_program(&object, o);
	for (unsigned id = 0; id < OPTION_COUNT; id++)
		if (o->values[id].given && option_row(id)->argument)
			add_option(&object, option_row(id), &o->values[id]);
	json_text_add(&object.text, "}", 2);
	if (object.text.failed) {
		json_text_fini(&object.text);
		return ERR_NO_MEMORY;
	}
	*ret_json = object.text.at;
	return OK;
}

const char *
arguments_profile_tool(const struct options *o)
{
	return options_has(o, OPTION_CODE) ? "profile_code" : "profile_script";
}

char *
arguments_of_id(const char *key, const char *id, unsigned wait_s)
{
	struct object object = { .cwd = "" };

	json_text_init(&object.text);
	json_text_adds(&object.text, "{");
	add_text(&object, key, id);
	if (wait_s) {
		add_key(&object, "wait_s");
		json_text_number(&object.text, wait_s);
	}
	json_text_add(&object.text, "}", 2);
	if (object.text.failed)
		json_text_fini(&object.text);
	return object.text.at;
}
