#include "workers/runtime/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/ulid.h"
#include "workers/runtime/log.h"

enum key { KEY_INDEX = 0x1000, KEY_INCARNATION, KEY_INSTANCE, KEY_STATE, KEY_RUNTIME, KEY_LOG_LEVEL };

static const struct argp_option options[] = {
	{ "index", KEY_INDEX, "N", 0, "which one of its role this process is, from 0", 1 },
	{ "incarnation", KEY_INCARNATION, "N", 0, "how often it was started, from 1", 1 },
	{ "instance", KEY_INSTANCE, "ULID", 0, "id of the running server", 1 },
	{ "state", KEY_STATE, "DIR", 0, "state directory", 1 },
	{ "runtime", KEY_RUNTIME, "DIR", 0, "folder of the sockets", 1 },
	{ "log-level", KEY_LOG_LEVEL, "WORD", 0, "debug, info, warn or error", 1 },
	{ 0 }
};

static uint32_t
number(struct argp_state *state, const char *name, const char *arg)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(arg, &end, 10);
	if (errno != 0 || *arg < '0' || *arg > '9' || end == arg || *end != 0 || v > UINT32_MAX)
		argp_error(state, "--%s takes a number, not '%s'", name, arg);
	return (uint32_t)v;
}

static void
set_log_level(struct argp_state *state, const char *arg)
{
	int severity = log_severity_by_name(arg);

	if (severity < 0)
		argp_error(state, "--log-level takes debug, info, warn or error, not '%s'", arg);
	log_threshold((enum severity)severity);
}

static void
check(struct argp_state *state, const struct settings *s)
{
	if (s->instance[0] == 0 || s->state_dir == NULL || s->runtime_dir == NULL || s->incarnation == 0)
		argp_error(state, "this program is started by scalene-mcp, which gives --incarnation, --instance, "
		                  "--state and --runtime");
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct settings *s = state->input;

	switch (key) {
	case KEY_INDEX:
		s->index = number(state, "index", arg);
		return 0;
	case KEY_INCARNATION:
		s->incarnation = number(state, "incarnation", arg);
		return 0;
	case KEY_INSTANCE:
		if (!ulid_valid(arg, strlen(arg)))
			argp_error(state, "--instance takes a ULID, not '%s'", arg);
		else
			strcpy(s->instance, arg);
		return 0;
	case KEY_STATE:
		s->state_dir = arg;
		return 0;
	case KEY_RUNTIME:
		s->runtime_dir = arg;
		return 0;
	case KEY_LOG_LEVEL:
		set_log_level(state, arg);
		return 0;
	case ARGP_KEY_END:
		check(state, s);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp settings_argp = { .options = options, .parser = parse };
