#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/exit.h"
#include "workers/front/front.h"
#include "workers/front/http.h"
#include "workers/front/job.h"
#include "workers/front/requests.h"
#include "workers/front/stdio.h"
#include "workers/front/tree.h"
#include "workers/runtime/log.h"

enum key { KEY_PROFILERS = 0x2000, KEY_ANALYZERS, KEY_TOOLSET, KEY_READ_ONLY, KEY_STDIO, KEY_HTTP };

static const struct argp_option options[] = {
	{ "profilers", KEY_PROFILERS, "N", 0, "how many profilers there are", 2 },
	{ "analyzers", KEY_ANALYZERS, "N", 0, "how many analyzers there are", 2 },
	{ "toolset", KEY_TOOLSET, "WORD", 0, "which tools are listed: default, core or all", 2 },
	{ "read-only", KEY_READ_ONLY, NULL, 0, "refuse tools that run or change anything", 2 },
	{ "stdio", KEY_STDIO, NULL, 0, "serve the client on the inherited pipes", 2 },
	{ "http", KEY_HTTP, NULL, 0, "serve HTTP on the inherited socket", 2 },
	{ 0 }
};

static const char *const toolsets[] = {
	[TOOLSET_DEFAULT] = "default", [TOOLSET_CORE] = "core", [TOOLSET_ALL] = "all",
};

static unsigned
count_of(struct argp_state *state, const char *name, const char *arg)
{
	char *end;
	unsigned long v = strtoul(arg, &end, 10);

	if (end == arg || *end != 0 || v < 1 || v > LIMIT_CHILDREN)
		argp_error(state, "--%s takes a number from 1 to %d, not '%s'", name, LIMIT_CHILDREN, arg);
	return (unsigned)v;
}

static enum toolset
toolset_of(struct argp_state *state, const char *arg)
{
	for (size_t i = 0; i < sizeof(toolsets) / sizeof(toolsets[0]); i++)
		if (strcmp(toolsets[i], arg) == 0)
			return (enum toolset)i;
	argp_error(state, "--toolset takes default, core or all, not '%s'", arg);
	return TOOLSET_DEFAULT;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct front *f = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &f->settings;
		return 0;
	case KEY_PROFILERS:
		f->profilers = count_of(state, "profilers", arg);
		return 0;
	case KEY_ANALYZERS:
		f->analyzers = count_of(state, "analyzers", arg);
		return 0;
	case KEY_TOOLSET:
		f->toolset = toolset_of(state, arg);
		return 0;
	case KEY_READ_ONLY:
		f->read_only = true;
		return 0;
	case KEY_STDIO:
		f->serve_stdio = true;
		return 0;
	case KEY_HTTP:
		f->serve_http = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void
parse_options(struct front *f, int argc, char **argv)
{
	const struct argp_child children[] = { { &settings_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = { .options = options, .parser = parse, .children = children,
		.doc = "A process of scalene-mcp, started by it and of no use alone." };

	f->profilers = f->analyzers = 1;
	argp_err_exit_status = EXIT_CODE_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, f);
}

/* ---- events ---- */

static void
on_ended(void *arg)
{
	struct front *f = arg;

	loop_stop(f->loop);
}

/* Nothing is left to answer; HTTP clients may still have answers to read. */
static void
on_answered(void *arg)
{
	struct front *f = arg;

	f->leaving = true;
	if (f->http != NULL)
		http_leave(f->http, on_ended, f);
	else
		loop_stop(f->loop);
}

static void
leave(struct front *f)
{
	f->leaving = true;
	if (f->http != NULL)
		http_refuse(f->http);
	if (f->stdio != NULL)
		stdio_leave(f->stdio);
	else
		requests_leave(f->requests, on_answered, f);
}

static void
on_record(void *arg, const struct control_record *r)
{
	struct front *f = arg;

	switch (r->type) {
	case CONTROL_CHILD:
	case CONTROL_TREE_END:
		tree_record(f->tree, r);
		break;
	case CONTROL_DRAIN:
		leave(f);
		break;
	default:
		links_record(f->links, r);
		break;
	}
}

static void
on_parent_lost(void *arg)
{
	struct front *f = arg;

	f->status = EXIT_CODE_PARENT_LOST;
	loop_stop(f->loop);
}

/* ---- main ---- */

static enum err
open_front(struct front *f)
{
	struct catalog_problem problem = { "" };
	enum err e = spool_open(f->settings.state_dir, f->settings.instance, &f->spool);

	if (e != OK)
		return e;
	spool_sweep(f->spool);
	e = catalog_load(&f->catalog, &problem);
	if (e != OK)
		log_panic("the catalogue is wrong: %s", problem.text);
	f->loop = loop_new();
	if (f->loop == NULL)
		return ERR_NO_MEMORY;
	f->links = links_new(f->loop, &f->settings, f->spool, f->profilers, f->analyzers);
	f->jobs = jobs_new(f);
	f->tree = tree_new(f);
	f->requests = requests_new(f);
	if (f->links == NULL || f->jobs == NULL || f->tree == NULL || f->requests == NULL)
		return ERR_NO_MEMORY;
	e = parent_open(f->loop, ROLE_FRONT, &f->settings, on_record, on_parent_lost, f, &f->parent);
	if (e == OK && f->serve_stdio)
		e = stdio_open(f, on_answered, f, &f->stdio);
	if (e == OK && f->serve_http)
		e = http_open(f, &f->http);
	return e;
}

static void
close_front(struct front *f)
{
	http_close(&f->http);
	requests_free(&f->requests);
	if (f->jobs != NULL)
		jobs_free(&f->jobs);
	links_free(&f->links);
	tree_free(&f->tree);
	stdio_close(&f->stdio);
	parent_close(&f->parent);
	catalog_free(&f->catalog);
	spool_close(&f->spool);
	loop_free(f->loop);
}

static enum err
run_front(struct front *f)
{
	parent_say(f->parent, CONTROL_READY, 0, 0, "");
	if (f->stdio != NULL)
		stdio_start(f->stdio);
	jobs_resume(f->jobs);
	return loop_run(f->loop);
}

int
main(int argc, char **argv)
{
	struct front f = { .status = EXIT_CODE_OK };
	enum err e;

	signal(SIGPIPE, SIG_IGN);
	parse_options(&f, argc, argv);
	log_identify(ROLE_FRONT, f.settings.index, f.settings.incarnation);
	e = open_front(&f);
	if (e == OK)
		e = run_front(&f);
	if (e != OK) {
		log_line(LOG_ERROR, "the front cannot go on: %s", err_info(e)->text);
		f.status = EXIT_CODE_INTERNAL;
	}
	close_front(&f);
	return f.status;
}
