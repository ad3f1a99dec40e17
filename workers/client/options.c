#include "workers/client/options.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/client/help.h"
#include "workers/client/text.h"

#define KEY_FIRST 0x100          /* argp keys of the options: KEY_FIRST + their enum option_id */
#define KEY_HELP 0x80
#define KEY_USAGE 0x81
#define ENVIRONMENT_PREFIX "SCALENE_MCP_"

bool
options_has(const struct options *o, enum option_id id)
{
	return o->values[id].given;
}

static bool
read_number(const char *text, enum option_kind kind, double *ret_number)
{
	const char *allowed = kind == OPTION_INTEGER ? "+-0123456789" : "+-.eE0123456789";
	char *end;
	double number;

	if (*text == '\0' || strspn(text, allowed) != strlen(text))
		return false;
	number = strtod(text, &end);
	if (*end != '\0' || !isfinite(number) || fabs(number) > 9007199254740992.0)
		return false;
	*ret_number = number;
	return true;
}

/* What is wrong with the value, or NULL. */
static const char *
value_problem(const struct option_row *row, const char *text, double *ret_number)
{
	if (!utf8_valid(text, strlen(text)))
		return "is not valid UTF-8";
	if (row->kind == OPTION_NUMBER && !read_number(text, row->kind, ret_number))
		return "must be a number";
	if (row->kind == OPTION_INTEGER && !read_number(text, row->kind, ret_number))
		return "must be a whole number";
	if (row->kind == OPTION_PAIRS && (strchr(text, '=') == NULL || text[0] == '='))
		return "must be NAME=VALUE";
	if (*text == '\0' && row->kind != OPTION_TEXT)
		return "must not be empty";
	return NULL;
}

static bool
list_add(struct option_value *value, const char *text)
{
	const char **grown = realloc(value->list, (value->count + 1) * sizeof(*grown));

	if (grown == NULL)
		return false;
	value->list = grown;
	value->list[value->count++] = text;
	return true;
}

/* Two flags of one argument (--memory, --no-memory): the last one counts. */
static void
forget_twins(struct options *o, enum option_id id)
{
	for (unsigned i = 0; i < OPTION_COUNT; i++)
		if (i != id && option_row(id)->argument && option_row(i)->argument &&
		    strcmp(option_row(i)->argument, option_row(id)->argument) == 0)
			o->values[i].given = false;
}

static enum err
set_value(struct options *o, enum option_id id, const char *text, const char **ret_problem)
{
	struct option_value *value = &o->values[id];
	bool list = option_row(id)->kind == OPTION_PAIRS || option_row(id)->kind == OPTION_PATHS;

	*ret_problem = value_problem(option_row(id), text, &value->number);
	if (*ret_problem)
		return ERR_INVALID_ARGUMENT;
	if (list && !list_add(value, text))
		return ERR_NO_MEMORY;
	value->given = true;
	value->text = text;
	return OK;
}

static void
set_flag(struct options *o, enum option_id id, bool truth)
{
	o->values[id].given = true;
	o->values[id].number = truth;
	forget_twins(o, id);
}

/* ---- the environment ---- */

