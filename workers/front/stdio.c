#include "workers/front/stdio.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/inherit.h"
#include "workers/front/job.h"
#include "workers/front/ledger.h"
#include "workers/front/mcp.h"
#include "workers/runtime/log.h"

#define CONGESTED_BYTES (1u << 20)
#define DEATHS_MAX 2
#define BLOCKED_BYTES (32u << 20) /* unread answers above which no more requests are taken */
#define DELIVER_MS 300           /* for a client that asked and then does not read */
#define HUNG_UP_MS 1000          /* for one that closed its input while it owes us reading */
#define LINES_PER_TURN 64
#define LAST_TURNS 16

struct stdio {
	struct front *front;
	struct ledger *ledger;
	struct channel channel;
	struct mcp_session session;
	struct watch *in, *out;
	struct timer *more;          /* lines are left over from the last turn */
	struct timer *deliver;
	bool ended_input, answered, congested, proved;
	bool blocked;                /* above BLOCKED_BYTES: nothing is read */
	void (*ended)(void *arg);
	void *arg;
};

/* ---- output ---- */

static void
stop(struct stdio *s)
{
	void (*ended)(void *) = s->ended;

	s->ended = NULL;
	if (ended != NULL)
		ended(s->arg);
}

static void
unblock(struct stdio *s)
{
	s->blocked = false;
	timer_stop(s->deliver);
	if (s->in != NULL)
		watch_events(s->in, POLLIN);
	timer_start(s->more, 0);
}

/* Only a hang-up is heard of the input until the client has read. */
static void
block(struct stdio *s)
{
	s->blocked = true;
	if (s->in != NULL)
		watch_events(s->in, POLLPRI);
}

static void
flush(struct stdio *s)
{
	enum err e = ledger_flush(s->ledger);

	watch_events(s->out, e == ERR_BUSY ? POLLOUT : 0);
	if (e != OK && e != ERR_BUSY) {
		if (!s->answered)
			log_line(LOG_INFO, "the client does not read any more");
		s->answered = true;
		stop(s);
		return;
	}
	if (s->congested && ledger_backlog(s->ledger) < CONGESTED_BYTES) {
		s->congested = false;
		jobs_take_output(s->front->jobs);
	}
	if (s->blocked && ledger_backlog(s->ledger) < BLOCKED_BYTES / 2)
		unblock(s);
	if (s->answered && e == OK)
		stop(s);
}

static void
on_out(void *arg, short revents)
{
	(void)revents;
	flush(arg);
}

static void
on_deliver(void *arg)
{
	struct stdio *s = arg;

	log_line(LOG_WARN, "the client did not read %llu bytes of answers", (unsigned long long)ledger_backlog(s->ledger));
	stop(s);
}

/* ---- the session, as the ledger keeps it ---- */

static void
load_session(struct stdio *s)
{
	const struct ledger_session *kept = ledger_session(s->ledger);

	s->session.revision = revision_find(kept->protocol_version,
	    strnlen(kept->protocol_version, sizeof(kept->protocol_version)));
	s->session.initialized = kept->initialized != 0;
	s->session.log_level = kept->log_level;
}

static void
keep_session(struct stdio *s)
{
	struct ledger_session *kept = ledger_session(s->ledger);

	memset(kept->protocol_version, 0, sizeof(kept->protocol_version));
	if (s->session.revision != NULL)
		memcpy(kept->protocol_version, s->session.revision->name,
		    strnlen(s->session.revision->name, sizeof(kept->protocol_version) - 1));
	kept->initialized = s->session.initialized;
	kept->log_level = (uint8_t)s->session.log_level;
}

/* ---- the requests' channel ---- */

/* An answer that cannot be kept must not count as given: the process ends, and the next one gives it. */
static void
append(struct stdio *s, const char *text, size_t len)
{
	enum err e = ledger_append(s->ledger, text, len);

	if (!s->proved)
		parent_say(s->front->parent, CONTROL_DONE, 0, 0, "");
	s->proved = true;
	if (e != OK)
		log_panic("a message of %zu bytes could not be kept: %s", len, err_info(e)->name);
}

