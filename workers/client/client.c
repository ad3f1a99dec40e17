#include "workers/client/client.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "workers/client/arguments.h"
#include "workers/client/layout.h"
#include "workers/client/text.h"

#define GRACE_MS 2000
#define GRACE_INTERRUPTED_MS 10000   /* stopping a program politely takes a while */
#define CANCEL_LIMIT_MS 25000

void
client_say_error(const char *format, ...)
{
	struct screen screen = screen_of(stderr);
	va_list arguments;
	char *text = NULL;
	int n;

	va_start(arguments, format);
	n = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (n < 0)
		return;
	screen_print(&screen, COLOUR_BAD, "error:");
	screen_printf(&screen, " %s\n", text);
	free(text);
}

/* ---- what comes beside the answer ---- */

static bool
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n >= 0) {
			text += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			poll(&(struct pollfd){ fd, POLLOUT, 0 }, 1, -1);
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

static enum err
take_output(void *arg, int stream, const char *text, size_t len)
{
	struct client *c = arg;
	bool to_stdout = stream == 1 && !options_has(c->options, OPTION_JSON);
	int fd = to_stdout ? STDOUT_FILENO : STDERR_FILENO;

	if (options_has(c->options, OPTION_QUIET))
		return OK;
	progress_erase(&c->progress);
	if (isatty(fd))
		progress_passed(&c->progress, text, len);
	if (to_stdout && len)
		c->last_passed = text[len - 1];
	return write_all(fd, text, len) ? OK : ERR_SYSTEM;
}

static void
take_progress(void *arg, const char *message)
{
	struct client *c = arg;

	if (c->options->command == COMMAND_PROFILE)
		progress_show(&c->progress, message);
}

static void
take_log(void *arg, const char *line, size_t len)
{
	struct client *c = arg;
	char *clean;

	if (!options_has(c->options, OPTION_VERBOSE)) {
		tail_add(&c->log, line, len);
		return;
	}
	clean = text_clean(line, len, TEXT_ONE_LINE);
	progress_erase(&c->progress);
	if (clean)
		fprintf(stderr, "%s\n", clean);
	free(clean);
}

/* ---- beginning and end ---- */

enum err
client_begin(struct client *c, const struct options *o)
{
	enum err e;

	memset(c, 0, sizeof(*c));
	c->options = o;
	c->grace_ms = GRACE_MS;
	c->events = (struct session_events){ c, take_output, take_progress, take_log };
	progress_init(&c->progress, stderr);
	e = session_open(o, &c->events, &c->session);
	if (e != OK)
		client_say_error("%s", c->session ? session_why(c->session) : err_info(e)->text);
	return e;
}

static bool
ended_well(const struct server *server)
{
	return server->ended && WIFEXITED(server->status) && WEXITSTATUS(server->status) == 0;
}

int
client_end(struct client *c, int code)
{
	const struct server *server = c->session ? session_server(c->session) : NULL;
	char how[256];

	progress_erase(&c->progress);
	if (server && server->pidfd >= 0 && !c->lost) {
		session_end(c->session, c->grace_ms);
		server_describe_end(server, how, sizeof(how));
		if (!ended_well(server) && code == EXIT_CODE_OK)
			fprintf(stderr, "warning: the server ended badly: %s\n", how);
	}
	session_close(&c->session);
	tail_fini(&c->log);
	return code;
}

/* ---- failures ---- */

static int
report_lost(struct client *c)
{
	const struct server *server = session_server(c->session);
	char how[256];

	session_forgive(c->session);
	session_end(c->session, GRACE_MS);
	c->lost = true;
	server_describe_end(server, how, sizeof(how));
	client_say_error("%s: %s", session_why(c->session), how);
	tail_print(&c->log, stderr, "  server: ");
	return server_exit_code(server);
}

static void
stop_job(struct client *c, const char *job_id)
{
	char *arguments = arguments_of_id("job_id", job_id, 0);
	struct answer answer = { .raw = NULL };

	if (arguments)
		session_call(c->session, "cancel_job", arguments, false, CANCEL_LIMIT_MS, &answer);
	answer_fini(&answer);
	free(arguments);
}

/* Once more Ctrl-C, from now on, kills the server. */
static void
stop_run(struct client *c, const char *job_id)
{
	session_forgive(c->session);
	c->grace_ms = GRACE_INTERRUPTED_MS;
	if (job_id && *job_id)
		stop_job(c, job_id);
}

int
client_fail(struct client *c, enum err e, const char *job_id)
{
	const char *job = job_id && *job_id ? job_id : session_job(c->session);

	progress_erase(&c->progress);
	if (e == ERR_WORKER_LOST)
		return report_lost(c);
	if (e == ERR_CANCELLED)
		fprintf(stderr, "interrupted: stopping; Ctrl-C again stops at once\n");
	else
		client_say_error("%s", session_why(c->session));
	if (e == ERR_MALFORMED || e == ERR_TOO_LARGE)
		return EXIT_CODE_INTERNAL;
	stop_run(c, job);
	return e == ERR_CANCELLED ? EXIT_CODE_INTERRUPTED : EXIT_CODE_FAILED;
}

int
client_print_json(const struct answer *a, int code)
{
	if (layout_print(stdout, a->raw, a->raw_len) == OK)
		return code;
	client_say_error("standard output cannot be written: %s", strerror(errno));
	return EXIT_CODE_FAILED;
}

int
client_refused(struct client *c, const struct answer *a)
{
	int code = strcmp(answer_error(a), err_info(ERR_NOT_FOUND)->name) == 0 ? EXIT_CODE_NO_SUCH
	    : EXIT_CODE_FAILED;
	struct screen screen = screen_of(stderr);
	const char *hint = answer_hint(a);

	progress_erase(&c->progress);
	if (options_has(c->options, OPTION_JSON))
		return client_print_json(a, code);
	client_say_error("%s", answer_message(a));
	if (hint)
		screen_printf(&screen, "hint: %s\n", hint);
	return code;
}
