#include "workers/analyzer/scopes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/analyzer/profile.h"

#define DECORATOR_LINES 20u     /* how far above its `def` a first decorator is looked for */
#define ENTRIES_TRIED 64u       /* entries of functions[] looked at for one definition */

void
scopes_fini(struct scopes *s)
{
	free(s->at);
	*s = (struct scopes){ .at = NULL };
}

static int
by_extent(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end < y->end) - (x->end > y->end);
}

/* The distinct extents that the rows name. */
static enum err
stated_extents(const struct source *s, struct extent **ret_extents, uint32_t *ret_count)
{
	struct extent *extents = NULL;
	uint32_t count = 0, kept = 0;

	for (uint32_t i = 0; i < s->row_count; i++) {
		const struct source_row *row = &s->rows[i];
		struct extent *e;

		if (row->function_start == 0
		    || (count > 0 && extents[count - 1].start == row->function_start
		    && extents[count - 1].end == row->function_end))
			continue;
		e = profile_grow(&extents, &count, sizeof(*e));
		if (e == NULL) {
			free(extents);
			return ERR_NO_MEMORY;
		}
		*e = (struct extent){ row->function_start, row->function_end };
	}
	if (count > 1)
		qsort(extents, count, sizeof(*extents), by_extent);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || by_extent(&extents[kept - 1], &extents[i]) != 0)
			extents[kept++] = extents[i];
	*ret_extents = extents;
	*ret_count = kept;
	return OK;
}

static void
find_parents(struct scopes *s)
{
	uint32_t around = SCOPE_NONE;

	for (uint32_t i = 0; i < s->count; i++) {
		while (around != SCOPE_NONE && s->at[around].end < s->at[i].end)
			around = s->at[around].parent;
		s->at[i].parent = around;
		around = i;
	}
}

/* What follows the last dot of a qualified name. */
static struct text
last_part(struct text name)
{
	size_t i = name.len;

	while (i > 0 && name.at[i - 1] != '.')
		i--;
	return (struct text){ name.at + i, name.len - i };
}

static bool
same_text(struct text a, struct text b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static bool
is_decorator(const struct source *s, uint32_t number)
{
	const struct source_row *row = source_row(s, number);
	char buf[SOURCE_LINE_BYTES];
	size_t len, blank;

	if (row == NULL)
		return false;
	len = source_row_text(row, buf, sizeof(buf));
	blank = source_blank(buf, len);
	return blank < len && buf[blank] == '@';
}

/* The first entry of functions[] at `line` or later. */
static uint32_t
first_listed(const struct source *s, uint32_t line)
{
	uint32_t low = 0, high = s->function_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->functions[middle].line < line)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The entry of functions[] for the definition of `bare` at `start`; with an empty `bare`, any.
 * NULL: none. */
static const struct source_function *
listed_function(const struct source *s, uint32_t start, struct text bare)
{
	uint32_t first = first_listed(s, start > DECORATOR_LINES ? start - DECORATOR_LINES : 1);

	for (uint32_t i = first; i < s->function_count && i - first < ENTRIES_TRIED; i++) {
		const struct source_function *f = &s->functions[i];

		if (f->line > start)
			break;
		if (bare.len > 0 && !same_text(last_part(f->name), bare))
			continue;
		if (f->line == start || (bare.len > 0 && is_decorator(s, f->line)))
			return f;
	}
	return NULL;
}

static struct text
qualified_name(const struct scope *parent, struct text bare, struct arena *a)
{
	const char *join = parent->is_class ? "." : ".<locals>.";
	size_t size = parent->name.len + strlen(join) + bare.len;
	char *at = size > PROFILE_NAME_BYTES ? NULL : arena_take(a, size);

	if (at == NULL)
		return arena_text(a, bare, PROFILE_NAME_BYTES);
	memcpy(at, parent->name.at, parent->name.len);
	memcpy(at + parent->name.len, join, strlen(join));
	memcpy(at + parent->name.len + strlen(join), bare.at, bare.len);
	return (struct text){ at, size };
}

static struct text
line_name(uint32_t number, struct arena *a)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "<line %u>", number);
	return arena_text(a, text_of(buf), sizeof(buf));
}

static void
name_scope(const struct source *s, struct scopes *scopes, struct scope *scope, struct arena *a)
{
	const struct source_row *row = source_row(s, scope->start);
	char buf[SOURCE_LINE_BYTES];
	const struct source_function *listed;
	struct text bare = { "", 0 };

	if (row != NULL)
		source_definition(buf, source_row_text(row, buf, sizeof(buf)), &bare,
		    &scope->is_class);
	listed = listed_function(s, scope->start, bare);
	scope->first = listed != NULL ? listed->line : scope->start;
	if (listed != NULL)
		scope->name = listed->name;
	else if (bare.len == 0)
		scope->name = line_name(scope->start, a);
	else if (scope->parent == SCOPE_NONE)
		scope->name = arena_text(a, bare, PROFILE_NAME_BYTES);
	else
		scope->name = qualified_name(&scopes->at[scope->parent], bare, a);
}

static enum err
make_scopes(const struct extent *extents, uint32_t count, struct scopes *ret_scopes)
{
	struct scope *at = calloc(count == 0 ? 1 : count, sizeof(*at));

	if (at == NULL)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < count; i++)
		at[i] = (struct scope){ .start = extents[i].start, .end = extents[i].end };
	ret_scopes->at = at;
	ret_scopes->count = count;
	return OK;
}

enum err
scopes_find(const struct source *s, struct arena *a, struct scopes *ret_scopes)
{
	struct scopes scopes = { .inferred = !s->has_extents };
	struct extent *extents = NULL;
	uint32_t count = 0;
	enum err e;

	e = s->has_extents ? stated_extents(s, &extents, &count) : indent_find(s, &extents, &count);
	if (e == OK)
		e = make_scopes(extents, count, &scopes);
	free(extents);
	if (e != OK)
		return e;
	find_parents(&scopes);
	for (uint32_t i = 0; i < scopes.count; i++)
		name_scope(s, &scopes, &scopes.at[i], a);
	*ret_scopes = scopes;
	return OK;
}

static uint32_t
stated_scope(const struct scopes *s, const struct source_row *row)
{
	struct extent key = { row->function_start, row->function_end };
	uint32_t low = 0, high = s->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct extent there = { s->at[middle].start, s->at[middle].end };
		int order = by_extent(&there, &key);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return SCOPE_NONE;
}

/* How many scopes start at `number` or before. */
static uint32_t
started_by(const struct scopes *s, uint32_t number)
{
	uint32_t low = 0, high = s->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->at[middle].start <= number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t
enclosing_scope(const struct scopes *s, uint32_t number, uint32_t started)
{
	uint32_t found = started == 0 ? SCOPE_NONE : started - 1;

	while (found != SCOPE_NONE && s->at[found].end < number)
		found = s->at[found].parent;
	return found;
}

uint32_t
scopes_of_row(const struct scopes *s, const struct source_row *row)
{
	uint32_t started = started_by(s, row->number);

	if (started < s->count && s->at[started].first <= row->number)
		return started;
	if (s->inferred)
		return enclosing_scope(s, row->number, started);
	return row->function_start == 0 ? SCOPE_NONE : stated_scope(s, row);
}
