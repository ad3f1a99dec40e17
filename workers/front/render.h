/* JSON-RPC messages to a client, in the words of its revision. Every function writes one whole message, without
 * newline, into an empty json_text. `id` is the raw token of the request. */
#ifndef WORKERS_FRONT_RENDER_H
#define WORKERS_FRONT_RENDER_H

#include "protocol/frame.h"
#include "workers/front/front.h"
#include "workers/front/link.h"
#include "workers/front/revision.h"
#include "workers/front/rpc.h"

/* An error; `data` is raw JSON or NULL. With id.at == NULL the id is left out or null, as the revision says. */
void render_error(struct json_text *t, const struct revision *revision, struct json_span id, int code,
    const char *message, const char *data);

/* A tool's result from its encoded value. */
void render_tool_result(struct json_text *t, const struct revision *revision, struct json_span id,
    struct value result);

/* A tool's failure: isError with error, message and hint. */
void render_tool_error(struct json_text *t, const struct revision *revision, struct json_span id,
    const struct reply *reply);

/* A result without members of its own. */
void render_empty(struct json_text *t, const struct revision *revision, struct json_span id);

void render_initialize(struct json_text *t, const struct revision *revision, struct json_span id);
void render_discover(struct json_text *t, const struct revision *revision, struct json_span id);
void render_tools(struct json_text *t, const struct revision *revision, struct json_span id,
    const struct front *front);

/* -32022 with the versions that are served. */
void render_unsupported(struct json_text *t, struct json_span id, const char *requested);

/* Notifications; `token` is the raw progress token. */
void render_progress(struct json_text *t, const char *token, const struct body_progress *progress);
void render_output(struct json_text *t, const char *job_id, const struct body_output *output);

#endif
