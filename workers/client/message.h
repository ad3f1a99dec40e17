/*
 * The MCP messages of revision 2026-07-28 on stdio, as a client writes and reads them: nothing is
 * remembered between requests, every request carries its version and capabilities.
 */
#ifndef WORKERS_CLIENT_MESSAGE_H
#define WORKERS_CLIENT_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/error.h"
#include "workers/runtime/json.h"

enum message_kind {
	MESSAGE_RESULT,
	MESSAGE_ERROR,           /* id 0: it answers something that the server could not read */
	MESSAGE_NOTIFICATION
};

struct message {
	enum message_kind kind;
	uint64_t id;
	struct json_span method;     /* of a notification; raw, with its quotes */
	struct json_span body;       /* the raw result, error or params; at == NULL: no params */
};

/*
 * Checks one line from the server strictly (json_scan, limits.h) and says what it is; spans borrow
 * from the line. ERR_MALFORMED or ERR_TOO_LARGE, with *ret_why (static) saying what is wrong: no
 * JSON, no JSON-RPC, an id that is not ours, a request (a server must not send any).
 */
enum err message_read(const char *line, size_t len, struct message *ret_message,
    const char **ret_why);

bool message_is(const struct message *m, const char *method);

/* How tools/call is asked. */
struct message_call {
	uint64_t id;             /* from 1; also the progress token */
	const char *tool;
	const char *arguments;   /* a JSON object in one line; NULL: none */
	bool watch;              /* wants progress and the program's output */
};

/* One line with its line feed. The caller frees; NULL when out of memory. */
char *message_call(const struct message_call *call);
char *message_cancelled(uint64_t id);

#endif
