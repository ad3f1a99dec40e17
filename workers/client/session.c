#include "workers/client/session.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "workers/client/clock.h"
#include "workers/client/lines.h"
#include "workers/client/notice.h"

#define TICK_MS 1000
#define TERM_MS 2000
#define LOG_LINE_MAX 4096

struct session {
	struct server server;
	const struct session_events *events;
	struct lines from_server, log;
	struct json_text to_server;  /* what was not written yet, after `sent` bytes */
	size_t sent;
	int signals;                 /* signalfd */
	sigset_t old_mask;
	uint64_t last_id;
	uint64_t awaited;            /* the id being waited for; 0: none */
	struct answer *answer;       /* of it; filled when awaited is 0 again */
	enum err broken;             /* the call cannot go on */
	bool interrupted;
	char job_id[LIMIT_ULID + 1];
	char why[320];
};

/* Nothing more can come from the server, or nothing that can be believed. */
static bool
is_final(enum err e)
{
	return e == ERR_WORKER_LOST || e == ERR_MALFORMED || e == ERR_TOO_LARGE ||
	    e == ERR_NO_MEMORY;
}

static void __attribute__((format(printf, 3, 4)))
break_off(struct session *s, enum err e, const char *format, ...)
{
	va_list arguments;

	if (s->broken != OK && !(is_final(e) && !is_final(s->broken)))
		return;
	s->broken = e;
	va_start(arguments, format);
	vsnprintf(s->why, sizeof(s->why), format, arguments);
	va_end(arguments);
}

/* ---- what arrives ---- */

static void
take_notification(struct session *s, const struct message *m)
{
	const struct session_events *events = s->events;
	struct notice notice;
	enum err e = notice_read(m, &notice);

	if (e != OK)
		return;
	if (notice.job_id[0])
		memcpy(s->job_id, notice.job_id, sizeof(s->job_id));
	if (notice.kind == NOTICE_PROGRESS && notice.token == s->awaited && s->awaited)
		events->progress(events->arg, notice.text);
	if (notice.kind == NOTICE_OUTPUT && s->awaited && s->broken == OK)
		e = events->output(events->arg, notice.stream, notice.text, strlen(notice.text));
	if (notice.kind == NOTICE_LOG)
		events->log(events->arg, notice.text, strlen(notice.text));
	if (e != OK)
		break_off(s, e, "the program's output cannot be written: %s", strerror(errno));
	notice_fini(&notice);
}

static void
take_answer(struct session *s, const struct message *m)
{
	const char *why;
	enum err e;

	if (m->id == 0) {
		break_off(s, ERR_MALFORMED, "the server could not read a request of ours: %.*s",
		    (int)(m->body.len < 200 ? m->body.len : 200), m->body.at);
		return;
	}
	if (m->id != s->awaited)
		return;
	e = answer_read(m, s->answer, &why);
	if (e == OK)
		s->awaited = 0;
	else
		break_off(s, e, "the server's answer is not usable: %s", why);
}

static void
take_line(struct session *s, const char *line, size_t len)
{
	struct message m;
	const char *why = "";
	enum err e = message_read(line, len, &m, &why);

	if (e != OK)
		break_off(s, e, "the server wrote a line that is no message (%s)", why);
	else if (m.kind == MESSAGE_NOTIFICATION)
		take_notification(s, &m);
	else
		take_answer(s, &m);
}

static void
take_lines(struct session *s)
{
	const char *line;
	size_t len;
	enum err e = OK;

	while (!is_final(s->broken) && (e = lines_next(&s->from_server, &line, &len)) == OK)
		if (len > 0)
			take_line(s, line, len);
	if (!is_final(s->broken) && e == ERR_TOO_LARGE)
		break_off(s, e, "the server wrote a line of more than %u MiB",
		    LIMIT_JSON_LINE >> 20);
	if (is_final(s->broken))
		lines_fini(&s->from_server);
}

static void
close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
read_server(struct session *s)
{
	enum err e = lines_read(&s->from_server, s->server.out);

	if (e == OK)
		take_lines(s);
	if (e == OK || e == ERR_BUSY)
		return;
	close_end(&s->server.out);
	break_off(s, ERR_WORKER_LOST, "the server is gone");
}

