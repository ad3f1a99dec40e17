#include "workers/analyzer/handlers.h"

#include "workers/analyzer/analysis.h"

static bool
blob_is_nil(const struct blob *b)
{
	return b->bytes.at == NULL && b->file.at == NULL;
}

static enum err
answer_reading(struct worker *w, const struct request *request, const struct reading *r)
{
	char name[SPOOL_NAME_MAX + 1];
	struct value model = value_done(&r->model);
	struct body_profile_model answer = {
		.outcome = r->outcome,
		.elapsed_s = r->elapsed_s,
		.peak_memory_mb = r->peak_memory_mb,
		.summary = value_done(&r->summary),
	};

	if (r->has_model) {
		enum err e = spool_put(worker_spool(w), model.at, model.len, name, &answer.model);

		if (e != OK)
			return e;
	}
	worker_answer(w, request->number, MSG_PROFILE_MODEL, &answer);
	return OK;
}

/* A profile file that is gone or not what was announced is a fault between processes, not a bad
 * profile. */
static enum err
handle_profile_read(struct worker *w, const struct request *request, const void *body)
{
	const struct body_profile_read *q = body;
	struct spool_bytes bytes = { .at = NULL };
	struct reading r;
	enum err e = OK;

	if (!blob_is_nil(&q->profile))
		e = spool_get(worker_spool(w), &q->profile, &bytes);
	if (e != OK)
		return e;
	e = reading_make(q->run_outcome, (const char *)bytes.at, bytes.len, &r);
	if (e == OK)
		e = answer_reading(w, request, &r);
	reading_fini(&r);
	spool_bytes_fini(&bytes);
	return e;
}

static enum err
answer_view(struct worker *w, const struct request *request, const struct body_analyze *q,
    struct value model)
{
	struct view_query query = { .view = q->view, .top_n = q->top_n, .filename = q->filename,
	    .cursor = q->cursor, .metric_type = q->metric_type,
	    .cpu_threshold = q->cpu_threshold, .memory_threshold_mb = q->memory_threshold_mb };
	struct view_problem problem;
	struct value_writer result;
	enum err e;

	value_writer_init(&result);
	e = analysis_view(model, q->facts, query, &result, &problem);
	if (e == OK) {
		struct body_analysis answer = { .result = value_done(&result) };

		worker_answer(w, request->number, MSG_ANALYSIS, &answer);
	} else {
		const char *message = problem.message[0] == '\0' ? NULL : problem.message;

		worker_fail(w, request->number, e, message, problem.hint);
	}
	value_writer_fini(&result);
	return OK;
}

static enum err
handle_analyze(struct worker *w, const struct request *request, const void *body)
{
	const struct body_analyze *q = body;
	struct spool_bytes bytes = { .at = NULL };
	enum err e;

	e = spool_get(worker_spool(w), &q->model, &bytes);
	if (e != OK)
		return e;
	e = answer_view(w, request, q, (struct value){ bytes.at, bytes.len });
	spool_bytes_fini(&bytes);
	return e;
}

const struct handler analyzer_handlers[] = {
	{ MSG_PROFILE_READ, handle_profile_read },
	{ MSG_ANALYZE, handle_analyze },
	{ MSG_NONE, NULL },
};
