#include "workers/front/http_exchange.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/limits.h"
#include "workers/front/http_message.h"
#include "workers/runtime/log.h"

#define HELD_MAX (64u << 20)     /* bodies in memory, of all clients together */
#define DRAIN_MAX (64u << 10)    /* a refused body of this size is read first, so that its client reads the answer */

enum state {
	READING,
	WAITING,                 /* suspended */
	ANSWERED,                /* `status` and `answer`; status 0: nobody reads it */
};

struct exchange {
	struct exchanges *all;
	struct MHD_Connection *connection;
	struct http_headers headers;
	struct http_verdict verdict;
	bool health;
	enum state state;
	struct json_text body, answer;
	size_t dropped;          /* bytes of the body that were not kept */
	unsigned status;
	struct channel channel;
	struct request *request; /* while WAITING */
	char *id;
	struct watch *gone;      /* MHD does not look at a suspended connection */
};

/* ---- answering ---- */

static void
prove_use(struct exchanges *all)
{
	if (!all->answered_one)
		parent_say(all->front->parent, CONTROL_DONE, 0, 0, "");
	all->answered_one = true;
}

static void
add_headers(const struct exchange *e, struct MHD_Response *response)
{
	if (e->health)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
	else if (e->status != 202)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (e->verdict.allow != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, e->verdict.allow);
	if (e->status == 503)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	if (e->all->front->leaving)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

/* Sends `status` and `answer`, whose memory goes to MHD. */
static enum MHD_Result
send_answer(struct exchange *e)
{
	struct json_text *t = &e->answer;
	struct MHD_Response *response;
	enum MHD_Result result;

	e->state = ANSWERED;
	if (e->status == 0 || t->failed)
		return MHD_NO;
	response = t->at == NULL ? MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT)
				 : MHD_create_response_from_buffer(t->len, t->at, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		return MHD_NO;
	json_text_init(t);
	add_headers(e, response);
	result = MHD_queue_response(e->connection, e->status, response);
	MHD_destroy_response(response);
	prove_use(e->all);
	return result;
}

static enum MHD_Result
refuse(struct exchange *e, unsigned status, const char *why)
{
	e->status = status;
	http_message_refuse(why, &e->answer);
	return send_answer(e);
}

/* ---- the request's channel ---- */

static void
channel_notify(void *arg, const char *text, size_t len)
{
	(void)arg, (void)text, (void)len;
}

static void
channel_finish(void *arg, int slot, const char *text, size_t len)
{
	struct exchange *e = arg;

	(void)slot;
	e->request = NULL;
	watch_close(&e->gone);
	if (text != NULL) {
		e->status = 200;
		http_message_own_id(e->id, text, len, &e->answer);
	}
	e->state = ANSWERED;
	MHD_resume_connection(e->connection);
	e->all->turn(e->all->arg);
}

static void
channel_set_job(void *arg, int slot, const char *job_id)
{
	(void)arg, (void)slot, (void)job_id;
}

static void
channel_blame(void *arg, int slot)
{
	(void)arg, (void)slot;
}

static bool
channel_congested(void *arg)
{
	(void)arg;
	return false;
}

/* ---- waiting ---- */

static void
on_gone(void *arg, short revents)
{
	struct exchange *e = arg;

	(void)revents;
	request_cancel(e->request);
}

static enum MHD_Result
wait_for(struct exchange *e, struct request *request)
{
	int fd = MHD_get_connection_info(e->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

	e->gone = loop_watch(e->all->front->loop, fd, POLLRDHUP, on_gone, e);
	if (e->gone == NULL) {
		request_discard(request);
		return refuse(e, 503, err_info(ERR_NO_MEMORY)->text);
	}
	e->channel = (struct channel){ channel_notify, channel_finish, channel_set_job, channel_blame,
		channel_congested, e };
	e->state = WAITING;
	e->request = request;
	MHD_suspend_connection(e->connection);
	request_begin(request, &e->channel, 0, "");
	return MHD_YES;
}

bool
exchange_waits(const struct exchange *e)
{
	return e->state == WAITING;
}

void
exchange_abandon(struct exchange *e)
{
	if (e->state != WAITING)
		return;
	watch_close(&e->gone);
	e->state = ANSWERED;
	MHD_resume_connection(e->connection);
}

/* ---- reading ---- */

static void
drop_body(struct exchange *e)
{
	e->all->held -= e->body.len;
	json_text_fini(&e->body);
	json_text_init(&e->body);
}

/* Whether a client that is refused would still be writing, so that it is better told at once. */
static bool
announces_much(const struct exchange *e)
{
	return e->headers.count[HTTP_EXPECT] > 0 || http_headers_length(&e->headers) > DRAIN_MAX;
}

enum MHD_Result
exchange_head(struct exchange *e)
{
	if (e->verdict.status != 0 && announces_much(e))
		return refuse(e, e->verdict.status, e->verdict.text);
	return MHD_YES;
}

enum MHD_Result
exchange_body(struct exchange *e, const char *data, size_t *size)
{
	size_t len = *size;

	*size = 0;
	if (e->verdict.status == 0 && e->body.len + len > LIMIT_JSON_LINE)
		e->verdict = (struct http_verdict){ 413, "the body is too large", NULL };
	else if (e->verdict.status == 0 && e->all->held + len > HELD_MAX)
		e->verdict = (struct http_verdict){ 503, "too many large bodies at once", NULL };
	if (e->verdict.status != 0) {
		drop_body(e);
		e->dropped += len;
		return e->dropped > LIMIT_JSON_LINE ? MHD_NO : MHD_YES;
	}
	json_text_add(&e->body, data, len);
	if (e->body.failed)
		return MHD_NO;
	e->all->held += len;
	return MHD_YES;
}

static enum MHD_Result
answer_health(struct exchange *e)
{
	e->status = 200;
	json_text_adds(&e->answer, "ok\n");
	return send_answer(e);
}

static enum MHD_Result
take_message(struct exchange *e)
{
	struct http_outcome outcome;

	http_message_receive(e->all->front, &e->headers, e->body.at == NULL ? "" : e->body.at, e->body.len, &outcome);
	drop_body(e);
	e->id = outcome.id;
	e->status = outcome.status;
	e->answer = outcome.body;
	return outcome.request != NULL ? wait_for(e, outcome.request) : send_answer(e);
}

enum MHD_Result
exchange_end(struct exchange *e)
{
	if (e->state == ANSWERED)
		return send_answer(e);
	if (e->verdict.status != 0)
		return refuse(e, e->verdict.status, e->verdict.text);
	if (e->all->front->leaving)
		return refuse(e, 503, err_info(ERR_STOPPING)->text);
	return e->health ? answer_health(e) : take_message(e);
}

/* ---- life ---- */

static enum MHD_Result
take_header(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
    size_t value_len)
{
	struct text n = { name, name_len }, v = { value == NULL ? "" : value, value_len };

	(void)kind;
	http_headers_add(arg, n, v);
	return MHD_YES;
}

struct exchange *
exchange_new(struct exchanges *all, struct MHD_Connection *connection, const char *method, const char *path)
{
	struct exchange *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->all = all;
	e->connection = connection;
	json_text_init(&e->body);
	json_text_init(&e->answer);
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, &e->headers);
	e->verdict = http_headers_judge(&e->headers, method, path);
	e->health = e->verdict.status == 0 && strcmp(path, HTTP_PATH_HEALTH) == 0;
	all->count++;
	return e;
}

void
exchange_free(struct exchange **exchange)
{
	struct exchange *e = *exchange;

	if (e == NULL)
		return;
	*exchange = NULL;
	watch_close(&e->gone);
	drop_body(e);
	json_text_fini(&e->answer);
	free(e->id);
	e->all->count--;
	free(e);
}
