#include "workers/client/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "workers/client/arguments.h"
#include "workers/client/layout.h"
#include "workers/client/run.h"
#include "workers/client/show.h"

#define LIMIT_MS 60000

typedef void show_fn(const struct screen *screen, const cJSON *answer);

/* Calls a tool that answers soon and hands over its result; else says what went wrong. */
static bool
ask(struct client *c, const char *tool, const char *arguments, struct answer *ret_answer,
    int *ret_code)
{
	enum err e = session_call(c->session, tool, arguments, false, LIMIT_MS, ret_answer);

	*ret_code = EXIT_CODE_OK;
	if (e != OK) {
		*ret_code = client_fail(c, e, NULL);
		return false;
	}
	if (ret_answer->kind == ANSWER_RESULT)
		return true;
	*ret_code = client_refused(c, ret_answer);
	answer_fini(ret_answer);
	return false;
}

static int
ask_and_show(struct client *c, const char *tool, const char *arguments, show_fn *show)
{
	struct screen screen = screen_of(stdout);
	struct answer answer;
	int code;

	if (!ask(c, tool, arguments, &answer, &code))
		return code;
	if (options_has(c->options, OPTION_JSON))
		code = client_print_json(&answer, code);
	else
		show(&screen, answer.json);
	answer_fini(&answer);
	return code;
}

static int
run_list(struct client *c)
{
	char *arguments;
	int code;

	if (arguments_make(c->options, &arguments) != OK)
		return EXIT_CODE_FAILED;
	code = ask_and_show(c, "list_profiles", arguments, show_profiles);
	free(arguments);
	return code;
}

static void
show_profile(const struct screen *screen, const cJSON *answer)
{
	show_run(screen, answer, SHOW_NO_OUTPUT);
}

static int
run_show(struct client *c)
{
	char *arguments = arguments_of_id("profile_id", c->options->target, 0);
	int code;

	if (arguments == NULL)
		return EXIT_CODE_FAILED;
	code = ask_and_show(c, "get_profile", arguments, show_profile);
	if (code == EXIT_CODE_OK && !options_has(c->options, OPTION_JSON))
		code = ask_and_show(c, "get_cpu_hotspots", arguments, show_hotspots);
	free(arguments);
	return code;
}

static int
run_status(struct client *c)
{
	return ask_and_show(c, "server_status", NULL, show_status);
}

/* ---- call ---- */

static char *
read_input(size_t *ret_len)
{
	struct json_text text;
	char piece[65536];
	ssize_t n;

	json_text_init(&text);
	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) != 0 && text.len <= LIMIT_JSON_LINE) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		json_text_add(&text, piece, (size_t)n);
	}
	json_text_add(&text, "", 1);
	if (text.failed || n < 0) {
		json_text_fini(&text);
		return NULL;
	}
	*ret_len = text.len - 1;
	return text.at;
}

/* One line of checked JSON; NULL after having said what is wrong. */
static char *
check_arguments(const char *json, size_t len)
{
	static const struct json_limits limits = { LIMIT_JSON_DEPTH, LIMIT_JSON_NODES };
	struct json_text line;
	const char *why = "";
	size_t offset = 0;

	if (json_scan(json, len, &limits, &offset, &why) != OK) {
		client_say_error("the arguments are no JSON: %s, at byte %zu", why, offset);
		return NULL;
	}
	json_text_init(&line);
	layout_compact(json, len, &line);
	json_text_add(&line, "", 1);
	if (!line.failed && line.at[0] == '{' && line.len < LIMIT_JSON_LINE)
		return line.at;
	if (line.failed)
		client_say_error("out of memory");
	else if (line.at[0] == '{')
		client_say_error("the arguments are larger than %u MiB", LIMIT_JSON_LINE >> 20);
	else
		client_say_error("the arguments must be a JSON object, such as {\"limit\":5}");
	json_text_fini(&line);
	return NULL;
}

static char *
call_arguments(const struct options *o)
{
	const char *given = o->rest_count ? o->rest[0] : "{}";
	char *input, *arguments;
	size_t len = 0;

	if (strcmp(given, "-") != 0)
		return check_arguments(given, strlen(given));
	input = read_input(&len);
	if (input == NULL) {
		client_say_error("standard input cannot be read: %s", strerror(errno));
		return NULL;
	}
	arguments = check_arguments(input, len);
	free(input);
	return arguments;
}

static int
call_tool(struct client *c, const char *arguments)
{
	struct answer answer;
	enum err e = session_call(c->session, c->options->target, arguments, false, 0, &answer);
	int code;

	if (e != OK)
		return client_fail(c, e, NULL);
	code = answer.kind == ANSWER_RESULT ? EXIT_CODE_OK : EXIT_CODE_FAILED;
	code = client_print_json(&answer, code);
	answer_fini(&answer);
	return code;
}

/* ---- all of them ---- */

static int
run_command(struct client *c, const char *arguments)
{
	static int (*const runs[COMMAND_COUNT])(struct client *) = {
		[COMMAND_PROFILE] = run_profile,
		[COMMAND_LIST] = run_list,
		[COMMAND_SHOW] = run_show,
		[COMMAND_STATUS] = run_status,
	};

	if (c->options->command == COMMAND_CALL)
		return call_tool(c, arguments);
	return runs[c->options->command](c);
}

int
commands_run(const struct options *o)
{
	struct client client;
	char *arguments = NULL;
	int code = EXIT_CODE_CANNOT_START;

	if (o->command == COMMAND_CALL && (arguments = call_arguments(o)) == NULL)
		return EXIT_CODE_USAGE;
	if (client_begin(&client, o) == OK)
		code = run_command(&client, arguments);
	code = client_end(&client, code);
	free(arguments);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	client_say_error("standard output cannot be written: %s", strerror(errno));
	return code == EXIT_CODE_OK ? EXIT_CODE_FAILED : code;
}
