#include "workers/client/outcome.h"

#include <stdio.h>
#include <string.h>

#include "workers/client/pick.h"

struct outcome_row {
	const char *name;
	const char *text;        /* NULL: nothing to add */
};

static const struct outcome_row rows[] = {
	{ "ok", NULL },
	{ "nonzero_exit", "the program exited with" },
	{ "signal", "the program was ended by" },
	{ "timeout", "the program ran into its time limit and was stopped" },
	{ "oom", "the program ran out of memory" },
	{ "no_samples", "the program ended before Scalene took a sample" },
	{ "bad_profile", "Scalene wrote a profile that cannot be read" },
	{ "scalene_error", "Scalene failed" },
	{ "cancelled", "the run was cancelled" },
	{ "lost", "the process that ran the program died" },
};

const char *
outcome_of(const cJSON *run)
{
	return pick_text(run, "outcome");
}

bool
outcome_is_ok(const cJSON *run)
{
	const char *outcome = outcome_of(run);

	return outcome && strcmp(outcome, "ok") == 0;
}

static const char *
text_for(const char *outcome)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, outcome) == 0)
			return rows[i].text;
	return NULL;
}

/* exit_code and signal stand in the run itself or in its member `run`. */
static void
describe_end(const cJSON *run, char *buf, size_t size)
{
	const cJSON *inner = json_get(run, "run");
	const char *name = pick_text(run, "signal");
	double code;

	if (name == NULL)
		name = pick_text(inner, "signal");
	if (name)
		snprintf(buf, size, " %s", name);
	else if (pick_number(run, "exit_code", &code) || pick_number(inner, "exit_code", &code))
		snprintf(buf, size, " %.0f", code);
	else
		snprintf(buf, size, " an unknown status");
}

void
outcome_describe(const cJSON *run, char *buf, size_t size)
{
	const char *outcome = outcome_of(run), *text = outcome ? text_for(outcome) : NULL;
	char end[64] = "";

	if (outcome && (strcmp(outcome, "nonzero_exit") == 0 || strcmp(outcome, "signal") == 0))
		describe_end(run, end, sizeof(end));
	snprintf(buf, size, "%s%s%s%s", outcome ? outcome : "?", text ? ": " : "",
	    text ? text : "", end);
}
