#include "workers/front/render.h"

#include <math.h>
#include <string.h>

#define SERVER_NAME "scalene-mcp"
#define LIST_TTL_MS 3600000
#define REQUESTED_MAX 256        /* of what a client asked for, echoed */

static const char instructions[] =
    "Profiles Python programs with Scalene. profile_script or profile_code runs a program and answers with its hot "
    "functions and lines and a profile_id; get_cpu_hotspots and get_profile read a stored profile. A run longer than "
    "wait_s goes on as a job: get_job waits for it, cancel_job stops it.";

static void
add_string(struct json_text *t, const char *text)
{
	json_text_quote(t, text, strlen(text));
}

static void
open_message(struct json_text *t, struct json_span id)
{
	json_text_adds(t, "{\"jsonrpc\":\"2.0\",\"id\":");
	json_text_add(t, id.at, id.len);
}

static void
add_server_info(struct json_text *t)
{
	json_text_adds(t, "{\"name\":\"" SERVER_NAME "\",\"version\":");
	add_string(t, SCALENE_MCP_VERSION);
	json_text_adds(t, "}");
}

/* Opens `result` up to where its own members begin, a comma set where members of ours came before. */
static void
open_result(struct json_text *t, const struct revision *revision, struct json_span id)
{
	open_message(t, id);
	json_text_adds(t, ",\"result\":{");
	if (!revision->modern)
		return;
	json_text_adds(t, "\"resultType\":\"complete\",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":");
	add_server_info(t);
	json_text_adds(t, "}");
}

static void
comma(struct json_text *t)
{
	if (t->len > 0 && t->at[t->len - 1] != '{' && t->at[t->len - 1] != '[')
		json_text_adds(t, ",");
}

static void
close_result(struct json_text *t)
{
	json_text_adds(t, "}}");
}

void
render_error(struct json_text *t, const struct revision *revision, struct json_span id, int code,
    const char *message, const char *data)
{
	json_text_adds(t, "{\"jsonrpc\":\"2.0\"");
	if (id.at != NULL) {
		json_text_adds(t, ",\"id\":");
		json_text_add(t, id.at, id.len);
	} else if (revision != NULL && revision->null_error_id) {
		json_text_adds(t, ",\"id\":null");
	}
	json_text_addf(t, ",\"error\":{\"code\":%d,\"message\":", code);
	add_string(t, message);
	if (data != NULL) {
		json_text_adds(t, ",\"data\":");
		json_text_adds(t, data);
	}
	json_text_adds(t, "}}");
}

/* The same JSON as text and as structuredContent. */
static void
add_contents(struct json_text *t, const struct revision *revision, const char *json, bool is_error)
{
	json_text_adds(t, "\"content\":[{\"type\":\"text\",\"text\":");
	add_string(t, json);
	json_text_adds(t, "}]");
	if (revision->structured) {
		json_text_adds(t, ",\"structuredContent\":");
		json_text_adds(t, json);
	}
	json_text_adds(t, is_error ? ",\"isError\":true" : ",\"isError\":false");
}

void
render_tool_result(struct json_text *t, const struct revision *revision, struct json_span id, struct value result)
{
	char *json = json_from_value(result);

	if (json == NULL) {
		render_error(t, revision, id, RPC_INTERNAL_ERROR, "the result could not be written", NULL);
		return;
	}
	open_result(t, revision, id);
	comma(t);
	add_contents(t, revision, json, false);
	close_result(t);
	cJSON_free(json);
}

static void
add_member(struct json_text *t, const char *key, struct text v)
{
	comma(t);
	add_string(t, key);
	json_text_adds(t, ":");
	json_text_quote(t, v.at, v.len);
}

void
render_tool_error(struct json_text *t, const struct revision *revision, struct json_span id,
    const struct reply *reply)
{
	const struct err_info *info = err_info(reply->error);
	struct json_text json;

	json_text_init(&json);
	json_text_adds(&json, "{");
	add_member(&json, "error", text_of(info->name));
	add_member(&json, "message", reply->message.at != NULL ? reply->message : text_of(info->text));
	add_member(&json, "hint", reply->hint.at != NULL ? reply->hint : text_of(info->hint));
	json_text_adds(&json, "}");
	open_result(t, revision, id);
	comma(t);
	add_contents(t, revision, json.failed ? "{}" : json.at, true);
	close_result(t);
	json_text_fini(&json);
}

void
render_empty(struct json_text *t, const struct revision *revision, struct json_span id)
{
	open_result(t, revision, id);
	close_result(t);
}

static void
add_capabilities(struct json_text *t)
{
	json_text_adds(t, "\"capabilities\":{\"tools\":{},\"logging\":{}}");
}

void
render_initialize(struct json_text *t, const struct revision *revision, struct json_span id)
{
	open_result(t, revision, id);
	json_text_addf(t, "\"protocolVersion\":\"%s\",", revision->name);
	add_capabilities(t);
	json_text_adds(t, ",\"serverInfo\":");
	add_server_info(t);
	json_text_adds(t, ",\"instructions\":");
	add_string(t, instructions);
	close_result(t);
}

static void
add_versions(struct json_text *t)
{
	const struct revision *row;

	json_text_adds(t, "[");
	for (unsigned i = 0; (row = revision_row(i)) != NULL; i++) {
		comma(t);
		add_string(t, row->name);
	}
	json_text_adds(t, "]");
}

void
render_discover(struct json_text *t, const struct revision *revision, struct json_span id)
{
	open_result(t, revision, id);
	comma(t);
	json_text_adds(t, "\"supportedVersions\":");
	add_versions(t);
	json_text_adds(t, ",");
	add_capabilities(t);
	json_text_addf(t, ",\"ttlMs\":%d,\"cacheScope\":\"public\",\"instructions\":", LIST_TTL_MS);
	add_string(t, instructions);
	close_result(t);
}

void
render_unsupported(struct json_text *t, struct json_span id, const char *requested)
{
	struct json_text data;
	size_t len = strnlen(requested, REQUESTED_MAX);

	json_text_init(&data);
	json_text_adds(&data, "{\"supported\":");
	add_versions(&data);
	json_text_adds(&data, ",\"requested\":");
	json_text_quote(&data, requested, len);
	json_text_adds(&data, "}");
	render_error(t, revision_row(0), id, RPC_UNSUPPORTED_VERSION, "unsupported protocol version",
	    data.failed ? "{}" : data.at);
	json_text_fini(&data);
}

/* ---- tools/list ---- */

static bool
listed(const struct front *front, const struct tool *tool)
{
	if (front->read_only && tool->writes)
		return false;
	switch (front->toolset) {
	case TOOLSET_CORE:
		return tool->in_core;
	case TOOLSET_ALL:
		return true;
	default:
		return tool->in_default;
	}
}

static void
add_json(struct json_text *t, const char *key, const cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);

	comma(t);
	add_string(t, key);
	json_text_adds(t, ":");
	if (text != NULL)
		json_text_adds(t, text);
	else
		t->failed = true;
	cJSON_free(text);
}

