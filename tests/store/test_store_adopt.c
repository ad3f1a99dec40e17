#include "tests/store/scratch.h"

#include <stdio.h>
#include <string.h>

#include "workers/store/adopt.h"
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

static const msgpack_object_array *
unfinished(struct scratch *c, struct answer *a)
{
	struct body_job_unfinished in = { .instance = text_of(c->instance) };

	answer_init(a);
	assert_int_equal(jobs_unfinished(&c->store, &in, &a->w), OK);
	answer_read(a);
	assert_int_equal(a->root->type, MSGPACK_OBJECT_ARRAY);
	return &a->root->via.array;
}

static void
close_job(struct scratch *c, const char *id)
{
	struct body_job_close in = { .job_id = text_of(id), .outcome = text_of("ok") };
	struct answer a;

	answer_init(&a);
	assert_int_equal(job_close(&c->store, &in, &a.w), OK);
	answer_fini(&a);
}

static void
lists_ours_oldest_first(void **state)
{
	static const int order[] = { 1, 0, 2 };
	struct scratch *c = *state;
	const char *ids[4] = { scratch_id(), scratch_id(), scratch_id(), scratch_id() };
	const msgpack_object_array *rows;
	struct answer a;

	assert_int_equal(unfinished(c, &a)->size, 0);
	answer_fini(&a);
	for (int i = 0; i < 4; i++)
		scratch_open_job(c, ids[i]);
	scratch_mark(c, ids[1], "ran");
	close_job(c, ids[3]);
	scratch_sql(c, "UPDATE jobs SET created_ms = 1 WHERE state = 'ran'");
	rows = unfinished(c, &a);
	assert_int_equal(rows->size, 3);
	for (int i = 0; i < 3; i++) {
		assert_member(&rows->ptr[i], "job_id", ids[order[i]]);
		assert_member(&rows->ptr[i], "state", order[i] == 1 ? "ran" : "queued");
		assert_member(&rows->ptr[i], "tool", "profile_script");
		assert_member(&rows->ptr[i], "label", NULL);
		assert_member(value_get(&rows->ptr[i], "arguments"), "script_path", "/a.py");
	}
	answer_fini(&a);
}

/* Three servers: one alive, one dead, one whose folder is gone. */
static void
takes_over_only_from_the_dead(void **state)
{
	struct scratch *c = *state, alive, dead, gone;
	const char *of_alive = scratch_id(), *of_dead = scratch_id(), *of_gone = scratch_id();
	const msgpack_object_array *rows;
	char path[128], parent[128];
	struct answer a;

	scratch_join(&alive, c->dir);
	scratch_join(&dead, c->dir);
	scratch_join(&gone, c->dir);
	assert_int_equal(store_ready(&alive.store), OK);
	assert_int_equal(store_ready(&dead.store), OK);
	assert_int_equal(store_ready(&gone.store), OK);
	scratch_open_job(&alive, of_alive);
	scratch_open_job(&dead, of_dead);
	scratch_open_job(&gone, of_gone);
	assert_int_equal(unfinished(c, &a)->size, 0);
	answer_fini(&a);

	scratch_leave(&dead);
	scratch_leave(&gone);
	snprintf(path, sizeof(path), "%s/instances/%s", gone.dir, gone.instance);
	snprintf(parent, sizeof(parent), "%s/moved", gone.dir);
	assert_int_equal(rename(path, parent), 0);
	rows = unfinished(c, &a);
	assert_int_equal(rows->size, 2);
	assert_member(&rows->ptr[0], "job_id", of_dead);
	assert_member(&rows->ptr[1], "job_id", of_gone);
	answer_fini(&a);
	assert_int_equal(scratch_mark(c, of_dead, "running"), OK);
	assert_int_equal(scratch_mark(c, of_alive, "running"), ERR_OTHER_SERVER);
	assert_int_equal(unfinished(&alive, &a)->size, 1);
	answer_fini(&a);
	scratch_leave(&alive);
}

static void
answer_is_bounded(void **state)
{
	static char long_text[100000];
	struct scratch *c = *state;
	struct answer a;
	uint32_t first;

	for (int i = 0; i < ADOPT_ROWS + 5; i++)
		scratch_open_job(c, scratch_id());
	assert_int_equal(unfinished(c, &a)->size, ADOPT_ROWS);
	answer_fini(&a);
	scratch_sql(c, "DELETE FROM jobs");

	memset(long_text, 'x', sizeof(long_text) - 1);
	for (int i = 0; i < 10; i++) {
		struct body_job_open in = { .job_id = text_of(scratch_id()),
			.instance = text_of(c->instance),
			.tool = text_of("t"),
			.arguments = scratch_map("code", long_text, NULL) };
		const char *answered;

		assert_int_equal(job_open(&c->store, &in, &answered), OK);
	}
	first = unfinished(c, &a)->size;
	assert_int_equal(first, 4);
	assert_true(a.w.buffer.size <= ADOPT_BYTES);
	answer_fini(&a);
}

static void
a_damaged_row_costs_only_itself(void **state)
{
	struct scratch *c = *state;
	const char *bad = scratch_id(), *good = scratch_id();
	const msgpack_object_array *rows;
	struct answer a;

	scratch_open_job(c, bad);
	scratch_sql(c, "UPDATE jobs SET arguments = x'dfffffffff'");
	scratch_open_job(c, good);
	rows = unfinished(c, &a);
	assert_int_equal(rows->size, 1);
	assert_member(&rows->ptr[0], "job_id", good);
	answer_fini(&a);
}

/* A store that was killed between its commit and the removal leaves a folder; unfinished jobs
 * keep theirs. */
static void
sweeps_folders_of_ended_jobs(void **state)
{
	struct scratch *c = *state;
	const char *ended = scratch_id(), *running = scratch_id(), *unknown = scratch_id();
	char path[64];
	struct answer a;

	scratch_open_job(c, ended);
	scratch_open_job(c, running);
	close_job(c, ended);
	scratch_job_file(c, ended, "profile.json", "{}", 2);
	scratch_job_file(c, running, "profile.json", "{}", 2);
	scratch_job_file(c, unknown, "profile.json", "{}", 2);
	unfinished(c, &a);
	answer_fini(&a);
	snprintf(path, sizeof(path), "jobs/%s", ended);
	assert_false(scratch_exists(c, path));
	snprintf(path, sizeof(path), "jobs/%s", running);
	assert_true(scratch_exists(c, path));
	snprintf(path, sizeof(path), "jobs/%s", unknown);
	assert_true(scratch_exists(c, path));
}

static void
only_for_our_own_instance(void **state)
{
	struct scratch *c = *state;
	struct body_job_unfinished in = { .instance = text_of(scratch_id()) };
	struct answer a;

	answer_init(&a);
	assert_int_equal(jobs_unfinished(&c->store, &in, &a.w), ERR_INVALID_ARGUMENT);
	answer_fini(&a);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(lists_ours_oldest_first),
		TEST(takes_over_only_from_the_dead),
		TEST(answer_is_bounded),
		TEST(a_damaged_row_costs_only_itself),
		TEST(sweeps_folders_of_ended_jobs),
		TEST(only_for_our_own_instance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
