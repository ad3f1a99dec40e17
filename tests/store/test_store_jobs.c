#include "tests/store/scratch.h"

#include <stdio.h>
#include <string.h>

#include "workers/store/jobs.h"

static int
set_up(void **state)
{
	static struct scratch scratch;

	scratch_open(&scratch);
	*state = &scratch;
	return 0;
}

static int
tear_down(void **state)
{
	scratch_close(*state);
	return 0;
}

static struct body_job_close
close_with(const char *job_id, const char *outcome, enum err e)
{
	return (struct body_job_close){
		.job_id = text_of(job_id), .outcome = text_of(outcome), .error_code = e
	};
}

static enum err
load(struct scratch *c, const char *job_id, struct answer *a)
{
	struct body_job_load in = { .job_id = text_of(job_id) };
	enum err e;

	answer_init(a);
	e = job_load(&c->store, &in, &a->w);
	if (e == OK)
		answer_read(a);
	return e;
}

static enum err
close_job(struct scratch *c, const struct body_job_close *in, struct answer *a)
{
	enum err e;

	answer_init(a);
	e = job_close(&c->store, in, &a->w);
	if (e == OK)
		answer_read(a);
	return e;
}

/* Each row: marks one after the other, and the state that the last one leaves. */
static void
state_never_goes_back(void **state)
{
	static const struct { const char *marks[3]; const char *then; } cases[] = {
		{ { NULL }, "queued" },
		{ { "running" }, "running" },
		{ { "running", "running" }, "running" },
		{ { "running", "ran" }, "ran" },
		{ { "running", "ran", "running" }, "ran" },
		{ { "ran" }, "ran" },
	};
	struct scratch *c = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *id = scratch_id();

		assert_string_equal(scratch_open_job(c, id), "queued");
		for (int k = 0; k < 3 && cases[i].marks[k] != NULL; k++)
			assert_int_equal(scratch_mark(c, id, cases[i].marks[k]), OK);
		assert_string_equal(scratch_open_job(c, id), cases[i].then);
	}
}

static void
wrong_marks_are_refused(void **state)
{
	static const struct { const char *state; enum err e; } cases[] = {
		{ "done", ERR_INVALID_ARGUMENT },
		{ "queued", ERR_INVALID_ARGUMENT },
		{ "", ERR_INVALID_ARGUMENT },
		{ "running'; DROP TABLE jobs", ERR_INVALID_ARGUMENT },
	};
	struct scratch *c = *state;
	const char *id = scratch_id();

	scratch_open_job(c, id);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(scratch_mark(c, id, cases[i].state), cases[i].e);
	assert_int_equal(scratch_mark(c, scratch_id(), "running"), ERR_NOT_FOUND);
	assert_string_equal(scratch_open_job(c, id), "queued");
}

static void
hostile_ids_are_refused(void **state)
{
	static const char *const ids[] = { "", "x", "../../../../../../etc/pass",
		"01ARZ3NDEKTSV4RRFFQ69G5FA%", "__________________________",
		"01ARZ3NDEKTSV4RRFFQ69G5FA'", "01arz3ndektsv4rrffq69g5fav",
		"81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAVV",
		"%%%%%%%%%%%%%%%%%%%%%%%%%%" };
	struct scratch *c = *state;

	scratch_open_job(c, scratch_id());
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct body_job_open open = { .job_id = text_of(ids[i]),
			.instance = text_of(c->instance),
			.tool = text_of("t"),
			.arguments = scratch_map(NULL) };
		struct body_job_close in = close_with(ids[i], "ok", OK);
		const char *answered = NULL;
		struct answer a;

		assert_int_equal(job_open(&c->store, &open, &answered), ERR_INVALID_ARGUMENT);
		assert_null(answered);
		assert_int_equal(scratch_mark(c, ids[i], "running"), ERR_INVALID_ARGUMENT);
		assert_int_equal(load(c, ids[i], &a), ERR_INVALID_ARGUMENT);
		assert_true(strlen(c->store.fault.hint) > 0);
		answer_fini(&a);
		assert_int_equal(close_job(c, &in, &a), ERR_INVALID_ARGUMENT);
		answer_fini(&a);
	}
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM jobs"), 1);
}

static void
texts_are_data(void **state)
{
	struct scratch *c = *state;
	const char *id = scratch_id(), *answered, *evil = "x'); DROP TABLE jobs; --\"`$(reboot)";
	struct body_job_open in = { .job_id = text_of(id),
		.instance = text_of(c->instance),
		.tool = text_of(evil),
		.label = text_of(evil),
		.arguments = scratch_map(evil, evil, NULL) };
	struct answer a;

	assert_int_equal(job_open(&c->store, &in, &answered), OK);
	assert_int_equal(load(c, id, &a), OK);
	assert_member(a.root, "tool", evil);
	assert_member(a.root, "label", evil);
	answer_fini(&a);
}