static void
read_log(struct session *s)
{
	const char *line;
	size_t len;
	enum err e = lines_read(&s->log, s->server.err);

	while (e == OK && lines_next(&s->log, &line, &len) == OK)
		s->events->log(s->events->arg, line, len);
	if (e == OK || e == ERR_BUSY)
		return;
	close_end(&s->server.err);
	len = lines_rest(&s->log, &line);
	if (len > 0)
		s->events->log(s->events->arg, line, len);
}

static void
read_signals(struct session *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) == sizeof(info))
		s->interrupted = true;
}

static void
write_server(struct session *s)
{
	ssize_t n = write(s->server.in, s->to_server.at + s->sent, s->to_server.len - s->sent);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		close_end(&s->server.in);
		return;
	}
	s->sent += (size_t)n;
	if (s->sent < s->to_server.len)
		return;
	s->to_server.len = 0;
	s->sent = 0;
}

enum { FD_OUT, FD_LOG, FD_IN, FD_SIGNALS, FD_END, FD_COUNT };

/* One poll(2): at most timeout_ms. */
static void
turn(struct session *s, int64_t timeout_ms)
{
	bool unsent = s->sent < s->to_server.len;
	struct pollfd fds[FD_COUNT] = {
		[FD_OUT] = { s->server.out, POLLIN, 0 },
		[FD_LOG] = { s->server.err, POLLIN, 0 },
		[FD_IN] = { unsent ? s->server.in : -1, POLLOUT, 0 },
		[FD_SIGNALS] = { s->signals, POLLIN, 0 },
		[FD_END] = { s->server.ended ? -1 : s->server.pidfd, POLLIN, 0 },
	};

	if (poll(fds, FD_COUNT, timeout_ms < 0 ? 0 : (int)timeout_ms) <= 0)
		return;
	if (fds[FD_SIGNALS].revents)
		read_signals(s);
	if (fds[FD_LOG].revents)
		read_log(s);
	if (fds[FD_OUT].revents)
		read_server(s);
	if (fds[FD_IN].revents && s->server.in >= 0)
		write_server(s);
	if (fds[FD_END].revents)
		server_reap(&s->server);
}

/* ---- calls ---- */

static enum err
send_line(struct session *s, char *line)
{
	bool sent;

	if (line == NULL)
		return ERR_NO_MEMORY;
	json_text_adds(&s->to_server, line);
	free(line);
	sent = !s->to_server.failed;
	if (!sent)
		break_off(s, ERR_NO_MEMORY, "out of memory");
	return sent ? OK : ERR_NO_MEMORY;
}

/* Gives the request up. Once the server was told, its answer is not awaited. */
static enum err
give_up(struct session *s, enum err e)
{
	if (!is_final(s->broken) && s->awaited)
		send_line(s, message_cancelled(s->awaited));
	s->awaited = 0;
	return e;
}

static enum err
await(struct session *s, int64_t deadline_ms)
{
	int64_t tick_ms = clock_ms() + TICK_MS;

	while (s->awaited && s->broken == OK && !s->interrupted) {
		int64_t now = clock_ms();

		if (deadline_ms && now >= deadline_ms) {
			break_off(s, ERR_DEADLINE, "the server did not answer in time");
			break;
		}
		if (now >= tick_ms) {
			s->events->progress(s->events->arg, NULL);
			tick_ms = now + TICK_MS;
		}
		turn(s, deadline_ms && deadline_ms < tick_ms ? deadline_ms - now : tick_ms - now);
	}
	if (s->awaited == 0)
		return OK;
	if (s->broken == OK)
		break_off(s, ERR_CANCELLED, "interrupted");
	return give_up(s, s->broken);
}

