#include "workers/front/http_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/ulid.h"
#include "workers/front/render.h"

#define META_VERSION "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define HEADER_MISMATCH (-32020)     /* MCP 2026-07-28 */
#define BASE64_PREFIX "=?base64?"
#define BASE64_SUFFIX "?="

static const struct json_span no_id = { NULL, 0 };

/* One message on its way through. */
struct context {
	struct front *front;
	const struct http_headers *headers;
	const struct rpc *rpc;
	struct http_outcome *out;
};

static void
fail(struct http_outcome *out, unsigned status, struct json_span id, int code, const char *message)
{
	out->status = status;
	render_error(&out->body, revision_row(0), id, code, message, NULL);
}

void
http_message_refuse(const char *why, struct json_text *ret_text)
{
	render_error(ret_text, revision_row(0), no_id, RPC_INVALID_REQUEST, why, NULL);
}

/* ---- Mcp-Name in base64 ---- */

static int
sextet(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = memchr(alphabet, c, sizeof(alphabet) - 1);

	return at == NULL ? -1 : (int)(at - alphabet);
}

/* Whether strict base64 (padded, no stray bits) decodes to `plain`. */
static bool
base64_equals(struct text encoded, const char *plain)
{
	size_t done = 0, len = strlen(plain), digits = encoded.len;
	unsigned bits = 0, held = 0;

	while (digits > 0 && encoded.len - digits < 2 && encoded.at[digits - 1] == '=')
		digits--;
	if (encoded.len % 4 != 0 || encoded.len / 4 != (len + 2) / 3)
		return false;
	for (size_t i = 0; i < digits; i++) {
		int v = sextet(encoded.at[i]);

		if (v < 0)
			return false;
		bits = (bits << 6 | (unsigned)v) & 0xfff;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (done >= len || (unsigned char)plain[done++] != (bits >> held & 0xff))
			return false;
	}
	return done == len && (bits & ((1u << held) - 1)) == 0;
}

static bool
name_equals(struct text header, const char *name)
{
	const size_t before = strlen(BASE64_PREFIX), after = strlen(BASE64_SUFFIX);

	if (header.len >= before + after && memcmp(header.at, BASE64_PREFIX, before) == 0 &&
	    memcmp(header.at + header.len - after, BASE64_SUFFIX, after) == 0)
		return base64_equals((struct text){ header.at + before, header.len - before - after }, name);
	return header.len == strlen(name) && memcmp(header.at, name, header.len) == 0;
}

/* ---- headers against the body ---- */

/* The parameter that Mcp-Name repeats; NULL: none. */
static const char *
named_param(const char *method)
{
	static const struct {
		const char *method, *param;
	} rows[] = {
		{ "tools/call", "name" },
		{ "prompts/get", "name" },
		{ "resources/read", "uri" },
		{ "tasks/get", "taskId" },
		{ "tasks/update", "taskId" },
		{ "tasks/cancel", "taskId" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].method, method) == 0)
			return rows[i].param;
	return NULL;
}

static bool
agrees(const struct context *c, enum http_header header, const char *body)
{
	return c->headers->count[header] == 1 && name_equals(c->headers->value[header], body);
}

static bool
agrees_literally(const struct context *c, enum http_header header, const char *body)
{
	struct text v = c->headers->value[header];

	return c->headers->count[header] == 1 && v.len == strlen(body) && memcmp(v.at, body, v.len) == 0;
}

/* NULL, or which header is missing or says something else than the body. */
static const char *
header_problem(const struct context *c, const char *version)
{
	const char *method = c->rpc->method->valuestring, *param = named_param(method);
	const cJSON *name = param == NULL ? NULL : json_get(c->rpc->params, param);

	if (!agrees_literally(c, HTTP_MCP_VERSION, version))
		return "the header MCP-Protocol-Version must repeat " META_VERSION " of _meta";
	if (!agrees_literally(c, HTTP_MCP_METHOD, method))
		return "the header Mcp-Method must repeat method";
	if (param == NULL)
		return NULL;
	if (cJSON_IsString(name) ? !agrees(c, HTTP_MCP_NAME, name->valuestring)
				 : c->headers->count[HTTP_MCP_NAME] > 0)
		return "the header Mcp-Name must repeat params.name (or uri, or taskId)";
	return NULL;
}

/* ---- requests ---- */

