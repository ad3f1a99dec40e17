#include "workers/front/mcp.h"

#include <stdio.h>
#include <string.h>

#include "workers/front/render.h"
#include "workers/front/schema.h"

#define META_VERSION "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define META_LOG_LEVEL "io.modelcontextprotocol/logLevel"
#define LEVEL_INFO 2
#define TOKEN_MAX 1024           /* as the longest id */

static const char *const levels[] = { "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency" };

/* One message on its way through. */
struct context {
	struct front *front;
	struct mcp_session *session;
	const struct rpc *rpc;
	const struct revision *revision;
	int log_level;
	struct mcp_outcome *out;
};

/* ---- answers ---- */

static void
fail(struct context *c, int code, const char *message)
{
	c->out->kind = MCP_ANSWER;
	render_error(&c->out->answer, c->revision, c->rpc->id, code, message, NULL);
}

static const cJSON *
param(const struct context *c, const char *key)
{
	return json_get(c->rpc->params, key);
}

static int
level_of(const cJSON *word)
{
	for (size_t i = 0; cJSON_IsString(word) && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i], word->valuestring) == 0)
			return (int)i + 1;
	return 0;
}

/* ---- methods ---- */

static void
do_initialize(struct context *c)
{
	const cJSON *wanted = param(c, "protocolVersion");
	const struct revision *revision;

	if (c->session->revision != NULL) {
		fail(c, RPC_INVALID_REQUEST, "this session is initialized already");
		return;
	}
	if (!cJSON_IsString(wanted)) {
		fail(c, RPC_INVALID_PARAMS, "protocolVersion must be a string; served are 2025-11-25, 2025-06-18, "
		    "2025-03-26 and 2024-11-05, and 2026-07-28 without a handshake");
		return;
	}
	revision = revision_find(wanted->valuestring, strlen(wanted->valuestring));
	if (revision == NULL || revision->modern)
		revision = revision_newest_legacy();
	c->session->revision = revision;
	render_initialize(&c->out->answer, revision, c->rpc->id);
}

static void
do_discover(struct context *c)
{
	render_discover(&c->out->answer, c->revision, c->rpc->id);
}

static void
do_ping(struct context *c)
{
	render_empty(&c->out->answer, c->revision, c->rpc->id);
}

static void
do_set_level(struct context *c)
{
	int level = level_of(param(c, "level"));

	if (level == 0) {
		fail(c, RPC_INVALID_PARAMS, "level must be one of debug, info, notice, warning, error, critical, alert, "
		    "emergency");
		return;
	}
	c->session->log_level = level;
	render_empty(&c->out->answer, c->revision, c->rpc->id);
}

static void
do_list_tools(struct context *c)
{
	const cJSON *cursor = param(c, "cursor");

	if (cursor != NULL) {
		fail(c, RPC_INVALID_PARAMS, "cursor is not one that this server gave out");
		return;
	}
	render_tools(&c->out->answer, c->revision, c->rpc->id, c->front);
}

/* ---- tools/call ---- */

/* A string or a number of bounded length, as it stood in the text; at == NULL for anything else. */
static struct json_span
raw_token(struct json_span object, const char *key)
{
	const struct json_span none = { NULL, 0 };
	struct json_span token = object.at == NULL ? none : json_member(object.at, object.len, key);

	if (token.at == NULL || token.len > TOKEN_MAX || strchr("\"-0123456789", token.at[0]) == NULL)
		return none;
	return token;
}

static struct json_span
progress_token(const struct context *c)
{
	struct json_span params = c->rpc->raw;

	if (params.at == NULL || !cJSON_IsObject(param(c, "_meta")))
		return (struct json_span){ NULL, 0 };
	return raw_token(json_member(params.at, params.len, "_meta"), "progressToken");
}

static void
make_request(struct context *c, const struct tool *tool, const cJSON *arguments)
{
	struct request_spec spec = { .id = c->rpc->id, .revision = c->revision, .tool = tool,
		.progress_token = progress_token(c),
		.wants_output = c->log_level != 0 && c->log_level <= LEVEL_INFO };
	struct value_writer w;
	enum err e;

	value_writer_init(&w);
	e = json_to_value(arguments, &w);
	spec.arguments = value_done(&w);
	if (e == OK && spec.arguments.at != NULL)
		c->out->request = request_new(c->front->requests, &spec);
	if (c->out->request != NULL)
		c->out->kind = MCP_CALL;
	else
		fail(c, RPC_INTERNAL_ERROR, err_info(e != OK ? e : ERR_NO_MEMORY)->text);
	value_writer_fini(&w);
}