static void
environment_name(const char *option, char *buf, size_t size)
{
	snprintf(buf, size, ENVIRONMENT_PREFIX "%s", option);
	for (char *c = buf; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

/* 1, 0, or -1 when the word is neither. */
static int
read_flag(const char *word)
{
	static const char *const words[][2] = {
		{ "0", "1" }, { "false", "true" }, { "no", "yes" }, { "off", "on" },
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (int truth = 0; truth < 2; truth++)
			if (strcasecmp(word, words[i][truth]) == 0)
				return truth;
	return -1;
}

static enum err
take_from_environment(struct options *o, enum option_id id)
{
	char name[64];
	const char *text, *problem = NULL;
	bool flag = option_row(id)->value == NULL;
	enum err e = OK;

	environment_name(option_row(id)->name, name, sizeof(name));
	text = getenv(name);
	if (text == NULL || *text == '\0')
		return OK;
	if (flag && read_flag(text) < 0)
		problem = "must be true or false";
	else if (!flag)
		e = set_value(o, id, text, &problem);
	else if (read_flag(text) || option_row(id)->argument)
		set_flag(o, id, read_flag(text));
	if (problem == NULL)
		return e;
	fprintf(stderr, "scalene-mcp %s: %s %s\n", command_row(o->command)->name, name, problem);
	return ERR_INVALID_ARGUMENT;
}

static bool
has_twin(const struct options *o, enum option_id id)
{
	return option_row(id)->name && (option_row(id)->commands & 1u << o->command) &&
	    id != OPTION_STATE && id != OPTION_ROOT;
}

static enum err
take_environment(struct options *o)
{
	enum err e = OK;

	for (unsigned id = 0; id < OPTION_COUNT && e == OK; id++)
		if (has_twin(o, id))
			e = take_from_environment(o, id);
	return e;
}

/* What the environment gave is forgotten when the command line gives a repeatable option. */
static void
restart_list(struct options *o, bool *from_environment, enum option_id id)
{
	if (!from_environment[id])
		return;
	from_environment[id] = false;
	o->values[id].count = 0;
}

/* ---- argp ---- */

struct parsing {
	struct options *options;
	bool from_environment[OPTION_COUNT];
	enum err error;
};

static error_t
fail(struct parsing *p, struct argp_state *state, enum err e, const char *what, const char *problem)
{
	p->error = e;
	if (e == ERR_INVALID_ARGUMENT)
		argp_error(state, "%s %s", what, problem);
	state->next = state->argc;
	return EINVAL;
}

/* All that is left of the command line belongs to the program. */
static void
take_rest(struct options *o, struct argp_state *state)
{
	o->rest = state->argv + state->next;
	o->rest_count = (size_t)(state->argc - state->next);
	state->next = state->argc;
}

static error_t
take_option(struct parsing *p, enum option_id id, const char *text, struct argp_state *state)
{
	struct options *o = p->options;
	const char *problem = NULL;
	char dashed[64];
	enum err e = OK;

	restart_list(o, p->from_environment, id);
	if (text)
		e = set_value(o, id, text, &problem);
	else
		set_flag(o, id, true);
	if (option_row(id)->name)
		snprintf(dashed, sizeof(dashed), "--%s", option_row(id)->name);
	else
		snprintf(dashed, sizeof(dashed), "-%c", option_row(id)->letter);
	if (e != OK)
		return fail(p, state, e, dashed, problem);
	if (id == OPTION_CODE || id == OPTION_MODULE)
		take_rest(o, state);
	return 0;
}

static error_t
take_argument(struct parsing *p, char *text, struct argp_state *state)
{
	struct options *o = p->options;
	const struct command_row *command = command_row(o->command);

	if (o->target == NULL && command->target) {
		o->target = text;
		if (command->program)
			take_rest(o, state);
		return 0;
	}
	if (o->rest_count >= command->rest_max)
		return fail(p, state, ERR_INVALID_ARGUMENT, text, "is one argument too many");
	o->rest = state->argv + state->next - 1;
	o->rest_count++;
	return 0;
}

static bool
rest_valid(const struct options *o)
{
	for (size_t i = 0; i < o->rest_count; i++)
		if (!utf8_valid(o->rest[i], strlen(o->rest[i])))
			return false;
	return true;
}

static error_t
check_end(struct parsing *p, struct argp_state *state)
{
	struct options *o = p->options;
	const struct command_row *command = command_row(o->command);
	bool program = options_has(o, OPTION_CODE) || options_has(o, OPTION_MODULE);

	if (o->help || p->error != OK)
		return 0;
	if (o->target == NULL && !command->target_optional && !program)
		return fail(p, state, ERR_INVALID_ARGUMENT, command->target, "is missing");
	if (o->target && !utf8_valid(o->target, strlen(o->target)))
		return fail(p, state, ERR_INVALID_ARGUMENT, command->target, "is not valid UTF-8");
	return rest_valid(o) ? 0
	    : fail(p, state, ERR_INVALID_ARGUMENT, "an argument", "is not valid UTF-8");
}

static error_t
print_help(struct parsing *p, struct argp_state *state, unsigned what)
{
	p->options->help = true;
	argp_state_help(state, stdout, what & ~(unsigned)ARGP_HELP_EXIT_OK);
	state->next = state->argc;
	return 0;
}

static error_t
parse_key(int key, char *text, struct argp_state *state)
{
	struct parsing *p = state->input;

	if (key >= KEY_FIRST && key < KEY_FIRST + OPTION_COUNT)
		return take_option(p, (enum option_id)(key - KEY_FIRST), text, state);
	for (unsigned id = 0; key > 0 && id < OPTION_COUNT; id++)
		if (option_row(id)->letter == key)
			return take_option(p, id, text, state);
	switch (key) {
	case KEY_HELP:
		return print_help(p, state, ARGP_HELP_STD_HELP);
	case KEY_USAGE:
		return print_help(p, state, ARGP_HELP_USAGE);
	case ARGP_KEY_ARG:
		return take_argument(p, text, state);
	case ARGP_KEY_END:
		return check_end(p, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void
make_argp_options(enum command command, struct argp_option ret_options[OPTION_COUNT + 3])
{
	unsigned n = 0;

	memset(ret_options, 0, (OPTION_COUNT + 3) * sizeof(*ret_options));
	for (unsigned id = 0; id < OPTION_COUNT; id++) {
		const struct option_row *row = option_row(id);

		if (!(row->commands & 1u << command))
			continue;
		ret_options[n++] = (struct argp_option){ .name = row->name,
			.key = row->letter ? row->letter : KEY_FIRST + (int)id,
			.arg = row->value, .doc = row->help, .group = 1 };
	}
	ret_options[n++] = (struct argp_option){ .name = "help", .key = KEY_HELP,
		.doc = "print this help", .group = 2 };
	ret_options[n] = (struct argp_option){ .name = "usage", .key = KEY_USAGE,
		.doc = "print a short form of it", .group = 2 };
}

static enum err
say_commands(const char *given)
{
	if (given)
		fprintf(stderr, "scalene-mcp: there is no subcommand '%.60s'; there are serve",
		    given);
	else
		fprintf(stderr, "scalene-mcp: a subcommand is missing; there are serve");
	for (unsigned i = 0; i < COMMAND_COUNT; i++)
		fprintf(stderr, ", %s", command_row(i)->name);
	fputc('\n', stderr);
	return ERR_INVALID_ARGUMENT;
}

static enum err
run_argp(struct options *o, int argc, char **argv)
{
	struct argp_option options[OPTION_COUNT + 3];
	struct parsing p = { .options = o, .error = OK };
	const struct command_row *command = command_row(o->command);
	const struct argp argp = { .options = options, .parser = parse_key,
		.args_doc = command->usage, .doc = command->doc, .help_filter = help_filter };
	char name[64], *first = argv[1];
	error_t failed;

	for (unsigned id = 0; id < OPTION_COUNT; id++)
		p.from_environment[id] = o->values[id].given;
	make_argp_options(o->command, options);
	snprintf(name, sizeof(name), "scalene-mcp %s", command->name);
	argv[1] = name;
	failed = argp_parse(&argp, argc - 1, argv + 1, ARGP_NO_EXIT | ARGP_NO_HELP | ARGP_IN_ORDER,
	    NULL, &p);
	argv[1] = first;
	if (p.error != OK)
		return p.error;
	return failed == 0 ? OK : failed == ENOMEM ? ERR_NO_MEMORY : ERR_INVALID_ARGUMENT;
}

enum err
options_parse(int argc, char **argv, struct options *ret_options)
{
	int command = argc > 1 ? command_by_name(argv[1]) : -1;
	enum err e;

	memset(ret_options, 0, sizeof(*ret_options));
	if (command < 0)
		return say_commands(argc > 1 ? argv[1] : NULL);
	ret_options->command = (enum command)command;
	e = take_environment(ret_options);
	return e == OK ? run_argp(ret_options, argc, argv) : e;
}

void
options_fini(struct options *o)
{
	for (unsigned id = 0; id < OPTION_COUNT; id++) {
		free(o->values[id].list);
		o->values[id].list = NULL;
	}
}
