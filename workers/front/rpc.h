/* One JSON-RPC 2.0 message, strictly read. */
#ifndef WORKERS_FRONT_RPC_H
#define WORKERS_FRONT_RPC_H

#include "workers/runtime/json.h"

enum rpc_kind { RPC_REQUEST, RPC_NOTIFICATION, RPC_RESPONSE };

enum rpc_code {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_METHOD_NOT_FOUND = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_INTERNAL_ERROR = -32603,
	RPC_UNSUPPORTED_VERSION = -32022,   /* MCP 2026-07-28 */
};

struct rpc {
	enum rpc_kind kind;
	struct json_span id;     /* the token as it stood in the text, quotes included; borrows from it */
	cJSON *method;           /* a string */
	cJSON *params;           /* an object, or NULL */
	struct json_span raw;    /* params as it stood in the text; borrows from it */
};

struct rpc_problem {
	enum rpc_code code;
	const char *text;
	struct json_span id;     /* at == NULL: unreadable */
};

/* False: *ret_problem says what to answer. A notification that is malformed otherwise than in its JSON is silently
 * RPC_NOTIFICATION with method NULL, because notifications are never answered. */
bool rpc_parse(const char *text, size_t len, struct rpc *ret_rpc, struct rpc_problem *ret_problem);
void rpc_fini(struct rpc *rpc);

/* The id token of a message that is not to be looked at further; at == NULL when there is none. */
struct json_span rpc_id_of(const char *text, size_t len);

#endif