static void
channel_notify(void *arg, const char *text, size_t len)
{
	struct stdio *s = arg;

	append(s, text, len);
	ledger_commit(s->ledger);
	flush(s);
}

static void
channel_finish(void *arg, int slot, const char *text, size_t len)
{
	struct stdio *s = arg;

	if (text != NULL)
		append(s, text, len);
	ledger_done(s->ledger, slot);
	ledger_commit(s->ledger);
	flush(s);
}

static void
channel_set_job(void *arg, int slot, const char *job_id)
{
	struct stdio *s = arg;

	ledger_set_job(s->ledger, slot, job_id);
	ledger_commit(s->ledger);
}

static void
channel_blame(void *arg, int slot)
{
	struct stdio *s = arg;

	ledger_blame(s->ledger, slot);
	ledger_commit(s->ledger);
}

static bool
channel_congested(void *arg)
{
	struct stdio *s = arg;

	s->congested = ledger_backlog(s->ledger) >= CONGESTED_BYTES;
	return s->congested;
}

/* ---- input ---- */

static void
answer(struct stdio *s, struct mcp_outcome *outcome)
{
	if (outcome->kind == MCP_ANSWER && !outcome->answer.failed && outcome->answer.len > 0)
		append(s, outcome->answer.at, outcome->answer.len);
}

static void
begin_or_refuse(struct stdio *s, const struct ledger_line *line, struct mcp_outcome *outcome)
{
	int slot = ledger_hold(s->ledger);
	struct mcp_outcome refusal;

	if (slot >= 0) {
		ledger_commit(s->ledger);
		request_begin(outcome->request, &s->channel, slot, "");
		return;
	}
	request_discard(outcome->request);
	mcp_refuse(&s->session, line->at, line->len, ERR_BUSY, &refusal);
	answer(s, &refusal);
	json_text_fini(&refusal.answer);
	ledger_consume(s->ledger);
	ledger_commit(s->ledger);
}

static void
receive(struct stdio *s, const struct ledger_line *line, struct mcp_outcome *ret_outcome)
{
	if (line->too_long)
		mcp_refuse(&s->session, NULL, 0, ERR_TOO_LARGE, ret_outcome);
	else if (ledger_head_deaths(s->ledger) >= DEATHS_MAX)
		mcp_refuse(&s->session, line->at, line->len, ERR_POISONED, ret_outcome);
	else
		mcp_receive(s->front, &s->session, line->at, line->len, ret_outcome);
}

static void
handle_line(struct stdio *s, const struct ledger_line *line)
{
	struct mcp_outcome outcome;

	ledger_in_hand(s->ledger, line->offset);
	receive(s, line, &outcome);
	keep_session(s);
	if (outcome.kind == MCP_CALL) {
		begin_or_refuse(s, line, &outcome);
	} else {
		answer(s, &outcome);
		ledger_consume(s->ledger);
		ledger_commit(s->ledger);
	}
	json_text_fini(&outcome.answer);
	ledger_nothing_in_hand(s->ledger);
}

static void on_left(void *arg);

static void
input_ended(struct stdio *s)
{
	s->ended_input = true;
	watch_close(&s->in);
	s->front->leaving = true;
	requests_leave(s->front->requests, on_left, s);
}

/* Fills and takes lines, a bounded number a turn, so that nothing else starves. */
static void
read_some(struct stdio *s)
{
	struct ledger_line line;
	enum err filled;
	int taken = 0;

	if (ledger_backlog(s->ledger) > BLOCKED_BYTES) {
		block(s);
		return;
	}
	filled = ledger_fill(s->ledger);

	while (taken < LINES_PER_TURN && ledger_next(s->ledger, &line)) {
		handle_line(s, &line);
		taken++;
	}
	flush(s);
	if (s->ended == NULL)
		return;
	if (taken == LINES_PER_TURN || filled == ERR_TOO_LARGE)
		timer_start(s->more, 0);
	else if (filled == ERR_NOT_FOUND)
		input_ended(s);
	else if (filled != OK && filled != ERR_BUSY) {
		log_line(LOG_ERROR, "standard input: %s", err_info(filled)->name);
		input_ended(s);
	}
}

