#include "workers/client/answer.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/limits.h"
#include "workers/client/pick.h"

static bool
span_is(struct json_span span, const char *raw)
{
	return span.at && span.len == strlen(raw) && memcmp(span.at, raw, span.len) == 0;
}

static enum err
copy_raw(struct answer *a, struct json_span span)
{
	static const struct json_limits limits = { LIMIT_JSON_DEPTH, LIMIT_JSON_NODES };
	enum err e;

	a->raw = strndup(span.at, span.len);
	if (a->raw == NULL)
		return ERR_NO_MEMORY;
	a->raw_len = span.len;
	e = json_parse(a->raw, a->raw_len, &limits, &a->json);
	if (e != OK)
		answer_fini(a);
	return e;
}

enum err
answer_read(const struct message *m, struct answer *ret_answer, const char **ret_why)
{
	struct answer a = { .kind = m->kind == MESSAGE_ERROR ? ANSWER_RPC_ERROR : ANSWER_RESULT };
	struct json_span body = m->body, type, structured;
	enum err e;

	*ret_why = "its result could not be read";
	if (m->kind == MESSAGE_RESULT) {
		type = json_member(body.at, body.len, "resultType");
		structured = json_member(body.at, body.len, "structuredContent");
		if (type.at && !span_is(type, "\"complete\"")) {
			*ret_why = "the server asks for something that this client cannot give";
			return ERR_MALFORMED;
		}
		if (span_is(json_member(body.at, body.len, "isError"), "true"))
			a.kind = ANSWER_TOOL_ERROR;
		a.structured = structured.at != NULL;
		body = a.structured ? structured : body;
	}
	e = copy_raw(&a, body);
	if (e == OK)
		*ret_answer = a;
	return e;
}

void
answer_fini(struct answer *a)
{
	cJSON_Delete(a->json);
	free(a->raw);
	memset(a, 0, sizeof(*a));
}

const char *
answer_message(const struct answer *a)
{
	const char *message = pick_text(a->json, "message");

	if (message == NULL)
		message = pick_text(cJSON_GetArrayItem(json_get(a->json, "content"), 0), "text");
	return message ? message : "the server gave no reason";
}

const char *
answer_hint(const struct answer *a)
{
	const char *hint = pick_text(a->json, "hint");

	return hint ? hint : pick_text(json_get(a->json, "data"), "hint");
}

const char *
answer_error(const struct answer *a)
{
	const char *error = pick_text(a->json, "error");

	return error ? error : "";
}
