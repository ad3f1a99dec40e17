#include "workers/client/show.h"

#include <string.h>

#include "workers/client/cells.h"
#include "workers/client/outcome.h"
#include "workers/client/pick.h"

struct fact {
	const char *key;
	const char *label;
	enum cell_unit unit;
};

static const struct fact facts[] = {
	{ "elapsed_s", "elapsed", CELL_SECONDS },
	{ "wall_s", "wall", CELL_SECONDS },
	{ "cpu_s", "CPU", CELL_SECONDS },
	{ "peak_memory_mb", "peak", CELL_MIB },
	{ "allocated_mb", "allocated", CELL_MIB },
	{ "max_rss_mb", "resident", CELL_MIB },
	{ "samples", "samples", CELL_COUNT },
};

static void
show_outcome(const struct screen *screen, const cJSON *run)
{
	const char *program = pick_text(run, "program"), *label = pick_text(run, "label");
	char text[256];

	outcome_describe(run, text, sizeof(text));
	if (program)
		screen_printf(screen, "%s: ", program);
	screen_print(screen, outcome_is_ok(run) ? COLOUR_GOOD : COLOUR_BAD, text);
	if (label)
		screen_printf(screen, " (%s)", label);
	fputc('\n', screen->out);
}

static void
show_text(const struct screen *screen, const cJSON *run, const char *key, const char *before)
{
	const char *text = pick_text(run, key);

	if (text && *text)
		screen_printf(screen, "%s%s\n", before, text);
}

/* A number of the run itself or of its member `run`. */
static bool
pick_fact(const cJSON *run, const char *key, double *ret_number)
{
	return pick_number(run, key, ret_number) ||
	    pick_number(json_get(run, "run"), key, ret_number);
}

static void
show_facts(const struct screen *screen, const cJSON *run)
{
	const char *before = "";
	char text[CELL_SIZE];
	double number;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (!pick_fact(run, facts[i].key, &number))
			continue;
		cell_format(text, facts[i].unit, number);
		fprintf(screen->out, "%s%s %s", before, facts[i].label, text);
		before = ", ";
	}
	if (*before)
		fputc('\n', screen->out);
}

struct section {
	const char *title;
	const char *key;         /* of the array in the answer */
	const struct cell_column *columns;
	unsigned count;
};

static void
show_section(const struct screen *screen, const cJSON *answer, const struct section *section)
{
	const cJSON *rows = pick_array(answer, section->key);

	if (rows == NULL)
		return;
	fputc('\n', screen->out);
	screen_print(screen, COLOUR_HEADING, section->title);
	fputc('\n', screen->out);
	cells_print(screen, rows, section->columns, section->count);
}

#define LENGTH(a) ((unsigned)(sizeof(a) / sizeof((a)[0])))

/* A column whose cells are never cut, of text or of numbers; one whose cells are cut at their end
 * or start. */
#define TEXT(title, key, optional) \
	{ { title, TABLE_LEFT, 0, TEXT_CUT_END, optional }, key, CELL_TEXT }
#define NUMBER(title, key, unit, optional) \
	{ { title, TABLE_RIGHT, 0, TEXT_CUT_END, optional }, key, unit }
#define CUT_END(title, key, least, optional) \
	{ { title, TABLE_LEFT, least, TEXT_CUT_END, optional }, key, CELL_TEXT }
#define CUT_START(title, key, least, unit) \
	{ { title, TABLE_LEFT, least, TEXT_CUT_START, 0 }, key, unit }

static const struct cell_column function_columns[] = {
	NUMBER("CPU", "cpu_percent", CELL_PERCENT, 0),
	NUMBER("+/-", "plus_minus_percent", CELL_PERCENT, 2),
	NUMBER("Python", "python_percent", CELL_PERCENT, 3),
	NUMBER("native", "native_percent", CELL_PERCENT, 4),
	NUMBER("wait", "wait_percent", CELL_PERCENT, 5),
	NUMBER("time", "cpu_s", CELL_SECONDS, 0),
	NUMBER("peak", "peak_mb", CELL_MIB, 1),
	CUT_END("function", "function", 8, 0),
	CUT_START("where", NULL, 8, CELL_PLACE),
};

static const struct cell_column line_columns[] = {
	NUMBER("CPU", "cpu_percent", CELL_PERCENT, 0),
	NUMBER("+/-", "plus_minus_percent", CELL_PERCENT, 3),
	NUMBER("time", "cpu_s", CELL_SECONDS, 2),
	NUMBER("peak", "peak_mb", CELL_MIB, 1),
	CUT_START("where", NULL, 8, CELL_PLACE),
	CUT_END("source", "source", 10, 4),
};

