#include "workers/analyzer/context.h"

#include <stdlib.h>

/* What of a file is kept, by index of its rows: entered[i] extents begin at row i, left[i] end
 * before it. */
struct marks {
	uint32_t *entered, *left;
	bool *has_figures;
};

/* The first row whose number is at least `number`. */
static uint32_t
row_from(const struct source *s, uint32_t number)
{
	uint32_t low = 0, high = s->row_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->rows[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
mark(struct marks *marks, const struct source *s, uint32_t first, uint32_t last)
{
	if (last < first)
		return;
	marks->entered[row_from(s, first)]++;
	marks->left[row_from(s, last + 1)]++;
}

static void
mark_functions(struct marks *marks, const struct profile *p, uint32_t first, const struct source *s)
{
	for (uint32_t i = first; i < p->function_count; i++)
		if (!p->functions[i].is_module && !p->functions[i].is_class)
			mark(marks, s, p->functions[i].start, p->functions[i].end);
}

static void
mark_lines(struct marks *marks, const struct profile *p, uint32_t first, const struct source *s)
{
	for (uint32_t i = first; i < p->line_count; i++) {
		uint32_t number = p->lines[i].number, at = row_from(s, number);

		mark(marks, s, number > CONTEXT_LINES ? number - CONTEXT_LINES : 1,
		    number + CONTEXT_LINES);
		while (at < s->row_count && s->rows[at].number == number)
			marks->has_figures[at++] = true;
	}
}

static enum err
keep_row(struct profile *p, const struct source_row *from, char *buf)
{
	struct text t = { buf, source_row_text(from, buf, SOURCE_LINE_BYTES) };
	struct profile_row *row;

	if (source_blank(t.at, t.len) == t.len)
		return OK;
	if (p->row_count == PROFILE_ROWS_MAX) {
		p->notes |= NOTE_ROWS_CUT;
		return OK;
	}
	row = profile_grow(&p->rows, &p->row_count, sizeof(*row));
	if (row == NULL)
		return ERR_NO_MEMORY;
	*row = (struct profile_row){ p->file_count - 1, from->number,
	    arena_text(&p->arena, t, PROFILE_SOURCE_BYTES) };
	return OK;
}

static enum err
keep_marked(struct profile *p, const struct marks *marks, const struct source *s)
{
	char *buf = malloc(SOURCE_LINE_BYTES);
	enum err e = buf == NULL ? ERR_NO_MEMORY : OK;
	uint32_t inside = 0;

	for (uint32_t i = 0; e == OK && i < s->row_count; i++) {
		inside += marks->entered[i] - marks->left[i];
		if (inside > 0 && !marks->has_figures[i])
			e = keep_row(p, &s->rows[i], buf);
	}
	free(buf);
	return e;
}

enum err
context_keep(struct profile *p, uint32_t first_line, uint32_t first_function,
    const struct source *source)
{
	size_t size = (size_t)source->row_count + 1;
	struct marks marks = { .entered = NULL };
	enum err e = ERR_NO_MEMORY;

	if (first_line == p->line_count)
		return OK;
	marks.entered = calloc(size, sizeof(*marks.entered));
	marks.left = calloc(size, sizeof(*marks.left));
	marks.has_figures = calloc(size, sizeof(*marks.has_figures));
	if (marks.entered == NULL || marks.left == NULL || marks.has_figures == NULL)
		goto out;
	mark_functions(&marks, p, first_function, source);
	mark_lines(&marks, p, first_line, source);
	e = keep_marked(p, &marks, source);
out:
	free(marks.entered);
	free(marks.left);
	free(marks.has_figures);
	return e;
}

/* ---- reading ---- */

static bool
is_before(uint32_t file, uint32_t number, uint32_t wanted_file, uint32_t wanted_number)
{
	return file != wanted_file ? file < wanted_file : number < wanted_number;
}

struct context_walk
context_start(const struct profile *p, uint32_t file, uint32_t from)
{
	uint32_t low = 0, high = p->line_count;
	struct context_walk walk;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (is_before(p->lines[middle].file, p->lines[middle].number, file, from))
			low = middle + 1;
		else
			high = middle;
	}
	walk.line = low;
	low = 0;
	high = p->row_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (is_before(p->rows[middle].file, p->rows[middle].number, file, from))
			low = middle + 1;
		else
			high = middle;
	}
	walk.row = low;
	return walk;
}

bool
context_next(const struct profile *p, uint32_t file, struct context_walk *walk,
    struct context_line *ret_line)
{
	bool has_line = walk->line < p->line_count && p->lines[walk->line].file == file;
	bool has_row = walk->row < p->row_count && p->rows[walk->row].file == file;

	if (!has_line && !has_row)
		return false;
	if (has_line && (!has_row || p->lines[walk->line].number <= p->rows[walk->row].number)) {
		const struct profile_line *l = &p->lines[walk->line++];

		*ret_line = (struct context_line){ l->number, l->source, l };
	} else {
		const struct profile_row *row = &p->rows[walk->row++];

		*ret_line = (struct context_line){ row->number, row->source, NULL };
	}
	return true;
}