static void
refuse_arguments(struct context *c, const struct tool *tool, const struct schema_problem *problem)
{
	char hint[160];
	struct reply reply = { .error = ERR_INVALID_ARGUMENT, .message = text_of(problem->text) };

	snprintf(hint, sizeof(hint), "tools/list shows the arguments of %s", tool->name);
	reply.hint = text_of(hint);
	render_tool_error(&c->out->answer, c->revision, c->rpc->id, &reply);
}

static void
call_tool(struct context *c, const struct tool *tool, const cJSON *given)
{
	struct schema_problem problem;
	cJSON *arguments = given == NULL ? cJSON_CreateObject() : cJSON_Duplicate(given, true);

	if (arguments == NULL)
		fail(c, RPC_INTERNAL_ERROR, err_info(ERR_NO_MEMORY)->text);
	else if (schema_check(tool->input, arguments, &problem) != OK)
		refuse_arguments(c, tool, &problem);
	else if (schema_fill(tool->input, arguments) != OK)
		fail(c, RPC_INTERNAL_ERROR, err_info(ERR_NO_MEMORY)->text);
	else
		make_request(c, tool, arguments);
	cJSON_Delete(arguments);
}

static void
unknown_tool(struct context *c, const char *name)
{
	char message[160];

	snprintf(message, sizeof(message), "unknown tool: %.64s", name);
	fail(c, RPC_INVALID_PARAMS, message);
}

static void
do_call_tool(struct context *c)
{
	const cJSON *name = param(c, "name"), *arguments = param(c, "arguments");
	const struct tool *tool;

	if (!cJSON_IsString(name)) {
		fail(c, RPC_INVALID_PARAMS, "name must be a string");
		return;
	}
	if (arguments != NULL && !cJSON_IsObject(arguments)) {
		fail(c, RPC_INVALID_PARAMS, "arguments must be an object");
		return;
	}
	tool = catalog_find(c->front->catalog, name->valuestring);
	if (tool == NULL)
		unknown_tool(c, name->valuestring);
	else
		call_tool(c, tool, arguments);
}

/* ---- notifications ---- */

static void
do_initialized(struct context *c)
{
	c->session->initialized = true;
}

static void
do_cancelled(struct context *c)
{
	struct json_span id = raw_token(c->rpc->raw, "requestId");
	struct request *request = id.at == NULL ? NULL : requests_find(c->front->requests, id);

	if (request != NULL)
		request_cancel(request);
}

/* ---- which method, in which era ---- */

enum era { LEGACY = 1, MODERN = 2, ANY_TIME = 4 };   /* ANY_TIME: before a handshake, too */

static const struct method {
	const char *name;
	enum rpc_kind kind;
	int eras;
	void (*run)(struct context *c);
} methods[] = {
	{ "initialize", RPC_REQUEST, LEGACY | ANY_TIME, do_initialize },
	{ "ping", RPC_REQUEST, LEGACY | ANY_TIME, do_ping },
	{ "logging/setLevel", RPC_REQUEST, LEGACY, do_set_level },
	{ "server/discover", RPC_REQUEST, MODERN, do_discover },
	{ "tools/list", RPC_REQUEST, LEGACY | MODERN, do_list_tools },
	{ "tools/call", RPC_REQUEST, LEGACY | MODERN, do_call_tool },
	{ "notifications/initialized", RPC_NOTIFICATION, LEGACY | ANY_TIME, do_initialized },
	{ "notifications/cancelled", RPC_NOTIFICATION, LEGACY | MODERN | ANY_TIME, do_cancelled },
};

static const struct method *
find_method(const struct rpc *rpc)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].kind == rpc->kind && strcmp(methods[i].name, rpc->method->valuestring) == 0)
			return &methods[i];
	return NULL;
}