/* Our own keyword for ids becomes the pattern that everybody knows. */
static void
publish_ids(cJSON *schema)
{
	cJSON *property;

	cJSON_ArrayForEach(property, cJSON_GetObjectItemCaseSensitive(schema, "properties")) {
		if (!cJSON_HasObjectItem(property, "x-ulid"))
			continue;
		cJSON_DeleteItemFromObjectCaseSensitive(property, "x-ulid");
		cJSON_AddStringToObject(property, "pattern", "^[0-7][0-9A-HJKMNP-TV-Z]{25}$");
	}
}

static void
add_tool(struct json_text *t, const struct revision *revision, const struct tool *tool)
{
	cJSON *input = cJSON_Duplicate(tool->input, true);

	publish_ids(input);
	json_text_adds(t, "{");
	add_member(t, "name", text_of(tool->name));
	if (revision->structured)
		add_member(t, "title", text_of(tool->title));
	add_member(t, "description", text_of(tool->description));
	add_json(t, "inputSchema", input);
	if (revision->structured)
		add_json(t, "outputSchema", tool->output);
	if (revision->annotations)
		add_json(t, "annotations", tool->annotations);
	json_text_adds(t, "}");
	cJSON_Delete(input);
}

void
render_tools(struct json_text *t, const struct revision *revision, struct json_span id, const struct front *front)
{
	open_result(t, revision, id);
	comma(t);
	json_text_adds(t, "\"tools\":[");
	for (unsigned i = 0; i < front->catalog->count; i++)
		if (listed(front, &front->catalog->tools[i])) {
			comma(t);
			add_tool(t, revision, &front->catalog->tools[i]);
		}
	json_text_adds(t, "]");
	if (revision->modern)
		json_text_addf(t, ",\"ttlMs\":%d,\"cacheScope\":\"public\"", LIST_TTL_MS);
	close_result(t);
}

/* ---- notifications ---- */

void
render_progress(struct json_text *t, const char *token, const struct body_progress *progress)
{
	json_text_adds(t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":");
	json_text_adds(t, token);
	json_text_adds(t, ",\"progress\":");
	json_text_number(t, progress->done);
	if (isfinite(progress->total)) {
		json_text_adds(t, ",\"total\":");
		json_text_number(t, progress->total);
	}
	if (progress->message.at != NULL) {
		json_text_adds(t, ",\"message\":");
		json_text_quote(t, progress->message.at, progress->message.len);
	}
	json_text_adds(t, "}}");
}

void
render_output(struct json_text *t, const char *job_id, const struct body_output *output)
{
	json_text_addf(t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\","
	    "\"logger\":\"program.%s\",\"data\":{\"job_id\":\"%s\",\"text\":",
	    output->stream == 2 ? "stderr" : "stdout", job_id);
	json_text_quote(t, output->text.at, output->text.len);
	json_text_adds(t, "}}}");
}
