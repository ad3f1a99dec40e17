#include "workers/front/rpc.h"

#include <string.h>

#include "protocol/limits.h"

#define ID_MAX 1024

static const struct json_limits limits = { LIMIT_JSON_DEPTH, LIMIT_JSON_NODES };

/* A string or an integer written as one; echoed as it is (MCP, basic/index). */
static bool
id_acceptable(struct json_span id)
{
	if (id.at == NULL || id.len == 0 || id.len > ID_MAX)
		return false;
	if (id.at[0] == '"')
		return true;
	if (id.at[0] != '-' && (id.at[0] < '0' || id.at[0] > '9'))
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (memchr(".eE", id.at[i], 3) != NULL)
			return false;
	return true;
}

static bool
refuse(struct rpc_problem *problem, enum rpc_code code, const char *text, struct json_span id)
{
	*problem = (struct rpc_problem){ code, text, id };
	return false;
}

static bool
is_string(struct json_span s, const char *text)
{
	return s.at != NULL && s.len == strlen(text) + 2 && s.at[0] == '"' && memcmp(s.at + 1, text, s.len - 2) == 0;
}

struct json_span
rpc_id_of(const char *text, size_t len)
{
	const struct json_span none = { NULL, 0 };
	struct json_span id;

	if (json_scan(text, len, &limits, NULL, NULL) != OK)
		return none;
	id = json_member(text, len, "id");
	return id_acceptable(id) ? id : none;
}

static bool
parse_members(struct rpc *rpc, struct json_span method, struct json_span params)
{
	if (json_parse(method.at, method.len, &limits, &rpc->method) != OK || !cJSON_IsString(rpc->method))
		return false;
	if (params.at == NULL)
		return true;
	return json_parse(params.at, params.len, &limits, &rpc->params) == OK && cJSON_IsObject(rpc->params);
}

static bool
first_is(const char *text, size_t len, char c)
{
	while (len > 0 && memchr(" \t\r\n", *text, 4) != NULL) {
		text++;
		len--;
	}
	return len > 0 && *text == c;
}

bool
rpc_parse(const char *text, size_t len, struct rpc *ret_rpc, struct rpc_problem *ret_problem)
{
	const struct json_span none = { NULL, 0 };
	struct rpc rpc = { .kind = RPC_REQUEST, .id = none };
	struct json_span method, params, id;
	const char *why = "not JSON";
	enum err e = json_scan(text, len, &limits, NULL, &why);

	if (e != OK)
		return refuse(ret_problem, e == ERR_TOO_LARGE ? RPC_INVALID_REQUEST : RPC_PARSE_ERROR, why, none);
	if (!first_is(text, len, '{'))
		return refuse(ret_problem, RPC_INVALID_REQUEST,
		    first_is(text, len, '[') ? "batches are not served here: send one message per line"
		                             : "a message is a JSON object", none);
	id = json_member(text, len, "id");
	method = json_member(text, len, "method");
	params = json_member(text, len, "params");
	rpc.id = id_acceptable(id) ? id : none;
	rpc.raw = params;
	if (method.at == NULL &&
	    (json_member(text, len, "result").at != NULL || json_member(text, len, "error").at != NULL)) {
		rpc.kind = RPC_RESPONSE;
		*ret_rpc = rpc;
		return true;
	}
	if (id.at != NULL && rpc.id.at == NULL)
		return refuse(ret_problem, RPC_INVALID_REQUEST, "id must be a string or an integer", none);
	if (!is_string(json_member(text, len, "jsonrpc"), "2.0") && id.at != NULL)
		return refuse(ret_problem, RPC_INVALID_REQUEST, "jsonrpc must be \"2.0\"", rpc.id);
	if (id.at == NULL && method.at == NULL)
		return refuse(ret_problem, RPC_INVALID_REQUEST, "neither a request nor a notification", none);
	if (id.at == NULL)
		rpc.kind = RPC_NOTIFICATION;
	if (method.at == NULL || !parse_members(&rpc, method, params)) {
		bool has_method = cJSON_IsString(rpc.method);

		rpc_fini(&rpc);
		if (id.at != NULL)
			return refuse(ret_problem, has_method ? RPC_INVALID_PARAMS : RPC_INVALID_REQUEST,
			    has_method ? "params must be an object" : "method must be a string", rpc.id);
	}
	*ret_rpc = rpc;
	return true;
}

void
rpc_fini(struct rpc *rpc)
{
	cJSON_Delete(rpc->method);
	cJSON_Delete(rpc->params);
	rpc->method = rpc->params = NULL;
}