static const struct cell_column leak_columns[] = {
	NUMBER("likelihood", "likelihood", CELL_SHARE, 0),
	NUMBER("velocity", "velocity_mb_s", CELL_MIB_PER_S, 1),
	CUT_START("where", NULL, 8, CELL_PLACE),
};

static const struct cell_column profile_columns[] = {
	TEXT("profile", "profile_id", 0),
	CUT_END("created", "created", 10, 4),
	TEXT("outcome", "outcome", 2),
	NUMBER("elapsed", "elapsed_s", CELL_SECONDS, 3),
	NUMBER("peak", "peak_memory_mb", CELL_MIB, 5),
	CUT_START("program", "program", 8, CELL_TEXT),
	CUT_END("label", "label", 6, 1),
};

static const struct cell_column process_columns[] = {
	TEXT("role", "role", 0),
	NUMBER("index", "index", CELL_COUNT, 0),
	TEXT("state", "state", 0),
	NUMBER("pid", "pid", CELL_COUNT, 0),
	NUMBER("incarnation", "incarnation", CELL_COUNT, 3),
	NUMBER("restarts", "restarts", CELL_COUNT, 2),
	NUMBER("uptime", "uptime_s", CELL_SECONDS, 1),
	CUT_END("last death", "last_death", 10, 4),
};

static const struct section run_sections[] = {
	{ "Functions", "top_functions", function_columns, LENGTH(function_columns) },
	{ "Lines", "top_lines", line_columns, LENGTH(line_columns) },
	{ "Possible leaks", "leaks", leak_columns, LENGTH(leak_columns) },
};

static const struct section hotspot_section = {
	"Lines by CPU", "hotspots", line_columns, LENGTH(line_columns)
};

static void
show_warnings(const struct screen *screen, const cJSON *run)
{
	const cJSON *warning;

	cJSON_ArrayForEach(warning, pick_array(run, "warnings"))
		if (cJSON_IsString(warning))
			screen_printf(screen, "\nwarning: %s", warning->valuestring);
	if (pick_array(run, "warnings"))
		fputc('\n', screen->out);
}

static void
show_error_tail(const struct screen *screen, const cJSON *run)
{
	const char *tail = pick_text(run, "stderr_tail");

	if (tail == NULL || *tail == '\0' || outcome_is_ok(run))
		return;
	screen_print(screen, COLOUR_HEADING, "\nThe program's standard error ended with\n");
	screen_printf(screen, "%s%s", tail, tail[strlen(tail) - 1] == '\n' ? "" : "\n");
}

void
show_run(const struct screen *screen, const cJSON *run, enum show_output output)
{
	show_outcome(screen, run);
	show_text(screen, run, "message", "");
	show_text(screen, run, "hint", "hint: ");
	show_facts(screen, run);
	if (output == SHOW_ERROR_TAIL)
		show_error_tail(screen, run);
	for (unsigned i = 0; i < LENGTH(run_sections); i++)
		show_section(screen, run, &run_sections[i]);
	show_warnings(screen, run);
}

void
show_hotspots(const struct screen *screen, const cJSON *answer)
{
	show_section(screen, answer, &hotspot_section);
}

void
show_next(const struct screen *screen, const cJSON *run)
{
	const char *id = pick_text(run, "profile_id");

	if (id == NULL)
		return;
	screen_printf(screen, "\nprofile %s\n", id);
	screen_printf(screen, "  scalene-mcp show %s\n", id);
	screen_printf(screen, "  scalene-mcp call get_cpu_hotspots '{\"profile_id\":\"%s\"}'\n",
	    id);
}

void
show_profiles(const struct screen *screen, const cJSON *answer)
{
	const cJSON *profiles = pick_array(answer, "profiles");
	double total;

	if (profiles == NULL) {
		fputs("no profiles\n", screen->out);
		return;
	}
	cells_print(screen, profiles, profile_columns, LENGTH(profile_columns));
	if (!pick_text(answer, "next_cursor"))
		return;
	if (pick_number(answer, "total", &total))
		fprintf(screen->out, "%d of %.0f; more with --limit\n",
		    cJSON_GetArraySize(profiles), total);
	else
		fputs("there are more; see --limit\n", screen->out);
}

void
show_status(const struct screen *screen, const cJSON *answer)
{
	const cJSON *processes = pick_array(answer, "processes");

	show_text(screen, answer, "version", "scalene-mcp ");
	show_text(screen, answer, "instance", "instance ");
	if (processes == NULL)
		fputs("no processes\n", screen->out);
	else
		cells_print(screen, processes, process_columns, LENGTH(process_columns));
}