static void
on_in(void *arg, short revents)
{
	struct stdio *s = arg;

	if (s->blocked && (revents & POLLHUP) != 0) {
		watch_events(s->in, 0);
		timer_start(s->deliver, HUNG_UP_MS);
	} else if (!s->ended_input && !s->blocked && !timer_running(s->more)) {
		read_some(s);
	}
}

static void
on_more(void *arg)
{
	struct stdio *s = arg;

	if (!s->ended_input && !s->blocked)
		read_some(s);
}

/* ---- taking up ---- */

static void
take_up(struct stdio *s, int slot)
{
	struct mcp_outcome outcome;
	struct ledger_line line;

	if (ledger_line_of(s->ledger, slot, &line) != OK)
		return;
	ledger_in_hand(s->ledger, line.offset);
	if (ledger_deaths(s->ledger, slot) >= DEATHS_MAX)
		mcp_refuse(&s->session, line.at, line.len, ERR_POISONED, &outcome);
	else
		mcp_receive(s->front, &s->session, line.at, line.len, &outcome);
	if (outcome.kind == MCP_CALL) {
		request_begin(outcome.request, &s->channel, slot, ledger_job(s->ledger, slot));
	} else {
		answer(s, &outcome);
		ledger_done(s->ledger, slot);
		ledger_commit(s->ledger);
	}
	json_text_fini(&outcome.answer);
	ledger_nothing_in_hand(s->ledger);
}

void
stdio_start(struct stdio *s)
{
	int count = 0;

	for (int slot = 0; slot < LIMIT_OPEN_REQUESTS; slot++)
		if (ledger_is_open(s->ledger, slot)) {
			take_up(s, slot);
			count++;
		}
	if (count > 0)
		log_line(LOG_INFO, "took up %d requests of the incarnation before", count);
	timer_start(s->more, 0);
}

/* ---- the end ---- */

static void
on_left(void *arg)
{
	struct stdio *s = arg;

	s->answered = true;
	timer_start(s->deliver, DELIVER_MS);
	flush(s);
}

/* What the client has sent by now is still taken. */
void
stdio_leave(struct stdio *s)
{
	for (int turn = 0; turn < LAST_TURNS && !s->ended_input && !s->blocked; turn++) {
		timer_stop(s->more);
		read_some(s);
		if (!timer_running(s->more))
			break;
	}
	if (!s->ended_input)
		input_ended(s);
}

enum err
stdio_open(struct front *front, void (*ended)(void *arg), void *arg, struct stdio **ret_stdio)
{
	struct stdio *s = calloc(1, sizeof(*s));
	enum err e;

	if (s == NULL)
		return ERR_NO_MEMORY;
	*s = (struct stdio){ .front = front, .ended = ended, .arg = arg };
	s->channel = (struct channel){ channel_notify, channel_finish, channel_set_job, channel_blame,
		channel_congested, s };
	e = ledger_open(INHERIT_CLIENT_IN, INHERIT_CLIENT_OUT, INHERIT_LEDGER_IN, INHERIT_LEDGER_OUT,
	    INHERIT_LEDGER_RECORD, &s->ledger);
	if (e != OK)
		goto failed;
	load_session(s);
	s->in = loop_watch(front->loop, INHERIT_CLIENT_IN, POLLIN, on_in, s);
	s->out = loop_watch(front->loop, INHERIT_CLIENT_OUT, 0, on_out, s);
	s->more = loop_timer(front->loop, on_more, s);
	s->deliver = loop_timer(front->loop, on_deliver, s);
	e = ERR_NO_MEMORY;
	if (s->in == NULL || s->out == NULL || s->more == NULL || s->deliver == NULL)
		goto failed;
	*ret_stdio = s;
	return OK;
failed:
	stdio_close(&s);
	return e;
}

void
stdio_close(struct stdio **stdio)
{
	struct stdio *s = *stdio;

	if (s == NULL)
		return;
	watch_close(&s->in);
	watch_close(&s->out);
	timer_close(&s->more);
	timer_close(&s->deliver);
	ledger_close(&s->ledger);
	free(s);
	*stdio = NULL;
}