/* Arguments that could be written but not listed again later are refused at the door. */
static void
deep_arguments_are_refused(void **state)
{
	struct scratch *c = *state;

	for (int depth = 15; depth <= LIMIT_MSGPACK_DEPTH + 1; depth++) {
		struct value_writer w;
		struct body_job_open in = { .job_id = text_of(scratch_id()),
			.instance = text_of(c->instance),
			.tool = text_of("t") };
		const char *answered = NULL;

		value_writer_init(&w);
		for (int i = 0; i < depth; i++)
			value_array(&w, 1);
		value_nil(&w);
		in.arguments = value_done(&w);
		assert_int_equal(job_open(&c->store, &in, &answered),
		    depth + 4 <= LIMIT_MSGPACK_DEPTH ? OK : ERR_INVALID_ARGUMENT);
		value_writer_fini(&w);
	}
}

static void
unfinished_job_says_what_to_do(void **state)
{
	struct scratch *c = *state;
	const char *id = scratch_id();
	struct answer a;

	scratch_open_job(c, id);
	scratch_mark(c, id, "running");
	assert_int_equal(load(c, id, &a), OK);
	assert_member(a.root, "job_id", id);
	assert_member(a.root, "state", "running");
	assert_member(a.root, "tool", "profile_script");
	assert_member(a.root, "label", NULL);
	assert_member(a.root, "server", NULL);
	assert_true(value_get_real(a.root, "age_s", -1) >= 0);
	assert_true(value_get_real(a.root, "age_s", 60) < 60);
	assert_non_null(strstr(value_get_text(a.root, "next").at, "get_job"));
	answer_fini(&a);
	assert_int_equal(load(c, scratch_id(), &a), ERR_NOT_FOUND);
	assert_true(strlen(c->store.fault.hint) > 0);
	answer_fini(&a);
}

static void
close_with_outcome_once(void **state)
{
	struct scratch *c = *state;
	const char *id = scratch_id();
	struct body_job_close in = close_with(id, "cancelled", OK);
	struct body_job_close again = close_with(id, "ok", OK);
	struct answer first, second, loaded;

	scratch_open_job(c, id);
	in.run = scratch_map("wall_s", "3", "job_id", "forged", "outcome", "ok", NULL);
	in.message = text_of("stopped by the caller");
	assert_int_equal(close_job(c, &in, &first), OK);
	assert_member(first.root, "job_id", id);
	assert_member(first.root, "outcome", "cancelled");
	assert_member(first.root, "wall_s", "3");
	assert_member(first.root, "message", "stopped by the caller");
	assert_member(first.root, "hint", NULL);

	assert_int_equal(close_job(c, &again, &second), OK);
	assert_int_equal(load(c, id, &loaded), OK);
	assert_int_equal(first.w.buffer.size, second.w.buffer.size);
	assert_memory_equal(first.w.buffer.data, second.w.buffer.data, first.w.buffer.size);
	assert_memory_equal(first.w.buffer.data, loaded.w.buffer.data, first.w.buffer.size);
	assert_int_equal(scratch_mark(c, id, "running"), OK);
	assert_string_equal(scratch_open_job(c, id), "done");
	answer_fini(&first);
	answer_fini(&second);
	answer_fini(&loaded);
}

static void
close_removes_the_folder(void **state)
{
	struct scratch *c = *state;
	const char *id = scratch_id();
	struct body_job_close in = close_with(id, "lost", OK);
	char path[64];
	struct answer a;

	snprintf(path, sizeof(path), "jobs/%s", id);
	scratch_open_job(c, id);
	scratch_job_file(c, id, "profile.json", "{}", 2);
	assert_true(scratch_exists(c, path));
	assert_int_equal(close_job(c, &in, &a), OK);
	assert_false(scratch_exists(c, path));
	answer_fini(&a);
}

static void
close_with_error_fails_the_load(void **state)
{
	struct scratch *c = *state;
	const char *id = scratch_id(), *bare = scratch_id();
	struct body_job_close in = close_with(id, NULL, ERR_NO_SCALENE);
	struct body_job_close plain = close_with(bare, NULL, ERR_BUSY);
	struct answer a;

	scratch_open_job(c, id);
	scratch_open_job(c, bare);
	in.message = text_of("no scalene in /usr/bin/python3");
	in.hint = text_of("pip install scalene");
	assert_int_equal(close_job(c, &in, &a), OK);
	assert_member(a.root, "job_id", id);
	assert_member(a.root, "error", "no_scalene");
	assert_member(a.root, "message", "no scalene in /usr/bin/python3");
	assert_member(a.root, "hint", "pip install scalene");
	answer_fini(&a);
	assert_int_equal(load(c, id, &a), ERR_NO_SCALENE);
	assert_string_equal(c->store.fault.message, "no scalene in /usr/bin/python3");
	assert_string_equal(c->store.fault.hint, "pip install scalene");
	answer_fini(&a);
	assert_int_equal(close_job(c, &plain, &a), OK);
	assert_member(a.root, "message", err_info(ERR_BUSY)->text);
	assert_member(a.root, "hint", NULL);
	answer_fini(&a);
}

