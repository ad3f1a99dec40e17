#include "supervisor/options.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "supervisor/budget.h"
#include "supervisor/log.h"

#define KEY_FIRST 0x1000

typedef const char *setter_fn(struct options *o, const char *value);

static bool
number(const char *text, unsigned long min, unsigned long max, unsigned long *ret_number)
{
	char *end;
	unsigned long v;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || v < min || v > max)
		return false;
	*ret_number = v;
	return true;
}

static const char *
set_flag(bool *flag, const char *value)
{
	if (strcmp(value, "1") != 0 && strcmp(value, "0") != 0)
		return "1 or 0";
	*flag = value[0] == '1';
	return NULL;
}

static const char *
set_stdio(struct options *o, const char *value)
{
	return set_flag(&o->stdio, value);
}

static const char *
set_http(struct options *o, const char *value)
{
	if (strncmp(value, "unix:", 5) != 0 || value[5] == '\0')
		return "unix:PATH, the path of a socket to be made";
	o->http_path = value + 5;
	return NULL;
}

static const char *
set_root(struct options *o, const char *value)
{
	static const char accepted[] = "an existing directory";
	char *absolute = realpath(value, NULL);
	struct stat st;

	if (absolute == NULL || stat(absolute, &st) != 0 || !S_ISDIR(st.st_mode)) {
		free(absolute);
		return accepted;
	}
	if (o->root_count == OPTION_ROOTS_MAX) {
		free(absolute);
		return "at most 64 directories";
	}
	o->roots[o->root_count++] = absolute;
	return NULL;
}

static const char *
set_profilers(struct options *o, const char *value)
{
	unsigned long n;

	if (!number(value, 1, OPTION_PROFILERS_MAX, &n))
		return "a number from 1 to 32";
	o->profilers = (unsigned)n;
	return NULL;
}

static const char *
set_analyzers(struct options *o, const char *value)
{
	unsigned long n;

	if (!number(value, 1, OPTION_ANALYZERS_MAX, &n))
		return "a number from 1 to 8";
	o->analyzers = (unsigned)n;
	return NULL;
}

static const char *
set_state(struct options *o, const char *value)
{
	if (value[0] == '\0')
		return "a directory";
	o->state_dir = value;
	return NULL;
}

static const char *
set_runtime(struct options *o, const char *value)
{
	if (value[0] == '\0')
		return "a directory";
	o->runtime_dir = value;
	return NULL;
}

static const char *
set_log_level(struct options *o, const char *value)
{
	if (log_severity_by_name(value) < 0)
		return "debug, info, warn or error";
	o->log_level = value;
	return NULL;
}

static const char *
set_restarts(struct options *o, const char *value)
{
	static const char accepted[] = "N/SECONDS: N from 0 to 1000, SECONDS from 1 to 86400";
	const char *slash = strchr(value, '/');
	unsigned long n, seconds;
	char count[8];

	if (slash == NULL || (size_t)(slash - value) >= sizeof(count))
		return accepted;
	memcpy(count, value, (size_t)(slash - value));
	count[slash - value] = '\0';
	if (!number(count, 0, BUDGET_MAX, &n) || !number(slash + 1, 1, 86400, &seconds))
		return accepted;
	o->restarts = (uint32_t)n;
	o->restart_window_ms = (int64_t)seconds * 1000;
	return NULL;
}

static const char *
set_toolset(struct options *o, const char *value)
{
	size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	if (len == 0 || len > 32 || value[len] != '\0')
		return "the name of a set of tools: core, default or all";
	o->toolset = value;
	return NULL;
}

static const char *
set_read_only(struct options *o, const char *value)
{
	return set_flag(&o->read_only, value);
}

static const struct {
	const char *name, *argument;     /* argument NULL: a flag */
	setter_fn *set;
	const char *help;
} table[] = {
	{ "stdio", NULL, set_stdio,
	    "Serve one client on standard input and output (the default without --http)" },
	{ "http", "unix:PATH", set_http,
	    "Serve HTTP on a unix socket, made at PATH with mode 0600" },
	{ "root", "DIR", set_root,
	    "Profile and import only what is below DIR (repeatable)" },
	{ "profilers", "N", set_profilers,
	    "How many programs are profiled at a time (1 to 32; default: half the cores)" },
	{ "analyzers", "N", set_analyzers,
	    "How many processes read profiles (1 to 8; default: 1)" },
	{ "state", "DIR", set_state,
	    "Where profiles are kept (default: ~/.local/state/scalene-mcp)" },
	{ "runtime", "DIR", set_runtime,
	    "Where sockets are made (default: below $XDG_RUNTIME_DIR or /tmp)" },
	{ "log-level", "WORD", set_log_level,
	    "debug, info (default), warn or error" },
	{ "restarts", "N/SECONDS", set_restarts,
	    "Early deaths of a kind of process that are put up with (default: 10/60)" },
	{ "toolset", "WORD", set_toolset,
	    "Which tools are listed (core, default, all)" },
	{ "read-only", NULL, set_read_only,
	    "Offer no tool that runs or changes anything" },
};

#define TABLE_ROWS (sizeof(table) / sizeof(table[0]))

