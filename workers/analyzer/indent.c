#include "workers/analyzer/indent.h"

#include <stdlib.h>
#include <string.h>

#include "workers/analyzer/profile.h"

#define OPEN_SCOPES 100       /* as many levels as Python allows */
#define TAB_WIDTH 8

struct open_scope {
	uint32_t extent;
	size_t indent;
};

struct scan {
	struct extent *extents;
	uint32_t count;
	struct open_scope open[OPEN_SCOPES];
	unsigned open_count;
	uint32_t last_code;         /* the latest line with code */
	uint32_t last_row;
	uint32_t next_function;     /* of functions[] that was not passed yet */
	/* inside what the next line begins */
	unsigned brackets;
	char quote;                 /* of the open string, 0: none */
	bool triple, continued;
};

static bool
begins_statement(const struct scan *s)
{
	return s->quote == 0 && s->brackets == 0 && !s->continued;
}

static void
forget_state(struct scan *s)
{
	s->brackets = 0;
	s->quote = 0;
	s->continued = false;
}

static bool
three_of(const char *line, size_t len, size_t i, char c)
{
	return len - i >= 3 && line[i] == c && line[i + 1] == c && line[i + 2] == c;
}

/* One character inside a string; returns how many were taken. */
static size_t
step_in_string(struct scan *s, const char *line, size_t len, size_t i)
{
	if (line[i] == '\\')
		return 2;
	if (line[i] != s->quote)
		return 1;
	if (s->triple && !three_of(line, len, i, s->quote))
		return 1;
	s->quote = 0;
	return s->triple ? 3 : 1;
}

static size_t
step_in_code(struct scan *s, const char *line, size_t len, size_t i)
{
	char c = line[i];

	if (c == '#')
		return len - i;
	if (c == '(' || c == '[' || c == '{')
		s->brackets++;
	else if ((c == ')' || c == ']' || c == '}') && s->brackets > 0)
		s->brackets--;
	if (c != '"' && c != '\'')
		return 1;
	s->quote = c;
	s->triple = three_of(line, len, i, c);
	return s->triple ? 3 : 1;
}

/* Carries brackets, strings and continuation over the line. */
static void
scan_line(struct scan *s, const char *line, size_t len)
{
	bool backslash = len > 0 && line[len - 1] == '\\';

	for (size_t i = 0; i < len; )
		i += s->quote != 0 ? step_in_string(s, line, len, i)
		    : step_in_code(s, line, len, i);
	if (s->quote != 0 && !s->triple && !backslash)
		s->quote = 0;
	s->continued = backslash && s->quote == 0;
}

static size_t
indent_of(const char *line, size_t blank)
{
	size_t width = 0;

	for (size_t i = 0; i < blank; i++)
		width = line[i] == '\t' ? (width / TAB_WIDTH + 1) * TAB_WIDTH : width + 1;
	return width;
}

static void
close_scopes(struct scan *s, size_t indent)
{
	while (s->open_count > 0 && s->open[s->open_count - 1].indent >= indent) {
		struct extent *e = &s->extents[s->open[--s->open_count].extent];

		e->end = s->last_code > e->start ? s->last_code : e->start;
	}
}

static enum err
open_scope(struct scan *s, uint32_t start, size_t indent)
{
	struct extent *e;

	if (s->open_count == OPEN_SCOPES)
		return OK;
	e = profile_grow(&s->extents, &s->count, sizeof(*e));
	if (e == NULL)
		return ERR_NO_MEMORY;
	e->start = e->end = start;
	s->open[s->open_count++] = (struct open_scope){ s->count - 1, indent };
	return OK;
}

static bool
is_listed_function(const struct source_function *f)
{
	return f->name.len > 0 && f->name.at[f->name.len - 1] != '>';
}

/* Opens the last function of functions[] that begins between the previous row and this one. */
static enum err
open_missing(struct scan *s, const struct source *source, uint32_t number, size_t indent)
{
	uint32_t start = 0;

	while (s->next_function < source->function_count
	    && source->functions[s->next_function].line < number) {
		const struct source_function *f = &source->functions[s->next_function++];

		if (f->line > s->last_row && is_listed_function(f))
			start = f->line;
	}
	if (start == 0 || indent == 0)
		return OK;
	close_scopes(s, indent);
	return open_scope(s, start, indent - 1);
}

static enum err
begin_statement(struct scan *s, const struct source *source, uint32_t number, const char *line,
    size_t len)
{
	size_t blank = source_blank(line, len), indent = indent_of(line, blank);
	struct text name;
	bool is_class;
	enum err e;

	e = open_missing(s, source, number, indent);
	if (e != OK)
		return e;
	close_scopes(s, indent);
	if (!source_definition(line, len, &name, &is_class))
		return OK;
	return open_scope(s, number, indent);
}

static enum err
scan_row(struct scan *s, const struct source *source, const struct source_row *row, char *buf)
{
	size_t len = source_row_text(row, buf, SOURCE_LINE_BYTES), blank = source_blank(buf, len);
	enum err e = OK;

	if (row->number != s->last_row + 1)
		forget_state(s);
	if (begins_statement(s) && (blank == len || buf[blank] == '#'))
		goto out;
	if (begins_statement(s))
		e = begin_statement(s, source, row->number, buf, len);
	s->last_code = row->number;
	scan_line(s, buf, len);
out:
	s->last_row = row->number;
	return e;
}

enum err
indent_find(const struct source *source, struct extent **ret_extents, uint32_t *ret_count)
{
	struct scan s = { .extents = NULL };
	char *buf = malloc(SOURCE_LINE_BYTES);
	enum err e = buf == NULL ? ERR_NO_MEMORY : OK;

	for (uint32_t i = 0; e == OK && i < source->row_count; i++)
		e = scan_row(&s, source, &source->rows[i], buf);
	free(buf);
	if (e != OK) {
		free(s.extents);
		return e;
	}
	close_scopes(&s, 0);
	*ret_extents = s.extents;
	*ret_count = s.count;
	return OK;
}
