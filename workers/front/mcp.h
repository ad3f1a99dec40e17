/*
 * MCP: what one message of a client means, whatever transport brought it. Both eras are served side by side: a request
 * whose _meta names a protocol version is modern and needs no session, anything else belongs to the session's
 * handshake (2026-07-28, basic/versioning).
 */
#ifndef WORKERS_FRONT_MCP_H
#define WORKERS_FRONT_MCP_H

#include "workers/front/front.h"
#include "workers/front/requests.h"

/* What a legacy client agreed on; all zero before its handshake. */
struct mcp_session {
	const struct revision *revision;
	bool initialized;
	int log_level;           /* 0: not set; else 1 + place in debug, info, notice, ... emergency */
};

enum mcp_kind {
	MCP_ANSWER,              /* `answer` holds the message to send */
	MCP_SILENCE,             /* nothing is to be answered */
	MCP_CALL,                /* `request` is to be begun */
};

struct mcp_outcome {
	enum mcp_kind kind;
	struct json_text answer; /* to be freed by the caller in any case */
	struct request *request;
};

/* Handles one message; the session may be changed. */
void mcp_receive(struct front *front, struct mcp_session *session, const char *text, size_t len,
    struct mcp_outcome *ret_outcome);

/* The answer to a message that is not handled: poisoned, too long, or no room for it. Without an id when it has no readable
 * one (text may be NULL). */
void mcp_refuse(const struct mcp_session *session, const char *text, size_t len, enum err e,
    struct mcp_outcome *ret_outcome);

#endif
