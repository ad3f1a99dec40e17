#include "workers/analyzer/body.h"

#include <stdlib.h>

#include "workers/analyzer/code.h"
#include "workers/analyzer/context.h"
#include "workers/analyzer/source.h"

#define LOOPS_OPEN 100u         /* as many levels as Python allows */
#define NOT_SKIPPING UINT32_MAX

struct scan {
	struct body *body;
	struct code_state code;
	unsigned open_indent[LOOPS_OPEN];
	unsigned open;
	uint32_t loop;              /* the outermost open one */
	unsigned skip_indent;       /* of the inner definition that is being left out */
	bool seen_own;              /* the function's own `def` or `class` line */
};

static bool
is_keyword(struct text code, const char *word)
{
	struct text after;

	return code_has(code, word, &after) && after.at - (ptrdiff_t)text_of(word).len == code.at
	    && (after.len == 0 || after.at[0] == ' ' || after.at[0] == '(' || after.at[0] == ':');
}

/* `for` or `async for` at the beginning of a statement. */
static bool
is_for(struct text code)
{
	return is_keyword(code, "for") || code_has(code, "async for ", NULL);
}

/* Whether the row belongs to a function or class inside this one. */
static bool
is_inner(struct scan *s, const struct body_row *row)
{
	struct text name;
	bool is_class;

	if (!row->begins)
		return s->skip_indent != NOT_SKIPPING;
	if (s->skip_indent != NOT_SKIPPING && row->indent > s->skip_indent)
		return true;
	s->skip_indent = NOT_SKIPPING;
	if (!source_definition(row->code.at, row->code.len, &name, &is_class))
		return false;
	if (!s->seen_own && !s->body->function->is_module) {
		s->seen_own = true;
		s->body->is_async = is_keyword(row->code, "async");
		return false;
	}
	s->skip_indent = row->indent;
	return true;
}

static void
close_loops(struct scan *s, unsigned indent)
{
	while (s->open > 0 && s->open_indent[s->open - 1] >= indent)
		s->open--;
	if (s->open == 0)
		s->loop = BODY_NO_LOOP;
}

static enum err
open_loop(struct scan *s, struct body_row *row)
{
	struct body *b = s->body;

	if (s->open == LOOPS_OPEN)
		return OK;
	if (s->open == 0) {
		struct body_loop *l = profile_grow(&b->loops, &b->loop_count, sizeof(*l));

		if (l == NULL)
			return ERR_NO_MEMORY;
		l->first = b->row_count - 1;
		s->loop = b->loop_count - 1;
	}
	s->open_indent[s->open++] = row->indent;
	row->loop = s->loop;
	if (row->is_while)
		row->depth = s->open;
	return OK;
}

static enum err
add_row(struct scan *s, const struct body_row *made)
{
	struct body *b = s->body;
	struct body_row *row = profile_grow(&b->rows, &b->row_count, sizeof(*row));
	enum err e = OK;

	if (row == NULL)
		return ERR_NO_MEMORY;
	*row = *made;
	if (row->begins)
		close_loops(s, row->indent);
	row->depth = s->open;
	row->loop = s->loop;
	row->is_for = row->begins && is_for(row->code);
	row->is_while = row->begins && is_keyword(row->code, "while");
	if (row->is_for || row->is_while)
		e = open_loop(s, row);
	if (e == OK && row->loop != BODY_NO_LOOP) {
		b->loops[row->loop].last = b->row_count - 1;
		if (row->line != NULL)
			metric_combine(b->loops[row->loop].metric, row->line->metric);
	}
	return e;
}

static enum err
scan_row(struct scan *s, const struct context_line *from)
{
	char buf[PROFILE_SOURCE_BYTES];
	struct body_row row = { .number = from->number, .source = from->source,
	    .line = from->line, .begins = code_begins_statement(&s->code),
	    .indent = code_indent(from->source), .loop = BODY_NO_LOOP };
	struct text code = { buf, code_strip(&s->code, from->source, buf, sizeof(buf)) };

	if (code.len == 0)
		return OK;
	row.code = arena_text(&s->body->arena, code, sizeof(buf));
	if (is_inner(s, &row))
		return OK;
	return add_row(s, &row);
}

/*
 * Python 3.11 books a loop's jumps back on the function's first line, so that
 * where there is one loop, that line's time is the loop's.
 */
static void
give_first_line_to_loop(struct body *b)
{
	struct body_row *first = b->rows;

	if (b->loop_count != 1 || b->row_count == 0 || b->function->is_module
	    || first->line == NULL || first->loop != BODY_NO_LOOP
	    || first->number != b->function->start)
		return;
	metric_combine(b->loops[0].metric, first->line->metric);
}

enum err
body_read(const struct profile *p, const struct profile_function *f, struct body *ret_body)
{
	struct scan s = { .body = ret_body, .loop = BODY_NO_LOOP, .skip_indent = NOT_SKIPPING };
	struct context_walk walk = context_start(p, f->file, f->start);
	struct context_line one;
	enum err e = OK;

	*ret_body = (struct body){ .function = f };
	arena_init(&ret_body->arena);
	for (uint32_t n = 0; e == OK && n < BODY_ROWS_MAX; n++) {
		if (!context_next(p, f->file, &walk, &one) || one.number > f->end)
			break;
		e = scan_row(&s, &one);
	}
	if (e == OK && ret_body->arena.failed)
		e = ERR_NO_MEMORY;
	if (e == OK)
		give_first_line_to_loop(ret_body);
	return e;
}

void
body_fini(struct body *b)
{
	free(b->rows);
	free(b->loops);
	arena_fini(&b->arena);
	*b = (struct body){ .function = NULL };
}