static void
no_method(struct context *c)
{
	char message[160];

	snprintf(message, sizeof(message), "method not found: %.64s", c->rpc->method->valuestring);
	fail(c, RPC_METHOD_NOT_FOUND, message);
}

/* False: answered already. */
static bool
enter_modern(struct context *c, const cJSON *meta, const cJSON *version)
{
	const cJSON *level = json_get(meta, META_LOG_LEVEL);

	c->revision = revision_row(0);
	if (!cJSON_IsString(version)) {
		fail(c, RPC_INVALID_PARAMS, META_VERSION " in _meta must be a string");
		return false;
	}
	if (!cJSON_IsObject(json_get(meta, META_CAPABILITIES))) {
		fail(c, RPC_INVALID_PARAMS, META_CAPABILITIES " in _meta must be an object");
		return false;
	}
	if (strcmp(version->valuestring, c->revision->name) != 0) {
		render_unsupported(&c->out->answer, c->rpc->id, version->valuestring);
		return false;
	}
	c->log_level = level_of(level);
	if (level != NULL && c->log_level == 0) {
		fail(c, RPC_INVALID_PARAMS, META_LOG_LEVEL " in _meta is not a log level");
		return false;
	}
	return true;
}

static void
handle_request(struct context *c)
{
	const cJSON *meta = param(c, "_meta"), *version = json_get(meta, META_VERSION);
	const struct method *m = find_method(c->rpc);

	if (version != NULL) {
		if (!enter_modern(c, meta, version))
			return;
		if (m == NULL || (m->eras & MODERN) == 0)
			no_method(c);
		else
			m->run(c);
		return;
	}
	c->revision = c->session->revision;
	c->log_level = c->session->log_level;
	if (c->revision == NULL && (m == NULL || (m->eras & ANY_TIME) == 0)) {
		c->revision = revision_row(0);
		fail(c, RPC_INVALID_PARAMS, "no session: send initialize first, or give " META_VERSION " and "
		    META_CAPABILITIES " in params._meta of every request");
		return;
	}
	if (c->revision == NULL)
		c->revision = revision_newest_legacy();
	if (m == NULL || (m->eras & LEGACY) == 0)
		no_method(c);
	else
		m->run(c);
}

static void
handle_message(struct context *c)
{
	const struct method *m;

	switch (c->rpc->kind) {
	case RPC_RESPONSE:
		c->out->kind = MCP_SILENCE;
		break;
	case RPC_NOTIFICATION:
		c->out->kind = MCP_SILENCE;
		m = c->rpc->method == NULL ? NULL : find_method(c->rpc);
		if (m != NULL)
			m->run(c);
		break;
	case RPC_REQUEST:
		if (requests_find(c->front->requests, c->rpc->id) != NULL) {
			c->revision = c->session->revision != NULL ? c->session->revision : revision_row(0);
			fail(c, RPC_INVALID_REQUEST, "a request with this id has no answer yet");
		} else {
			handle_request(c);
		}
		break;
	}
}

void
mcp_receive(struct front *front, struct mcp_session *session, const char *text, size_t len,
    struct mcp_outcome *ret_outcome)
{
	struct context c = { .front = front, .session = session, .out = ret_outcome };
	struct rpc_problem problem;
	struct rpc rpc;

	*ret_outcome = (struct mcp_outcome){ .kind = MCP_ANSWER };
	json_text_init(&ret_outcome->answer);
	if (!rpc_parse(text, len, &rpc, &problem)) {
		render_error(&ret_outcome->answer, session->revision, problem.id, problem.code, problem.text, NULL);
		return;
	}
	c.rpc = &rpc;
	handle_message(&c);
	rpc_fini(&rpc);
}

void
mcp_refuse(const struct mcp_session *session, const char *text, size_t len, enum err e,
    struct mcp_outcome *ret_outcome)
{
	struct json_span id = text == NULL ? (struct json_span){ NULL, 0 } : rpc_id_of(text, len);
	const struct err_info *info = err_info(e);

	*ret_outcome = (struct mcp_outcome){ .kind = MCP_ANSWER };
	json_text_init(&ret_outcome->answer);
	render_error(&ret_outcome->answer, session->revision, id, e == ERR_TOO_LARGE ? RPC_INVALID_REQUEST : info->jsonrpc_code,
	    info->text, NULL);
}
