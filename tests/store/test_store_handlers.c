/*
 * The handler table without a channel: the functions of the runtime that handlers call are defined
 * here, so every answer passes the real encoder and decoder, but no socket.
 */
#include "tests/store/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/frame.h"
#include "workers/store/handlers.h"

struct worker {
	struct scratch scratch;
	struct settings settings;
	unsigned answers;
	enum err failed;
	char message[1024], hint[1024];
	enum msg_type type;
	struct value_writer encoded;
};

static struct worker worker;

void *
worker_state(struct worker *w)
{
	return &w->scratch.store;
}

const struct settings *
worker_settings(const struct worker *w)
{
	return &w->settings;
}

struct spool *
worker_spool(struct worker *w)
{
	return w->scratch.spool;
}

void
worker_answer(struct worker *w, uint64_t number, enum msg_type type, const void *body)
{
	assert_int_equal(number, 7);
	w->answers++;
	w->type = type;
	assert_int_equal(body_encode(type, body, &w->encoded), OK);
}

void
worker_fail(struct worker *w, uint64_t number, enum err e, const char *message, const char *hint)
{
	assert_int_equal(number, 7);
	w->answers++;
	w->failed = e;
	snprintf(w->message, sizeof(w->message), "%s", message != NULL ? message : "");
	snprintf(w->hint, sizeof(w->hint), "%s", hint != NULL ? hint : "");
}

static int
set_up(void **state)
{
	scratch_open(&worker.scratch);
	store_fini(&worker.scratch.store);
	worker.settings = (struct settings){ .state_dir = worker.scratch.dir };
	memcpy(worker.settings.instance, worker.scratch.instance, sizeof(worker.settings.instance));
	value_writer_init(&worker.encoded);
	assert_int_equal(store_start(&worker), OK);
	*state = &worker;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	store_stop(&worker);
	value_writer_fini(&worker.encoded);
	scratch_close(&worker.scratch);
	return 0;
}

/* Sends one message; exactly one answer comes. ret_answer is filled when it is no error. */
static enum err
ask(enum msg_type type, const void *body, void *ret_answer)
{
	const struct request request = { .number = 7, .type = type };
	const struct handler *h = store_handlers;

	while (h->type != type) {
		assert_int_not_equal(h->type, MSG_NONE);
		h++;
	}
	worker.answers = 0;
	worker.failed = OK;
	value_writer_fini(&worker.encoded);
	value_writer_init(&worker.encoded);
	assert_int_equal(h->run(&worker, &request, body), OK);
	assert_int_equal(worker.answers, 1);
	if (worker.failed != OK)
		return worker.failed;
	assert_int_equal(worker.type, msg_info(type)->answer);
	assert_int_equal(body_decode(worker.type, value_done(&worker.encoded), ret_answer), OK);
	return OK;
}

static void
every_message_of_the_store_has_one_handler(void **state)
{
	unsigned of_store = 0, handled = 0;

	(void)state;
	for (int type = 1; type < MSG_TYPE_END; type++)
		of_store += msg_info((enum msg_type)type) != NULL &&
			    msg_info((enum msg_type)type)->owner == ROLE_STORE;
	for (const struct handler *h = store_handlers; h->type != MSG_NONE; h++) {
		assert_int_equal(msg_info(h->type)->owner, ROLE_STORE);
		for (const struct handler *k = store_handlers; k < h; k++)
			assert_int_not_equal(k->type, h->type);
		handled++;
	}
	assert_int_equal(handled, of_store);
}

/* One job from beginning to end, and its profile read again; the model is large enough for the
 * spool. */