enum err
session_call(struct session *s, const char *tool, const char *arguments, bool watch,
    int64_t limit_ms, struct answer *ret_answer)
{
	struct message_call call = { s->last_id + 1, tool, arguments, watch };
	struct answer answer;
	enum err e;

	if (s->broken != OK)
		return s->broken;
	s->last_id = call.id;
	s->awaited = call.id;
	s->answer = &answer;
	e = send_line(s, message_call(&call));
	if (e == OK)
		e = await(s, limit_ms ? clock_ms() + limit_ms : 0);
	s->awaited = 0;
	s->answer = NULL;
	if (e == OK)
		*ret_answer = answer;
	return e;
}

enum err
session_idle(struct session *s, int64_t ms)
{
	int64_t until_ms = clock_ms() + ms;

	while (s->broken == OK && !s->interrupted && clock_ms() < until_ms)
		turn(s, until_ms - clock_ms());
	if (s->interrupted)
		break_off(s, ERR_CANCELLED, "interrupted");
	return s->broken;
}

const char *
session_job(const struct session *s)
{
	return s->job_id;
}

const char *
session_why(const struct session *s)
{
	return s->why;
}

void
session_forgive(struct session *s)
{
	s->interrupted = false;
	if (!is_final(s->broken))
		s->broken = OK;
}

/* ---- beginning and end ---- */

/* Blocks the signals that end us, except those that whoever started us had ignored. */
static int
take_signals(sigset_t *ret_old)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	sigset_t mask;

	sigemptyset(&mask);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&mask, numbers[i]);
	sigprocmask(SIG_BLOCK, &mask, ret_old);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

enum err
session_open(const struct options *o, const struct session_events *events,
    struct session **ret_session)
{
	struct session *s = calloc(1, sizeof(*s));
	char path[LIMIT_PATH];
	enum err e;

	if (s == NULL)
		return ERR_NO_MEMORY;
	s->events = events;
	server_init(&s->server);
	lines_init(&s->from_server, LIMIT_JSON_LINE, LINES_REFUSE);
	lines_init(&s->log, LOG_LINE_MAX, LINES_CUT);
	json_text_init(&s->to_server);
	s->signals = take_signals(&s->old_mask);
	*ret_session = s;
	e = server_path(path, sizeof(path));
	if (e != OK) {
		break_off(s, e, "the server's executable cannot be found");
		return e;
	}
	e = server_start(path, o, &s->old_mask, &s->server);
	if (e != OK)
		break_off(s, e, "the server cannot be started: %.200s: %s", path, strerror(errno));
	return e;
}

/* Until the server's end or the deadline; false at the deadline or when interrupted. */
static bool
await_end(struct session *s, int64_t limit_ms)
{
	int64_t deadline_ms = clock_ms() + limit_ms, now;

	while (!s->server.ended && !s->interrupted && (now = clock_ms()) < deadline_ms)
		turn(s, deadline_ms - now);
	return s->server.ended;
}

static void
flush_requests(struct session *s, int64_t limit_ms)
{
	int64_t deadline_ms = clock_ms() + limit_ms, now;

	while (s->server.in >= 0 && s->sent < s->to_server.len && !s->server.ended &&
	    !s->interrupted && (now = clock_ms()) < deadline_ms)
		turn(s, deadline_ms - now);
}

static void
make_end(struct session *s, int64_t grace_ms)
{
	if (await_end(s, grace_ms))
		return;
	if (!s->interrupted) {
		server_signal(&s->server, SIGTERM);
		if (await_end(s, TERM_MS))
			return;
	}
	s->interrupted = false;
	server_signal(&s->server, SIGKILL);
	await_end(s, TERM_MS);
}

void
session_end(struct session *s, int64_t grace_ms)
{
	s->awaited = 0;
	flush_requests(s, TERM_MS);
	close_end(&s->server.in);
	make_end(s, grace_ms);
	if (s->server.err >= 0)
		read_log(s);
}

const struct server *
session_server(const struct session *s)
{
	return &s->server;
}

void
session_close(struct session **s)
{
	if (*s == NULL)
		return;
	server_close(&(*s)->server);
	lines_fini(&(*s)->from_server);
	lines_fini(&(*s)->log);
	json_text_fini(&(*s)->to_server);
	close_end(&(*s)->signals);
	sigprocmask(SIG_SETMASK, &(*s)->old_mask, NULL);
	free(*s);
	*s = NULL;
}
