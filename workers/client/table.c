#include "workers/client/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define INDENT 2
#define GAP 2

struct table {
	const struct table_column *columns;
	unsigned column_count;
	char **cells;            /* row by row; NULL: empty */
	size_t cell_count, cell_room;
};

struct table *
table_new(const struct table_column *columns, unsigned count)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->columns = columns;
	t->column_count = count;
	return t;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->cell_count; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
}

static bool
make_room(struct table *t)
{
	size_t room = t->cell_room ? 2 * t->cell_room : 64;
	char **grown;

	if (t->cell_count < t->cell_room)
		return true;
	grown = realloc(t->cells, room * sizeof(*grown));
	if (grown == NULL)
		return false;
	t->cells = grown;
	t->cell_room = room;
	return true;
}

void
table_cell(struct table *t, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int n;

	if (t == NULL || !make_room(t))
		return;
	va_start(arguments, format);
	n = vasprintf(&text, format, arguments);
	va_end(arguments);
	t->cells[t->cell_count++] = n > 0 ? text_clean(text, (size_t)n, TEXT_ONE_LINE) : NULL;
	if (n >= 0)
		free(text);
}

static size_t
row_count(const struct table *t)
{
	return t->cell_count / t->column_count;
}

static const char *
cell_at(const struct table *t, size_t row, unsigned column)
{
	const char *cell = t->cells[row * t->column_count + column];

	return cell ? cell : "";
}

/* The width that a column asks for; 0 when it has no text below its title. */
static size_t
natural_width(const struct table *t, unsigned column)
{
	size_t widest = 0, title = text_width(t->columns[column].title);

	for (size_t row = 0; row < row_count(t); row++) {
		size_t width = text_width(cell_at(t, row, column));

		widest = width > widest ? width : widest;
	}
	return widest && widest < title ? title : widest;
}

enum total { TOTAL_NOW, TOTAL_LEAST };

/* The line's width, as it is or with every cuttable column at its least. */
static size_t
total_width(const struct table *t, const size_t *widths, enum total which)
{
	size_t total = INDENT, shown = 0;

	for (unsigned i = 0; i < t->column_count; i++) {
		unsigned least = t->columns[i].least;
		bool cut = which == TOTAL_LEAST && least && widths[i] > least;

		total += cut ? least : widths[i];
		shown += widths[i] > 0;
	}
	return total + (shown ? (shown - 1) * GAP : 0);
}

/* Leaves out the optional column of the highest rank; false when there is none. */
static bool
drop_column(const struct table *t, size_t *widths)
{
	unsigned drop = t->column_count, rank = 0;

	for (unsigned i = 0; i < t->column_count; i++) {
		if (widths[i] == 0 || t->columns[i].optional <= rank)
			continue;
		rank = t->columns[i].optional;
		drop = i;
	}
	if (drop < t->column_count)
		widths[drop] = 0;
	return drop < t->column_count;
}

/* The widest column that can still give way, or -1. */
static int
widest_cuttable(const struct table *t, const size_t *widths)
{
	int widest = -1;

	for (unsigned i = 0; i < t->column_count; i++)
		if (t->columns[i].least && widths[i] > t->columns[i].least &&
		    (widest < 0 || widths[i] > widths[widest]))
			widest = (int)i;
	return widest;
}

static void
fit(const struct table *t, size_t screen_width, size_t *widths)
{
	size_t total;

	while (total_width(t, widths, TOTAL_LEAST) > screen_width)
		if (!drop_column(t, widths))
			break;
	for (total = total_width(t, widths, TOTAL_NOW); total > screen_width; total--) {
		int column = widest_cuttable(t, widths);

		if (column < 0)
			return;
		widths[column]--;
	}
}

static void
add_cell(FILE *line, const struct table_column *column, const char *text, size_t width, bool last)
{
	char *cut = text_cut(text, width, text == column->title ? TEXT_CUT_END : column->cut);
	int padding = cut ? (int)(width - text_width(cut)) : 0;

	if (cut == NULL)
		return;
	if (column->align == TABLE_RIGHT)
		fprintf(line, "%*s%s", padding, "", cut);
	else
		fprintf(line, "%s%*s", cut, last ? 0 : padding, "");
	free(cut);
}

static unsigned
last_shown(const struct table *t, const size_t *widths)
{
	unsigned last = 0;

	for (unsigned i = 0; i < t->column_count; i++)
		last = widths[i] ? i : last;
	return last;
}

/* One line; row -1 is the titles. The caller frees. */
static char *
make_line(const struct table *t, const size_t *widths, long row)
{
	char *text = NULL;
	size_t size = 0;
	FILE *line = open_memstream(&text, &size);
	unsigned last = last_shown(t, widths);
	const char *before = "  ";

	if (line == NULL)
		return NULL;
	for (unsigned i = 0; i <= last; i++) {
		if (widths[i] == 0)
			continue;
		fputs(before, line);
		add_cell(line, &t->columns[i], row < 0 ? t->columns[i].title
		    : cell_at(t, (size_t)row, i), widths[i], i == last);
	}
	return fclose(line) == 0 ? text : NULL;
}

static void
print_line(const struct table *t, const struct screen *screen, const size_t *widths, long row)
{
	char *line = make_line(t, widths, row);
	char *cut = line && screen->width ? text_cut(line, screen->width, TEXT_CUT_END) : NULL;
	const char *text = cut ? cut : line;

	if (text && row < 0)
		screen_print(screen, COLOUR_HEADING, text);
	else if (text)
		fputs(text, screen->out);
	fputc('\n', screen->out);
	free(cut);
	free(line);
}

void
table_print(const struct table *t, const struct screen *screen)
{
	size_t *widths = t && row_count(t) ? calloc(t->column_count, sizeof(*widths)) : NULL;

	if (widths == NULL)
		return;
	for (unsigned i = 0; i < t->column_count; i++)
		widths[i] = natural_width(t, i);
	if (screen->width)
		fit(t, screen->width, widths);
	for (long row = -1; row < (long)row_count(t); row++)
		print_line(t, screen, widths, row);
	free(widths);
}
