#include "workers/analyzer/functions.h"

#include <stdlib.h>

#define NOT_MADE UINT32_MAX

static enum err
make_function(struct profile *p, const struct scopes *scopes, uint32_t scope,
    uint32_t *ret_function)
{
	uint32_t file = p->file_count - 1;
	struct profile_function *f = profile_grow(&p->functions, &p->function_count, sizeof(*f));

	if (f == NULL)
		return ERR_NO_MEMORY;
	f->file = file;
	if (scope == SCOPE_NONE) {
		f->is_module = true;
		f->name = text_of(MODULE_NAME);
		f->start = 1;
		f->end = p->files[file].last_line;
	} else {
		const struct scope *s = &scopes->at[scope];

		f->name = s->name;
		f->start = s->first;
		f->end = s->end;
		f->is_class = s->is_class;
	}
	*ret_function = p->function_count - 1;
	return OK;
}

enum err
functions_sum_file(struct profile *p, uint32_t first_line, const struct source *source,
    const struct scopes *scopes)
{
	uint32_t *made = malloc((scopes->count + 1) * sizeof(*made));
	enum err e = OK;

	if (made == NULL)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i <= scopes->count; i++)
		made[i] = NOT_MADE;
	for (uint32_t i = first_line; i < p->line_count; i++) {
		struct profile_line *line = &p->lines[i];
		const struct source_row *row = source_row(source, line->number);
		uint32_t scope = row == NULL ? SCOPE_NONE : scopes_of_row(scopes, row);
		uint32_t *slot = &made[scope == SCOPE_NONE ? scopes->count : scope];

		if (*slot == NOT_MADE)
			e = make_function(p, scopes, scope, slot);
		if (e != OK)
			break;
		line->function = *slot;
		metric_combine(p->functions[*slot].metric, line->metric);
	}
	free(made);
	return e;
}