static void
a_job_goes_all_the_way(void **state)
{
	static char model[300000];
	const char *job = scratch_id(), *id = scratch_id();
	struct body_job_open open = { .job_id = text_of(job),
		.instance = text_of(worker.scratch.instance),
		.tool = text_of("profile_script"),
		.arguments = scratch_map(NULL) };
	struct body_job_mark mark = { .job_id = text_of(job), .state = text_of("running") };
	struct body_job_unfinished left = { .instance = text_of(worker.scratch.instance) };
	struct body_profile_save save = scratch_save(job, id, "{}", NULL);
	struct body_job_load load_job = { .job_id = text_of(job) };
	struct body_profile_load load = { .profile_id = text_of(id) };
	struct body_profile_list list = { .limit = 10 };
	struct body_job_opened opened;
	struct body_job_marked marked;
	struct body_job_list jobs;
	struct body_job_loaded job_loaded;
	struct body_profile_saved saved;
	struct body_profile_loaded loaded;
	struct body_profile_rows rows;
	struct spool_bytes bytes;

	(void)state;
	memset(model, 'm', sizeof(model));
	save.model = (struct blob){ .bytes = { (const uint8_t *)model, sizeof(model) } };
	assert_int_equal(ask(MSG_JOB_OPEN, &open, &opened), OK);
	assert_true(text_is(opened.state, "queued"));
	assert_int_equal(ask(MSG_JOB_MARK, &mark, &marked), OK);
	assert_int_equal(ask(MSG_JOB_UNFINISHED, &left, &jobs), OK);
	assert_true(jobs.jobs.len > 20);
	assert_int_equal(ask(MSG_PROFILE_SAVE, &save, &saved), OK);
	assert_true(saved.result.len > 50);
	assert_int_equal(ask(MSG_JOB_LOAD, &load_job, &job_loaded), OK);
	assert_int_equal(ask(MSG_PROFILE_LIST, &list, &rows), OK);
	assert_int_equal(ask(MSG_PROFILE_LOAD, &load, &loaded), OK);
	assert_non_null(loaded.model.file.at);
	assert_int_equal(spool_get(worker.scratch.spool, &loaded.model, &bytes), OK);
	assert_int_equal(bytes.len, sizeof(model));
	assert_memory_equal(bytes.at, model, sizeof(model));
	spool_bytes_fini(&bytes);
}

static void
errors_come_with_words(void **state)
{
	struct body_job_load unknown = { .job_id = text_of(scratch_id()) };
	struct body_job_close wrong = { .job_id = text_of(scratch_id()),
		.outcome = text_of("fine") };
	struct body_profile_load malformed = { .profile_id = text_of("../../x") };
	struct body_job_loaded answer;

	(void)state;
	assert_int_equal(ask(MSG_JOB_LOAD, &unknown, &answer), ERR_NOT_FOUND);
	assert_non_null(strstr(worker.message, unknown.job_id.at));
	assert_true(strlen(worker.hint) > 0);
	assert_int_equal(ask(MSG_JOB_CLOSE, &wrong, NULL), ERR_INVALID_ARGUMENT);
	assert_true(strlen(worker.message) > 0 && strlen(worker.hint) == 0);
	assert_int_equal(ask(MSG_PROFILE_LOAD, &malformed, NULL), ERR_INVALID_ARGUMENT);
}

/* A store that cannot open its database starts, says so each time, and works once it can. */
static void
a_damaged_database_does_not_stop_the_store(void **state)
{
	struct body_profile_list list = { .limit = 10 };
	struct body_profile_rows rows;
	char path[128];
	FILE *f;

	(void)state;
	store_stop(&worker);
	snprintf(path, sizeof(path), "%s/" DATABASE_NAME, worker.scratch.dir);
	f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < 2000; i++)
		fputs("not a database", f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(store_start(&worker), OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(MSG_PROFILE_LIST, &list, &rows), ERR_CORRUPT);
		assert_non_null(strstr(worker.hint, worker.scratch.dir));
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ask(MSG_PROFILE_LIST, &list, &rows), OK);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_message_of_the_store_has_one_handler),
		TEST(a_job_goes_all_the_way),
		TEST(errors_come_with_words),
		TEST(a_damaged_database_does_not_stop_the_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
