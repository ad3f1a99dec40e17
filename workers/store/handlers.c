#include "workers/store/handlers.h"

#include <signal.h>
#include <stdlib.h>

#include "workers/runtime/log.h"
#include "workers/store/adopt.h"
#include "workers/store/jobs.h"
#include "workers/store/profile_list.h"
#include "workers/store/profile_load.h"
#include "workers/store/profile_save.h"

/* A limit on file sizes is then an error of write(2), as a full disk is. */
static void
ignore_file_size_signal(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGXFSZ, &ignore, NULL);
}

enum err
store_start(struct worker *w)
{
	const struct settings *settings = worker_settings(w);
	struct store *s = worker_state(w);

	ignore_file_size_signal();
	store_init(s, settings->state_dir, settings->instance, worker_spool(w));
	if (store_ready(s) != OK)
		log_line(LOG_ERROR, "%s; %s", s->fault.message, s->fault.hint);
	return OK;
}

void
store_stop(struct worker *w)
{
	store_fini(worker_state(w));
}

/* ---- how every request ends ---- */

/* The table of errors says nothing of what is the disk's fault and what the caller's; only the
 * first is logged. */
static bool
is_ours(enum err e)
{
	return e != ERR_INVALID_ARGUMENT && e != ERR_NOT_FOUND && e != ERR_OTHER_SERVER;
}

static const char *
or_null(const char *s)
{
	return s[0] == 0 ? NULL : s;
}

static enum err
refuse(struct worker *w, const struct request *request, enum err e)
{
	const struct store *s = worker_state(w);

	if (is_ours(e) && request->type != MSG_JOB_LOAD)
		log_line(LOG_ERROR, "%s: %s: %s", msg_info(request->type)->name, err_info(e)->name,
		    s->fault.message);
	worker_fail(w, request->number, e, or_null(s->fault.message), or_null(s->fault.hint));
	return OK;
}

static enum err
finish(struct worker *w, const struct request *request, enum err e, const void *answer)
{
	if (e != OK)
		return refuse(w, request, e);
	worker_answer(w, request->number, msg_info(request->type)->answer, answer);
	return OK;
}

/* ---- the messages ---- */

static enum err
handle_job_open(struct worker *w, const struct request *request, const void *body)
{
	struct store *s = worker_state(w);
	const char *state = NULL;
	struct body_job_opened answer = { .state = { NULL, 0 } };
	enum err e = store_ready(s);

	if (e == OK)
		e = job_open(s, body, &state);
	answer.state = text_of(state);
	return finish(w, request, e, &answer);
}

static enum err
handle_job_mark(struct worker *w, const struct request *request, const void *body)
{
	struct store *s = worker_state(w);
	struct body_job_marked answer = { 0 };
	enum err e = store_ready(s);

	if (e == OK)
		e = job_mark(s, body);
	return finish(w, request, e, &answer);
}

/* The handler of a message that is answered with one value: `run` writes it. */
#define VALUE_HANDLER(message, run, answer_type, member) \
	static enum err \
	handle_##message(struct worker *w, const struct request *request, const void *body) \
	{ \
		struct store *s = worker_state(w); \
		struct body_##answer_type answer; \
		struct value_writer written; \
		enum err e = store_ready(s); \
\
		value_writer_init(&written); \
		if (e == OK) \
			e = run(s, body, &written); \
		answer.member = value_done(&written); \
		finish(w, request, e, &answer); \
		value_writer_fini(&written); \
		return OK; \
	}

VALUE_HANDLER(job_close, job_close, job_closed, result)
VALUE_HANDLER(job_load, job_load, job_loaded, result)
VALUE_HANDLER(job_unfinished, jobs_unfinished, job_list, jobs)
VALUE_HANDLER(profile_save, profile_save, profile_saved, result)
VALUE_HANDLER(profile_list, profile_list, profile_rows, result)

static enum err
hand_on(struct store *s, const struct loaded_profile *loaded, char name[SPOOL_NAME_MAX + 1],
    struct blob *ret_model)
{
	enum err e = spool_put(s->spool, loaded->model, loaded->model_len, name, ret_model);

	if (e == OK)
		return OK;
	return fault_set(&s->fault, e,
	    "Look whether the state directory is full or cannot be written.",
	    "the profile cannot be handed on in %s: %s", s->state_dir, err_info(e)->text);
}

static enum err
handle_profile_load(struct worker *w, const struct request *request, const void *body)
{
	struct store *s = worker_state(w);
	struct loaded_profile loaded = { .model = NULL };
	struct body_profile_loaded answer = { .model = { .size = 0 } };
	char name[SPOOL_NAME_MAX + 1];
	struct value_writer facts;
	enum err e = store_ready(s);

	value_writer_init(&facts);
	if (e == OK)
		e = profile_load(s, body, &facts, &loaded);
	if (e == OK)
		e = hand_on(s, &loaded, name, &answer.model);
	answer.facts = value_done(&facts);
	finish(w, request, e, &answer);
	free(loaded.model);
	value_writer_fini(&facts);
	return OK;
}

const struct handler store_handlers[] = {
	{ MSG_JOB_OPEN, handle_job_open },
	{ MSG_JOB_MARK, handle_job_mark },
	{ MSG_JOB_CLOSE, handle_job_close },
	{ MSG_JOB_LOAD, handle_job_load },
	{ MSG_JOB_UNFINISHED, handle_job_unfinished },
	{ MSG_PROFILE_SAVE, handle_profile_save },
	{ MSG_PROFILE_LOAD, handle_profile_load },
	{ MSG_PROFILE_LIST, handle_profile_list },
	{ MSG_NONE, NULL },
};
