#include "workers/client/message.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/limits.h"

#define META "io.modelcontextprotocol/"

static bool
span_is(struct json_span span, const char *raw)
{
	return span.at && span.len == strlen(raw) && memcmp(span.at, raw, span.len) == 0;
}

/* An id as we write them: digits only. 0 when it is not one of ours. */
static uint64_t
read_id(struct json_span span)
{
	uint64_t id = 0;

	if (span.len == 0 || span.len > 18)
		return 0;
	for (size_t i = 0; i < span.len; i++) {
		if (span.at[i] < '0' || span.at[i] > '9')
			return 0;
		id = id * 10 + (uint64_t)(span.at[i] - '0');
	}
	return id;
}

static enum err
read_notification(const char *line, size_t len, struct message *m, const char **ret_why)
{
	if (m->method.at[0] != '"') {
		*ret_why = "its method is no string";
		return ERR_MALFORMED;
	}
	if (json_member(line, len, "id").at) {
		*ret_why = "it is a request, and a server must not send any";
		return ERR_MALFORMED;
	}
	m->kind = MESSAGE_NOTIFICATION;
	m->body = json_member(line, len, "params");
	return OK;
}

static enum err
read_response(const char *line, size_t len, struct message *m, const char **ret_why)
{
	struct json_span id = json_member(line, len, "id");
	struct json_span result = json_member(line, len, "result");
	struct json_span error = json_member(line, len, "error");

	if ((result.at == NULL) == (error.at == NULL)) {
		*ret_why = "it has neither a method nor exactly one of result and error";
		return ERR_MALFORMED;
	}
	m->kind = result.at ? MESSAGE_RESULT : MESSAGE_ERROR;
	m->body = result.at ? result : error;
	m->id = id.at ? read_id(id) : 0;
	if (m->body.at[0] != '{') {
		*ret_why = "its result or error is no object";
		return ERR_MALFORMED;
	}
	if (m->id == 0 && (result.at || (id.at && !span_is(id, "null")))) {
		*ret_why = "it answers an id that was never sent";
		return ERR_MALFORMED;
	}
	return OK;
}

enum err
message_read(const char *line, size_t len, struct message *ret_message, const char **ret_why)
{
	static const struct json_limits limits = { LIMIT_JSON_DEPTH, LIMIT_JSON_NODES };
	struct message m = { .kind = MESSAGE_NOTIFICATION };
	enum err e = json_scan(line, len, &limits, NULL, ret_why);

	if (e != OK)
		return e;
	if (!span_is(json_member(line, len, "jsonrpc"), "\"2.0\"")) {
		*ret_why = "it is no JSON-RPC 2.0 message";
		return ERR_MALFORMED;
	}
	m.method = json_member(line, len, "method");
	if (m.method.at)
		e = read_notification(line, len, &m, ret_why);
	else
		e = read_response(line, len, &m, ret_why);
	if (e == OK)
		*ret_message = m;
	return e;
}

bool
message_is(const struct message *m, const char *method)
{
	return m->kind == MESSAGE_NOTIFICATION && m->method.len == strlen(method) + 2 &&
	    memcmp(m->method.at + 1, method, m->method.len - 2) == 0;
}

static char *
finish(struct json_text *text)
{
	json_text_add(text, "\n", 2);
	if (text->failed) {
		json_text_fini(text);
		return NULL;
	}
	return text->at;
}

static void
add_meta(struct json_text *text, const struct message_call *call)
{
	json_text_adds(text, "\"_meta\":{\"" META "protocolVersion\":\"2026-07-28\",\""
	    META "clientCapabilities\":{},\"" META "clientInfo\":{\"name\":\"scalene-mcp-client\","
	    "\"version\":\"" SCALENE_MCP_VERSION "\"}");
	if (call->watch)
		json_text_addf(text, ",\"progressToken\":%" PRIu64 ",\"" META "logLevel\":\"info\"",
		    call->id);
	json_text_adds(text, "}");
}

char *
message_call(const struct message_call *call)
{
	struct json_text text;

	json_text_init(&text);
	json_text_addf(&text, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"tools/call\","
	    "\"params\":{", call->id);
	add_meta(&text, call);
	json_text_adds(&text, ",\"name\":");
	json_text_quote(&text, call->tool, strlen(call->tool));
	json_text_adds(&text, ",\"arguments\":");
	json_text_adds(&text, call->arguments ? call->arguments : "{}");
	json_text_adds(&text, "}}");
	return finish(&text);
}

char *
message_cancelled(uint64_t id)
{
	struct json_text text;

	json_text_init(&text);
	json_text_addf(&text, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
	    "\"params\":{\"requestId\":%" PRIu64 ",\"reason\":\"interrupted\"}}", id);
	return finish(&text);
}
