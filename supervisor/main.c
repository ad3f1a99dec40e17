/*
 * scalene-mcp: the supervisor, or with a subcommand of the command line the client. Everything that
 * is opened here is closed here, in reverse order.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "supervisor/clock.h"
#include "supervisor/log.h"
#include "supervisor/loop.h"
#include "supervisor/supervisor.h"

#define DRAIN_LEAST_MS 200

static int
fail(const char *what, const char *why)
{
	fprintf(stderr, "scalene-mcp: %s: %s\n", what, why);
	return EXIT_CODE_CANNOT_START;
}

static int
become_client(char **argv)
{
	char folder[LIMIT_PATH], path[LIMIT_PATH + 32];

	if (!options_libexec(folder, sizeof(folder)))
		return fail("its other executables cannot be found", "set SCALENE_MCP_LIBEXEC");
	snprintf(path, sizeof(path), "%s/scalene-mcp-client", folder);
	execv(path, argv);
	fprintf(stderr,
	    "scalene-mcp: %s cannot be executed: %s; reinstall, or set SCALENE_MCP_LIBEXEC\n", path,
	    strerror(errno));
	return EXIT_CODE_CANNOT_START;
}

/* Signals become readable in the loop; SIGPIPE shows as EPIPE where it belongs. */
static int
take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	if (sigprocmask(SIG_SETMASK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static unsigned
count_of(const struct options *o, enum role role)
{
	if (role == ROLE_PROFILER)
		return o->profilers;
	return role == ROLE_ANALYZER ? o->analyzers : 1;
}

static void
init(struct supervisor *s)
{
	s->started_ms = clock_now_ms();
	s->planned_ms = s->started_ms;
	s->sweep_ms = CLOCK_NEVER;
	s->hangup_ms = CLOCK_NEVER;
	s->stop_by_ms = CLOCK_NEVER;
	listener_init(&s->listener);
	for (unsigned i = 0; i < SPEC_COUNT; i++) {
		budget_init(&s->budgets[child_specs[i].role], s->options.restarts,
		    s->options.restart_window_ms);
		for (unsigned n = 0; n < count_of(&s->options, child_specs[i].role); n++)
			child_init(&s->children[s->child_count++], &child_specs[i], n);
	}
	orphans_init(&s->bystanders);
}

static void
greet(const struct options *o)
{
	if (o->stdio && isatty(STDIN_FILENO))
		fputs("scalene-mcp: waiting for MCP messages on standard input; `scalene-mcp "
		      "--help' says what else it does\n",
		    stderr);
}

/* A client that does not read may take what is left of the time for stopping. */
static int64_t
drain_limit_ms(const struct supervisor *s)
{
	int64_t left_ms = s->stop_by_ms - clock_now_ms();

	return left_ms > DRAIN_LEAST_MS ? left_ms : DRAIN_LEAST_MS;
}

static int
serve(struct supervisor *s)
{
	int code;

	notify_open(&s->notify, clock_now_ms());
	greet(&s->options);
	if (stdio_open(s->options.stdio, &s->stdio) != OK) {
		code = fail("standard input and output cannot be set up", strerror(errno));
	} else {
		code = loop_run(s);
		stdio_drain(&s->stdio, drain_limit_ms(s));
	}
	stdio_close(&s->stdio);
	notify_close(&s->notify);
	return code;
}

static int
serve_listening(struct supervisor *s)
{
	const char *path = s->options.http_path, *why = NULL;
	int code;

	if (path != NULL && listener_open(path, &s->listener, &why) != OK) {
		fprintf(stderr,
		    "scalene-mcp: cannot listen at %s: %s; choose another path with --http "
		    "unix:PATH\n",
		    path, why);
		return EXIT_CODE_CANNOT_START;
	}
	code = serve(s);
	listener_close(&s->listener);
	return code;
}

static int
serve_instance(struct supervisor *s)
{
	char why[LIMIT_PATH + 256];
	int code;

	if (!instance_open(
		s->options.state_dir, s->options.runtime_dir, &s->instance, why, sizeof(why)))
		return fail("cannot start", why);
	code = serve_listening(s);
	instance_close(&s->instance);
	return code;
}

static struct supervisor supervisor;

int
main(int argc, char **argv)
{
	struct supervisor *s = &supervisor;
	bool subcommand = argc > 1 && argv[1][0] != '-' && argv[1][0] != '\0';

	if (stdio_sanitize() != OK)
		return fail("/dev/null cannot be opened", strerror(errno));
	if (subcommand && strcmp(argv[1], "serve") != 0)
		return become_client(argv);
	if (subcommand) {
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	options_parse(argc, argv, &s->options);
	if (!options_libexec(s->options.libexec, sizeof(s->options.libexec)))
		return fail("its other executables cannot be found", "set SCALENE_MCP_LIBEXEC");
	log_threshold((enum severity)log_severity_by_name(s->options.log_level));
	s->signals = take_signals();
	if (s->signals < 0)
		return fail("signals cannot be taken", strerror(errno));
	init(s);
	return serve_instance(s);
}
