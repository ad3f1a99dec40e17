#include "workers/client/notice.h"

#include <string.h>

#include "protocol/ulid.h"
#include "workers/client/pick.h"

static bool
names_job(const char *key)
{
	const char *slash = strrchr(key, '/');

	return strcmp(slash ? slash + 1 : key, "job_id") == 0;
}

static void
find_job(const cJSON *object, struct notice *n)
{
	const cJSON *member;

	if (!cJSON_IsObject(object))
		return;
	cJSON_ArrayForEach(member, object)
		if (names_job(member->string) && cJSON_IsString(member) &&
		    ulid_valid(member->valuestring, strlen(member->valuestring)))
			memcpy(n->job_id, member->valuestring, sizeof(n->job_id));
}

static enum err
read_progress(struct notice *n)
{
	const cJSON *token = json_get(n->params, "progressToken");

	n->kind = NOTICE_PROGRESS;
	n->text = pick_text(n->params, "message");
	if (!cJSON_IsNumber(token) || token->valuedouble < 1 || token->valuedouble > 1e15)
		return ERR_MALFORMED;
	n->token = (uint64_t)token->valuedouble;
	return OK;
}

static enum err
read_log(struct notice *n)
{
	const char *logger = pick_text(n->params, "logger");
	const cJSON *data = json_get(n->params, "data");

	n->text = cJSON_IsString(data) ? data->valuestring : pick_text(data, "text");
	if (n->text == NULL)
		return ERR_MALFORMED;
	find_job(data, n);
	n->kind = NOTICE_LOG;
	if (logger && strcmp(logger, "program.stdout") == 0)
		n->stream = 1;
	if (logger && strcmp(logger, "program.stderr") == 0)
		n->stream = 2;
	if (n->stream)
		n->kind = NOTICE_OUTPUT;
	return OK;
}

enum err
notice_read(const struct message *m, struct notice *ret_notice)
{
	static const struct json_limits limits = { LIMIT_JSON_DEPTH, LIMIT_JSON_NODES };
	struct notice n = { .kind = NOTICE_OTHER, .text = "" };
	enum err e = OK;

	if (m->body.at && json_parse(m->body.at, m->body.len, &limits, &n.params) != OK)
		return ERR_MALFORMED;
	find_job(json_get(n.params, "_meta"), &n);
	if (message_is(m, "notifications/progress"))
		e = read_progress(&n);
	else if (message_is(m, "notifications/message"))
		e = read_log(&n);
	if (e == OK)
		*ret_notice = n;
	else
		notice_fini(&n);
	return e;
}

void
notice_fini(struct notice *n)
{
	cJSON_Delete(n->params);
	memset(n, 0, sizeof(*n));
}
