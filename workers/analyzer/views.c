#include "workers/analyzer/views.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "workers/analyzer/rank.h"

#define FILES_NAMED 20u
#define QUOTED_BYTES 200u

static const struct view views[] = {
	{ "cpu_hotspots", view_cpu_hotspots },
	{ "profile", view_profile },
};

#define VIEW_COUNT (sizeof(views) / sizeof(views[0]))

const struct view *
view_by_name(struct text name)
{
	for (size_t i = 0; i < VIEW_COUNT; i++)
		if (text_is(name, views[i].name))
			return &views[i];
	return NULL;
}

static void append(struct view_problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds to the message as much as fits. */
static void
append(struct view_problem *problem, const char *format, ...)
{
	size_t len = strlen(problem->message);
	va_list args;

	va_start(args, format);
	vsnprintf(problem->message + len, sizeof(problem->message) - len, format, args);
	va_end(args);
}

/* As %.*s takes it: at most `max` bytes, whole characters. */
static int
shown(struct text t, size_t max)
{
	return t.at == NULL ? 0 : (int)text_prefix(t, max);
}

enum err
view_run(const struct view_query *q, struct value_writer *w, struct view_problem *problem)
{
	const struct view *v = view_by_name(q->view);
	enum err e;

	*problem = (struct view_problem){ .hint = NULL };
	if (v != NULL) {
		e = v->run(q, w, problem);
		return e == OK && w->failed ? ERR_NO_MEMORY : e;
	}
	append(problem, "there is no view '%.*s'; there are:", shown(q->view, QUOTED_BYTES),
	    q->view.at);
	for (size_t i = 0; i < VIEW_COUNT; i++)
		append(problem, "%s %s", i == 0 ? "" : ",", views[i].name);
	return ERR_INVALID_ARGUMENT;
}

enum err
view_check_top_n(const struct view_query *q, struct view_problem *problem)
{
	if (q->top_n >= 1 && q->top_n <= VIEW_TOP_N_MAX)
		return OK;
	append(problem, "top_n must be between 1 and %d, not %lld", VIEW_TOP_N_MAX,
	    (long long)q->top_n);
	return ERR_INVALID_ARGUMENT;
}

static void
name_files(const struct profile *p, struct view_problem *problem)
{
	for (uint32_t i = 0; i < p->file_count && i < FILES_NAMED; i++) {
		struct text name = p->files[i].name;
		size_t left = sizeof(problem->message) - strlen(problem->message);

		if (left < name.len + 40) {
			append(problem, ", ...");
			return;
		}
		append(problem, "%s%.*s", i == 0 ? " " : ", ", (int)name.len, name.at);
	}
	if (p->file_count > FILES_NAMED)
		append(problem, " and %u more", p->file_count - FILES_NAMED);
}

enum err
view_wanted_files(const struct view_query *q, bool **ret_wanted, struct view_problem *problem)
{
	enum err e;

	if (q->filename.at == NULL) {
		*ret_wanted = NULL;
		return OK;
	}
	e = rank_match_files(q->profile, q->filename, ret_wanted);
	if (e != ERR_NOT_FOUND)
		return e;
	append(problem, "no file of this profile ends with '%.*s'; it has",
	    shown(q->filename, QUOTED_BYTES), q->filename.at);
	if (q->profile->file_count == 0)
		append(problem, " no files");
	else
		append(problem, ":");
	name_files(q->profile, problem);
	problem->hint = "give the last components of one of these paths, or leave filename out";
	return e;
}

enum err
view_offset(const struct view_query *q, uint32_t *ret_offset, uint32_t *ret_hash,
    struct view_problem *problem)
{
	uint32_t hash = cursor_hash(0, q->view);
	enum err e;

	hash = cursor_hash(hash, value_get_text(q->facts, "profile_id"));
	hash = cursor_hash(hash, q->filename);
	e = cursor_read(hash, q->cursor, ret_offset);
	if (e == OK) {
		*ret_hash = hash;
		return OK;
	}
	append(problem, "the cursor does not belong to this list");
	problem->hint =
	    "use next_cursor of the answer before, with the same profile_id and filename";
	return e;
}
