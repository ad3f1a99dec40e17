#include "workers/client/run.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/exit.h"
#include "workers/client/arguments.h"
#include "workers/client/clock.h"
#include "workers/client/outcome.h"
#include "workers/client/pick.h"
#include "workers/client/show.h"

#define ANSWER_LIMIT_MS ((ARGUMENTS_WAIT_S + 75) * 1000)
#define PAUSE_MS 1000            /* before asking anew, when the server did not wait */

static bool
goes_on(const struct answer *a)
{
	static const char *const states[] = { "queued", "running", "ran" };
	const char *state = pick_text(a->json, "state"), *job_id = pick_text(a->json, "job_id");

	if (a->kind != ANSWER_RESULT || outcome_of(a->json) || !state || !job_id)
		return false;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

/* Asks for the job until it is over, or the asking fails. *answer is the last one, freed on
 * failure. */
static enum err
follow(struct client *c, struct answer *answer, char *job_id, size_t size)
{
	enum err e = OK;

	while (e == OK && goes_on(answer)) {
		char *arguments;
		int64_t asked_ms = clock_ms();

		snprintf(job_id, size, "%s", pick_text(answer->json, "job_id"));
		answer_fini(answer);
		arguments = arguments_of_id("job_id", job_id, ARGUMENTS_WAIT_S);
		e = ERR_NO_MEMORY;
		if (arguments)
			e = session_call(c->session, "get_job", arguments, true, ANSWER_LIMIT_MS,
			    answer);
		free(arguments);
		if (e == OK && goes_on(answer) && clock_ms() - asked_ms < PAUSE_MS)
			e = session_idle(c->session, PAUSE_MS);
	}
	if (e != OK)
		answer_fini(answer);
	return e;
}

/* What an answer that is no run says instead. */
static int
report_strange(const struct answer *a)
{
	client_say_error("the server's answer has no outcome: %.200s", a->raw);
	return EXIT_CODE_INTERNAL;
}

static int
report_json(const struct answer *a, int code)
{
	char text[256];

	if (code != EXIT_CODE_OK) {
		outcome_describe(a->json, text, sizeof(text));
		client_say_error("%s", text);
	}
	return client_print_json(a, code);
}

static int
report(struct client *c, const struct answer *a)
{
	bool quiet = options_has(c->options, OPTION_QUIET);
	int code = outcome_is_ok(a->json) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
	struct screen screen = screen_of(stdout);

	if (options_has(c->options, OPTION_JSON))
		return report_json(a, code);
	if (c->last_passed)
		fputs(c->last_passed == '\n' ? "\n" : "\n\n", stdout);
	show_run(&screen, a->json, quiet ? SHOW_ERROR_TAIL : SHOW_NO_OUTPUT);
	show_next(&screen, a->json);
	return code;
}

static int
run_and_report(struct client *c, const char *arguments)
{
	struct answer answer = { .raw = NULL };
	char job_id[LIMIT_ULID + 1] = "";
	enum err e;
	int code;

	e = session_call(c->session, arguments_profile_tool(c->options), arguments, true,
	    ANSWER_LIMIT_MS, &answer);
	if (e == OK)
		e = follow(c, &answer, job_id, sizeof(job_id));
	if (e != OK)
		return client_fail(c, e, job_id);
	progress_erase(&c->progress);
	if (answer.kind != ANSWER_RESULT)
		code = client_refused(c, &answer);
	else if (outcome_of(answer.json) == NULL)
		code = report_strange(&answer);
	else
		code = report(c, &answer);
	answer_fini(&answer);
	return code;
}

int
run_profile(struct client *c)
{
	char *arguments;
	int code;

	if (arguments_make(c->options, &arguments) != OK) {
		client_say_error("the current directory cannot be named");
		return EXIT_CODE_USAGE;
	}
	progress_show(&c->progress, "starting");
	code = run_and_report(c, arguments);
	free(arguments);
	return code;
}
