/* What a tool answered. */
#ifndef WORKERS_CLIENT_ANSWER_H
#define WORKERS_CLIENT_ANSWER_H

#include <stdbool.h>

#include "workers/client/message.h"

enum answer_kind {
	ANSWER_RESULT,
	ANSWER_TOOL_ERROR,       /* isError: the tool says why */
	ANSWER_RPC_ERROR         /* a JSON-RPC error: the call was not understood */
};

struct answer {
	enum answer_kind kind;
	char *raw;               /* structuredContent, else the whole result; or the error */
	size_t raw_len;
	bool structured;         /* raw is structuredContent */
	cJSON *json;             /* raw, parsed */
};

/*
 * Takes a MESSAGE_RESULT or MESSAGE_ERROR; copies all it needs. ERR_MALFORMED, with *ret_why
 * (static), for an answer of a type that this client did not ask for; ERR_NO_MEMORY.
 */
enum err answer_read(const struct message *m, struct answer *ret_answer, const char **ret_why);
void answer_fini(struct answer *a);

/* For errors: what happened, the next step (NULL when none was given), and the name in the error
 * table ("not_found"; "" for JSON-RPC errors). Borrowed from the answer. */
const char *answer_message(const struct answer *a);
const char *answer_hint(const struct answer *a);
const char *answer_error(const struct answer *a);

#endif