static void
wrong_closes_are_refused(void **state)
{
	static const struct { const char *outcome; int64_t code; } cases[] = {
		{ NULL, 0 }, { "ok", ERR_BUSY }, { "fine", 0 }, { "", 0 }, { "OK", 0 },
	};
	struct scratch *c = *state;
	const char *id = scratch_id();
	struct body_job_close in = close_with(id, "ok", OK);
	struct answer a;

	scratch_open_job(c, id);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		in.outcome = text_of(cases[i].outcome);
		in.error_code = cases[i].code;
		assert_int_equal(close_job(c, &in, &a), ERR_INVALID_ARGUMENT);
		answer_fini(&a);
	}
	in = close_with(id, "ok", OK);
	in.run = (struct value){ (const uint8_t *)"\x91\x01", 2 };          /* an array */
	assert_int_equal(close_job(c, &in, &a), ERR_INVALID_ARGUMENT);
	answer_fini(&a);
	in.run = (struct value){ (const uint8_t *)"\x81\xa1", 2 };          /* cut short */
	assert_int_equal(close_job(c, &in, &a), ERR_INVALID_ARGUMENT);
	answer_fini(&a);
	assert_string_equal(scratch_open_job(c, id), "queued");
}

/* An error number that is not in the table still ends the job, as an internal error. */
static void
unknown_error_number(void **state)
{
	struct scratch *c = *state;
	const char *id = scratch_id();
	struct body_job_close in = close_with(id, NULL, OK);
	struct answer a;

	scratch_open_job(c, id);
	in.error_code = 12345;
	assert_int_equal(close_job(c, &in, &a), OK);
	assert_member(a.root, "error", "internal");
	answer_fini(&a);
	assert_int_equal(load(c, id, &a), ERR_INTERNAL);
	answer_fini(&a);
}

static void
jobs_of_another_server_are_left_alone(void **state)
{
	struct scratch *c = *state, other;
	const char *id = scratch_id(), *theirs = NULL;
	struct body_job_close in = close_with(id, "ok", OK);
	struct body_job_open open = {
		.job_id = text_of(id), .tool = text_of("t"), .arguments = scratch_map(NULL)
	};
	struct answer a;

	scratch_join(&other, c->dir);
	assert_int_equal(store_ready(&other.store), OK);
	scratch_open_job(c, id);
	assert_int_equal(scratch_mark(&other, id, "running"), ERR_OTHER_SERVER);
	assert_int_equal(close_job(&other, &in, &a), ERR_OTHER_SERVER);
	answer_fini(&a);
	open.instance = text_of(other.instance);
	assert_int_equal(job_open(&other.store, &open, &theirs), ERR_OTHER_SERVER);
	open.instance = text_of(c->instance);
	assert_int_equal(job_open(&other.store, &open, &theirs), ERR_INVALID_ARGUMENT);

	assert_int_equal(load(&other, id, &a), OK);
	assert_member(a.root, "state", "queued");
	assert_member(a.root, "server", "another");
	answer_fini(&a);
	scratch_leave(c);
	assert_int_equal(load(&other, id, &a), OK);
	assert_member(a.root, "state", "lost");
	assert_member(a.root, "server", NULL);
	answer_fini(&a);
	scratch_leave(&other);
}

static void
damaged_rows_are_told(void **state)
{
	static const char *const damages[] = {
		"UPDATE jobs SET result = x'81a1'", "UPDATE jobs SET result = x''",
		"UPDATE jobs SET result = zeroblob(70000)",
	};
	struct scratch *c = *state;
	const char *id = scratch_id();
	struct body_job_close in = close_with(id, "ok", OK);
	struct answer a;

	scratch_open_job(c, id);
	assert_int_equal(close_job(c, &in, &a), OK);
	answer_fini(&a);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		scratch_sql(c, damages[i]);
		assert_int_equal(load(c, id, &a), ERR_CORRUPT);
		answer_fini(&a);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(state_never_goes_back),
		TEST(wrong_marks_are_refused),
		TEST(hostile_ids_are_refused),
		TEST(texts_are_data),
		TEST(deep_arguments_are_refused),
		TEST(unfinished_job_says_what_to_do),
		TEST(close_with_outcome_once),
		TEST(close_removes_the_folder),
		TEST(close_with_error_fails_the_load),
		TEST(wrong_closes_are_refused),
		TEST(unknown_error_number),
		TEST(jobs_of_another_server_are_left_alone),
		TEST(damaged_rows_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