const char *
options_set(struct options *o, const char *name, const char *value)
{
	for (size_t i = 0; i < TABLE_ROWS; i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].set(o, value);
	return "nothing: there is no such option";
}

void
options_defaults(struct options *o)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	memset(o, 0, sizeof(*o));
	o->profilers = cores >= 4 ? (unsigned)(cores / 2) : 1;
	if (o->profilers > OPTION_PROFILERS_MAX)
		o->profilers = OPTION_PROFILERS_MAX;
	o->analyzers = 1;
	o->log_level = "info";
	o->restarts = 10;
	o->restart_window_ms = 60000;
	o->toolset = "default";
}

bool
options_libexec(char *buf, size_t size)
{
	const char *given = getenv("SCALENE_MCP_LIBEXEC");
	char self[LIMIT_PATH];
	ssize_t len;
	int n;

	if (given != NULL && given[0] != '\0')
		return (size_t)snprintf(buf, size, "%s", given) < size;
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0)
		return false;
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	n = snprintf(buf, size, "%s/../libexec/scalene-mcp", self);
	return n > 0 && (size_t)n < size;
}

static void
environment_name(const char *option, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, "SCALENE_MCP_%s", option);

	for (size_t i = 0; i < n && i < size; i++)
		buf[i] = buf[i] == '-' ? '_' : (char)toupper((unsigned char)buf[i]);
}

static _Noreturn void
refuse(const char *what, const char *value, const char *accepted)
{
	fprintf(stderr, "scalene-mcp: %s takes %s, not '%s'\nTry `scalene-mcp --help'.\n", what,
	    accepted, value);
	exit(EXIT_CODE_USAGE);
}

static void
set_from_environment(struct options *o, size_t row, const char *variable, const char *value)
{
	const char *accepted = table[row].set(o, value);

	if (accepted != NULL)
		refuse(variable, value, accepted);
}

static void
roots_from_environment(struct options *o, size_t row, const char *variable, const char *value)
{
	char *copy = strdup(value), *rest = copy, *root;

	while (rest != NULL && (root = strsep(&rest, ":")) != NULL)
		if (root[0] != '\0')
			set_from_environment(o, row, variable, root);
	free(copy);
}

static void
read_environment(struct options *o)
{
	char variable[64];
	const char *value;

	for (size_t i = 0; i < TABLE_ROWS; i++) {
		environment_name(table[i].name, variable, sizeof(variable));
		value = getenv(variable);
		if (value == NULL || value[0] == '\0')
			continue;
		if (table[i].set == set_root)
			roots_from_environment(o, i, variable, value);
		else
			set_from_environment(o, i, variable, value);
	}
}

struct parsing {
	struct options *options;
	bool has_roots;          /* the first --root replaces those of the environment */
};

static void
set_from_command_line(struct parsing *p, size_t row, const char *value)
{
	const char *accepted;
	char what[32];

	if (table[row].set == set_root && !p->has_roots) {
		p->has_roots = true;
		p->options->root_count = 0;
	}
	if (value == NULL)
		value = "1";
	accepted = table[row].set(p->options, value);
	snprintf(what, sizeof(what), "--%s", table[row].name);
	if (accepted != NULL)
		refuse(what, value, accepted);
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	if (key >= KEY_FIRST && key < KEY_FIRST + (int)TABLE_ROWS) {
		set_from_command_line(state->input, (size_t)(key - KEY_FIRST), arg);
		return 0;
	}
	if (key == ARGP_KEY_ARG) {
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const char doc[] = "An MCP server that profiles Python programs with Scalene."
			  "\v"
			  "Subcommands:\n"
			  "  serve            the server itself; the same as no subcommand\n"
			  "  profile SCRIPT   profile a program and print its hot lines\n"
			  "  list             the profiles that are kept\n"
			  "  show ID          one of them\n"
			  "  call TOOL JSON   any tool, raw\n"
			  "  status           the processes of the server\n"
			  "`scalene-mcp SUBCOMMAND --help' says more.\n\n"
			  "Every option can be set in the environment: --log-level as "
			  "SCALENE_MCP_LOG_LEVEL, flags as 1 or 0, several "
			  "roots with ':' between them.";

const char *argp_program_version = "scalene-mcp " SCALENE_MCP_VERSION;

static void
read_command_line(struct options *o, int argc, char **argv)
{
	struct argp_option list[TABLE_ROWS + 1];
	struct argp argp = { .options = list, .parser = parse, .doc = doc };
	struct parsing parsing = { .options = o };

	memset(list, 0, sizeof(list));
	for (size_t i = 0; i < TABLE_ROWS; i++)
		list[i] = (struct argp_option){ .name = table[i].name, .key = KEY_FIRST + (int)i,
			.arg = table[i].argument, .doc = table[i].help };
	argp_err_exit_status = EXIT_CODE_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &parsing) != 0)
		exit(EXIT_CODE_USAGE);
}

void
options_parse(int argc, char **argv, struct options *ret_options)
{
	options_defaults(ret_options);
	read_environment(ret_options);
	read_command_line(ret_options, argc, argv);
	if (ret_options->http_path == NULL)
		ret_options->stdio = true;
}
