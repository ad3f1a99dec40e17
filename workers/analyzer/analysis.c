#include "workers/analyzer/analysis.h"

#include <math.h>
#include <stdio.h>

#include "workers/analyzer/model.h"
#include "workers/analyzer/scalene.h"
#include "workers/analyzer/summary.h"

static bool
was_ok(struct text outcome)
{
	return text_is(outcome, "ok");
}

static enum err
without_profile(struct reading *r, const char *warning)
{
	if (was_ok(r->outcome))
		r->outcome = text_of("bad_profile");
	summary_write_none(&r->summary, warning);
	return r->summary.failed ? ERR_NO_MEMORY : OK;
}

/* Scalene writes {} when it saw nothing: then there is nothing to keep either. */
static bool
is_empty(const struct profile *p)
{
	return p->file_count == 0 && p->stack_count == 0 && p->elapsed_s <= 0;
}

static enum err
with_profile(struct reading *r, struct profile *p)
{
	enum err e = model_cut(p);

	if (e != OK)
		return e;
	if (was_ok(r->outcome) && p->line_count == 0)
		r->outcome = text_of("no_samples");
	if (!is_empty(p)) {
		r->has_model = true;
		r->elapsed_s = p->elapsed_s;
		r->peak_memory_mb = p->has_memory ? p->peak_mb : NAN;
		model_write(p, &r->model);
	}
	e = summary_write(&r->summary, p);
	return e == OK && r->model.failed ? ERR_NO_MEMORY : e;
}

enum err
reading_make(struct text run_outcome, const char *text, size_t len, struct reading *ret_reading)
{
	struct reading *r = ret_reading;
	struct profile p;
	const char *why;
	size_t offset;
	char warning[200];
	enum err e;

	*r = (struct reading){ .outcome = run_outcome, .elapsed_s = NAN, .peak_memory_mb = NAN };
	value_writer_init(&r->summary);
	value_writer_init(&r->model);
	if (text == NULL)
		return without_profile(r, "Scalene wrote no profile");
	e = scalene_read(text, len, &p, &why, &offset);
	if (e == ERR_BAD_PROFILE) {
		snprintf(warning, sizeof(warning),
		    "the profile cannot be read: %s, at byte %zu of %zu", why, offset, len);
		return without_profile(r, warning);
	}
	if (e == OK)
		e = with_profile(r, &p);
	profile_fini(&p);
	return e;
}

void
reading_fini(struct reading *r)
{
	value_writer_fini(&r->summary);
	value_writer_fini(&r->model);
}

static enum err
run_view(const struct profile *p, const struct value_tree *facts, struct view_query q,
    struct value_writer *w,
    struct view_problem *problem)
{
	struct value_writer answer;
	enum err e;

	q.profile = p;
	q.facts = value_root(facts);
	value_writer_init(&answer);
	e = view_run(&q, &answer, problem);
	if (e == OK)
		value_raw(w, value_done(&answer));
	value_writer_fini(&answer);
	return e == OK && w->failed ? ERR_NO_MEMORY : e;
}

enum err
analysis_view(struct value model, struct value facts, struct view_query q, struct value_writer *w,
    struct view_problem *problem)
{
	struct value_tree tree = { .filled = false };
	struct profile p;
	enum err e;

	*problem = (struct view_problem){ .hint = NULL };
	e = model_read(model, &p);
	if (e != OK)
		return e;
	e = value_parse(facts, &tree);
	if (e == OK)
		e = run_view(&p, &tree, q, w, problem);
	value_tree_fini(&tree);
	profile_fini(&p);
	return e;
}
