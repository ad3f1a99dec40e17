/*
 * One JSON-RPC message that was POSTed: what it means, and the status that its answer goes with. Only stateless
 * requests are served over HTTP: one whose _meta names no protocol version is told which one to use.
 */
#ifndef WORKERS_FRONT_HTTP_MESSAGE_H
#define WORKERS_FRONT_HTTP_MESSAGE_H

#include "workers/front/http_headers.h"
#include "workers/front/mcp.h"

struct http_outcome {
	unsigned status;         /* of the answer; 0: `request` is to be begun */
	struct json_text body;   /* the answer, empty with 202; to be freed by the caller in any case */
	struct request *request;
	char *id;                /* with a request: the client's own, raw; to be freed by the caller */
};

/*
 * Checks in this order: body, _meta, the MCP headers against the body, version, method, arguments (MCP 2026-07-28,
 * basic/transports/streamable-http).
 *
 * Ids are unique for one client and here many share the front's requests, so a request goes under an id of ours;
 * http_message_own_id puts the client's back.
 */
void http_message_receive(struct front *front, const struct http_headers *headers, const char *text, size_t len,
    struct http_outcome *ret_outcome);

/* An answer to a request of http_message_receive with the client's id in place of ours. */
void http_message_own_id(const char *id, const char *text, size_t len, struct json_text *ret_text);

/* An error without id that answers what is no message. */
void http_message_refuse(const char *why, struct json_text *ret_text);

#endif
