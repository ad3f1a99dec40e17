#include "workers/client/cells.h"

#include <math.h>
#include <stdlib.h>

#include "workers/client/pick.h"

struct unit {
	int decimals;
	double factor;
	const char *suffix;
};

static const struct unit units[] = {
	[CELL_COUNT] = { 0, 1, "" },
	[CELL_PERCENT] = { 1, 1, " %" },
	[CELL_SHARE] = { 0, 100, " %" },
	[CELL_SECONDS] = { 2, 1, " s" },
	[CELL_MIB] = { 1, 1, " MiB" },
	[CELL_MIB_PER_S] = { 2, 1, " MiB/s" },
};

void
cell_format(char ret_text[CELL_SIZE], enum cell_unit unit, double number)
{
	const struct unit *u = &units[unit];

	if (fabs(number) < 1e15)
		snprintf(ret_text, CELL_SIZE, "%.*f%s", u->decimals, number * u->factor, u->suffix);
	else
		snprintf(ret_text, CELL_SIZE, "%.3g%s", number * u->factor, u->suffix);
}

static void
add_place(struct table *t, const cJSON *row)
{
	const char *file = pick_text(row, "file");
	double line, end;

	if (file == NULL)
		file = "";
	if (pick_number(row, "line", &line))
		table_cell(t, "%s:%.0f", file, line);
	else if (pick_number(row, "start_line", &line) && pick_number(row, "end_line", &end))
		table_cell(t, "%s:%.0f-%.0f", file, line, end);
	else
		table_cell(t, "%s", file);
}

static void
add_cell(struct table *t, const cJSON *row, const struct cell_column *column)
{
	const char *text = column->unit == CELL_TEXT ? pick_text(row, column->key) : NULL;
	char number_text[CELL_SIZE] = "";
	double number;

	if (column->unit == CELL_PLACE) {
		add_place(t, row);
		return;
	}
	if (column->unit != CELL_TEXT && pick_number(row, column->key, &number)) {
		cell_format(number_text, column->unit, number);
		text = number_text;
	}
	table_cell(t, "%s", text ? text : "");
}

void
cells_print(const struct screen *screen, const cJSON *array, const struct cell_column *columns,
    unsigned count)
{
	struct table_column *plain = calloc(count, sizeof(*plain));
	struct table *t = plain ? table_new(plain, count) : NULL;
	const cJSON *row;

	if (t == NULL)
		goto out;
	for (unsigned i = 0; i < count; i++)
		plain[i] = columns[i].column;
	cJSON_ArrayForEach(row, array)
		for (unsigned i = 0; i < count; i++)
			add_cell(t, row, &columns[i]);
	table_print(t, screen);
out:
	table_free(t);
	free(plain);
}