/* The status that goes with an answer made before any work began. */
static unsigned
status_of(const struct json_text *answer)
{
	struct json_span error = json_member(answer->at, answer->len, "error"), code;

	if (error.at == NULL)
		return 200;
	code = json_member(error.at, error.len, "code");
	switch (code.at == NULL ? 0 : strtol(code.at, NULL, 10)) {
	case RPC_METHOD_NOT_FOUND:
		return 404;
	case RPC_INTERNAL_ERROR:
		return 500;
	default:
		return 400;
	}
}

static void
put_id(struct json_text *t, const char *text, size_t len, struct json_span place, struct text id)
{
	size_t before = (size_t)(place.at - text);

	json_text_add(t, text, before);
	json_text_add(t, id.at, id.len);
	json_text_add(t, place.at + place.len, len - before - place.len);
}

void
http_message_own_id(const char *id, const char *text, size_t len, struct json_text *ret_text)
{
	struct json_span place = json_member(text, len, "id");

	if (place.at == NULL)
		json_text_add(ret_text, text, len);
	else
		put_id(ret_text, text, len, place, text_of(id));
}

static void
dispatch(struct context *c, const char *text, size_t len)
{
	struct mcp_session none = { 0 };
	struct mcp_outcome outcome;
	struct json_text renamed;
	char ulid[LIMIT_ULID + 1], id[LIMIT_ULID + 3];

	ulid_make(ulid);
	snprintf(id, sizeof(id), "\"%s\"", ulid);
	json_text_init(&renamed);
	put_id(&renamed, text, len, c->rpc->id, text_of(id));
	c->out->id = strndup(c->rpc->id.at, c->rpc->id.len);
	if (renamed.failed || c->out->id == NULL) {
		fail(c->out, 500, c->rpc->id, RPC_INTERNAL_ERROR, err_info(ERR_NO_MEMORY)->text);
		json_text_fini(&renamed);
		return;
	}
	mcp_receive(c->front, &none, renamed.at, renamed.len, &outcome);
	c->out->request = outcome.request;
	if (outcome.kind == MCP_ANSWER) {
		http_message_own_id(c->out->id, outcome.answer.at, outcome.answer.len, &c->out->body);
		c->out->status = status_of(&outcome.answer);
	}
	json_text_fini(&outcome.answer);
	json_text_fini(&renamed);
}

static void
take_request(struct context *c, const char *text, size_t len)
{
	const cJSON *meta = json_get(c->rpc->params, "_meta"), *version = json_get(meta, META_VERSION);
	const char *problem;

	if (!cJSON_IsString(version) || !cJSON_IsObject(json_get(meta, META_CAPABILITIES))) {
		fail(c->out, 400, c->rpc->id, RPC_INVALID_PARAMS,
		    "sessions are not served over HTTP: use 2026-07-28, with the string " META_VERSION
		    " and the object " META_CAPABILITIES " in params._meta of every request");
		return;
	}
	problem = header_problem(c, version->valuestring);
	if (problem != NULL)
		fail(c->out, 400, c->rpc->id, HEADER_MISMATCH, problem);
	else
		dispatch(c, text, len);
}

/* ---- the rest ---- */

/* A notification changes nothing here: to cancel, a client closes its connection. */
static void
take_notification(struct context *c)
{
	const cJSON *method = c->rpc->method;

	if (method != NULL && c->headers->count[HTTP_MCP_METHOD] > 0 &&
	    !agrees_literally(c, HTTP_MCP_METHOD, method->valuestring))
		fail(c->out, 400, no_id, HEADER_MISMATCH, "the header Mcp-Method must repeat method");
	else
		c->out->status = 202;
}

void
http_message_receive(struct front *front, const struct http_headers *headers, const char *text, size_t len,
    struct http_outcome *ret_outcome)
{
	struct context c = { .front = front, .headers = headers, .out = ret_outcome };
	struct rpc_problem problem;
	struct rpc rpc;

	*ret_outcome = (struct http_outcome){ .status = 0 };
	json_text_init(&ret_outcome->body);
	if (!rpc_parse(text, len, &rpc, &problem)) {
		fail(ret_outcome, 400, problem.id, problem.code, problem.text);
		return;
	}
	c.rpc = &rpc;
	if (rpc.kind == RPC_REQUEST)
		take_request(&c, text, len);
	else if (rpc.kind == RPC_NOTIFICATION)
		take_notification(&c);
	else
		fail(ret_outcome, 400, no_id, RPC_INVALID_REQUEST, "nothing was asked of the client");
	rpc_fini(&rpc);
}
