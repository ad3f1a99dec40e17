#include "workers/store/profile_save.h"

#include "workers/store/blobs.h"
#include "workers/store/jobs.h"
#include "workers/store/result.h"
#include "workers/store/statement.h"

/* What is ready before the write lock is taken. */
struct saving {
	const struct body_profile_save *in;
	struct packed_blob raw, model;
	struct value_writer result;
};

static bool
has_model(const struct body_profile_save *in)
{
	return in->model.bytes.at != NULL || in->model.file.at != NULL;
}

static enum err
check_save(struct store *s, const struct body_profile_save *in)
{
	enum err e = store_check_id(s, "job_id", in->job_id);

	if (e == OK)
		e = store_check_id(s, "profile_id", in->profile_id);
	if (e == OK)
		e = store_check_outcome(s, in->outcome);
	if (e == OK)
		e = store_check_value(s, "run", in->run, true);
	if (e == OK)
		e = store_check_value(s, "summary", in->summary, true);
	if (e == OK)
		e = store_check_value(s, "provenance", in->provenance, false);
	return e;
}

/* ---- the result ---- */

static enum err
write_members(const struct body_profile_save *in, struct result *r, struct value_writer *w)
{
	struct value_tree run = { .filled = false }, summary = { .filled = false };
	enum err e = value_parse(in->run, &run);

	if (e == OK)
		e = value_parse(in->summary, &summary);
	if (e == OK)
		e = result_members(r, value_root(&run));
	if (e == OK)
		e = result_members(r, value_root(&summary));
	if (e == OK) {
		result_warnings(r, value_root(&run), value_root(&summary));
		e = result_finish(r, w);
	}
	value_tree_fini(&run);
	value_tree_fini(&summary);
	return e;
}

static enum err
write_result(const struct body_profile_save *in, struct value_writer *w)
{
	struct result r;
	enum err e;

	result_init(&r);
	if (has_model(in))
		result_text(&r, "profile_id", in->profile_id);
	result_text(&r, "job_id", in->job_id);
	result_text(&r, "outcome", in->outcome);
	result_text(&r, "label", in->label);
	result_text(&r, "program", in->program);
	e = write_members(in, &r, w);
	result_fini(&r);
	return e;
}

/* ---- the transaction ---- */

#define SQL_INSERT_PROFILE \
	"INSERT INTO profiles (id, job_id, label, tool, program, outcome, created_ms, elapsed_s," \
	" peak_memory_mb, raw_sha256, raw_size, model_sha256, model_size, run, summary," \
	" provenance)" \
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"

static enum err
insert_profile(struct store *s, const struct saving *g)
{
	const struct body_profile_save *in = g->in;
	bool raw = g->raw.zstd != NULL;

	return statement_run(&s->database, SQL_INSERT_PROFILE,
	    PARAMS(param_text(in->profile_id), param_text(in->job_id), param_text(in->label),
		param_text(in->tool), param_text(in->program), param_text(in->outcome),
		param_int(store_clock_ms()), param_real(in->elapsed_s),
		param_real(in->peak_memory_mb),
		param_bytes(raw ? g->raw.sha256 : NULL, SHA256_SIZE),
		raw ? param_int((int64_t)g->raw.size) : param_text((struct text){ NULL, 0 }),
		param_bytes(g->model.sha256, SHA256_SIZE), param_int((int64_t)g->model.size),
		param_bytes(in->run.at, in->run.len), param_bytes(in->summary.at, in->summary.len),
		param_bytes(in->provenance.at, in->provenance.len)));
}

static enum err
save_profile(struct store *s, const struct saving *g)
{
	enum err e = blob_insert(s, &g->raw);

	if (e == OK)
		e = blob_insert(s, &g->model);
	return e == OK ? insert_profile(s, g) : e;
}

/* `answer` gets the result of this save, or of an earlier one that this one finds done. */
static enum err
save_all(struct store *s, const struct saving *g, struct value_writer *answer)
{
	struct job_end end = { .job_id = g->in->job_id, .outcome = g->in->outcome, .error = OK };
	bool done = false;
	enum err e = job_ending(s, g->in->job_id, answer, &done);

	if (e != OK || done)
		return e;
	end.result = value_done(&g->result);
	value_raw(answer, end.result);
	if (has_model(g->in)) {
		end.profile_id = g->in->profile_id;
		e = save_profile(s, g);
	}
	return e == OK ? job_finish(s, &end) : e;
}

static enum err
commit_save(struct store *s, const struct saving *g, struct value_writer *w)
{
	struct value_writer answer;
	enum err e = database_begin(&s->database);

	if (e != OK)
		return e;
	value_writer_init(&answer);
	e = database_end(&s->database, save_all(s, g, &answer));
	if (e == OK)
		value_raw(w, value_done(&answer));
	value_writer_fini(&answer);
	return e;
}

static enum err
prepare_save(struct store *s, struct saving *g)
{
	enum err e = OK;

	if (has_model(g->in)) {
		e = blob_pack(s, &g->in->profile, &g->raw);
		if (e == OK)
			e = blob_pack(s, &g->in->model, &g->model);
	}
	return e == OK ? write_result(g->in, &g->result) : e;
}

static enum err
save_once(struct store *s, const struct body_profile_save *in, struct value_writer *w)
{
	struct saving g = { .in = in };
	enum err e;

	value_writer_init(&g.result);
	e = prepare_save(s, &g);
	if (e == OK)
		e = commit_save(s, &g, w);
	packed_blob_fini(&g.raw);
	packed_blob_fini(&g.model);
	value_writer_fini(&g.result);
	return e;
}

enum err
profile_save(struct store *s, const struct body_profile_save *in, struct value_writer *w)
{
	bool done = false;
	enum err e = check_save(s, in);

	if (e == OK)
		e = job_ending(s, in->job_id, w, &done);
	if (e == OK && !done)
		e = save_once(s, in, w);
	if (e == OK)
		job_clean(s, in->job_id);
	return e;
}
