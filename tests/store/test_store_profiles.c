#include "tests/store/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/store/blobs.h"
#include "workers/store/jobs.h"
#include "workers/store/profile_load.h"
#include "workers/store/profile_save.h"
#include "workers/store/result.h"

#define RAW "{\"files\": {}}\n"
#define MODEL "model bytes"
/* A compressed frame that claims to hold 1 TiB, and a row that agrees. */
#define SQL_HUGE_FRAME \
	"UPDATE blobs SET zstd = x'28b52ffdc0000000000000010000', size = 1099511627776"
#define SQL_SWAP_BLOBS \
	"UPDATE blobs SET zstd = raw.zstd, size = raw.size" \
	" FROM profiles, blobs raw WHERE raw.sha256 = raw_sha256"

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

static enum err
save(struct scratch *c, const struct body_profile_save *in, struct answer *a)
{
	enum err e;

	answer_init(a);
	e = profile_save(&c->store, in, &a->w);
	if (e == OK)
		answer_read(a);
	return e;
}

static void
save_ok(struct scratch *c, const struct body_profile_save *in)
{
	struct answer a;

	assert_int_equal(save(c, in, &a), OK);
	answer_fini(&a);
}

static enum err
load(struct scratch *c, const char *id, struct answer *a, struct loaded_profile *loaded)
{
	struct body_profile_load in = { .profile_id = text_of(id) };
	enum err e;

	loaded->model = NULL;
	answer_init(a);
	fault_clear(&c->store.fault);
	e = profile_load(&c->store, &in, &a->w, loaded);
	if (e == OK)
		answer_read(a);
	return e;
}

static struct value
map_with_warnings(struct value_writer *w, const char *key, const char *text, const char *first,
    const char *second)
{
	value_writer_init(w);
	value_map(w, 2);
	value_put_string(w, key, text);
	value_string(w, "warnings");
	value_array(w, second != NULL ? 2 : 1);
	value_string(w, first);
	if (second != NULL)
		value_string(w, second);
	return value_done(w);
}

static void
saved_profile_comes_back(void **state)
{
	struct scratch *c = *state;
	const char *job = scratch_id(), *id = scratch_id();
	struct body_profile_save in = scratch_save(job, id, RAW, MODEL);
	struct loaded_profile loaded;
	struct answer a, facts;

	scratch_open_job(c, job);
	in.label = text_of("before");
	in.elapsed_s = 1.5;
	in.run = scratch_map("exit_code", "0", NULL);
	in.summary = scratch_map("samples", "12", NULL);
	assert_int_equal(save(c, &in, &a), OK);
	assert_member(a.root, "profile_id", id);
	assert_member(a.root, "job_id", job);
	assert_member(a.root, "outcome", "ok");
	assert_member(a.root, "label", "before");
	assert_member(a.root, "program", "/home/u/a.py");
	assert_member(a.root, "exit_code", "0");
	assert_member(a.root, "samples", "12");
	assert_int_equal(value_get(a.root, "warnings")->via.array.size, 0);
	assert_member(a.root, "left_out", NULL);
	answer_fini(&a);

	assert_int_equal(load(c, id, &facts, &loaded), OK);
	assert_int_equal(loaded.model_len, strlen(MODEL));
	assert_memory_equal(loaded.model, MODEL, strlen(MODEL));
	assert_member(facts.root, "profile_id", id);
	assert_member(facts.root, "job_id", job);
	assert_member(facts.root, "outcome", "ok");
	assert_member(facts.root, "label", "before");
	assert_member(facts.root, "tool", "profile_script");
	assert_true(value_get_real(facts.root, "elapsed_s", 0) == 1.5);
	assert_member(facts.root, "peak_memory_mb", NULL);
	assert_int_equal(value_get_text(facts.root, "created").len, strlen("2026-11-22T14:03:35Z"));
	assert_member(value_get(facts.root, "run"), "exit_code", "0");
	assert_member(value_get(facts.root, "summary"), "samples", "12");
	assert_member(value_get(facts.root, "provenance"), "python", "3.11");
	free(loaded.model);
	answer_fini(&facts);
}

static void
run_wins_and_warnings_are_joined(void **state)
{
	struct scratch *c = *state;
	const char *job = scratch_id();
	struct body_profile_save in = scratch_save(job, scratch_id(), RAW, MODEL);
	struct value_writer run, summary;
	const msgpack_object *warnings;
	struct answer a;

	scratch_open_job(c, job);
	in.run = map_with_warnings(&run, "wall_s", "of run", "one", NULL);
	in.summary = map_with_warnings(&summary, "wall_s", "of summary", "two", "three");
	assert_int_equal(save(c, &in, &a), OK);
	assert_member(a.root, "wall_s", "of run");
	warnings = value_get(a.root, "warnings");
	assert_int_equal(warnings->via.array.size, 3);
	assert_true(text_is(value_as_text(&warnings->via.array.ptr[0]), "one"));
	assert_true(text_is(value_as_text(&warnings->via.array.ptr[2]), "three"));
	answer_fini(&a);
	value_writer_fini(&run);
	value_writer_fini(&summary);
}

/* The same save again, and another save of the same job, answer the first one's result and store
 * nothing. */
static void
saving_again_changes_nothing(void **state)
{
	struct scratch *c = *state;
	const char *job = scratch_id(), *id = scratch_id();
	struct body_profile_save in = scratch_save(job, id, RAW, MODEL);
	struct body_job_load job_in = { .job_id = text_of(job) };
	struct answer first, again, loaded;

	scratch_open_job(c, job);
	assert_int_equal(save(c, &in, &first), OK);
	in.profile_id = text_of(scratch_id());
	in.outcome = text_of("timeout");
	in.profile =
	    (struct blob){ .file = text_of("jobs/00000000000000000000000000/gone"), .size = 5 };
	assert_int_equal(save(c, &in, &again), OK);
	assert_int_equal(first.w.buffer.size, again.w.buffer.size);
	assert_memory_equal(first.w.buffer.data, again.w.buffer.data, first.w.buffer.size);
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM profiles"), 1);
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM blobs"), 2);

	answer_init(&loaded);
	assert_int_equal(job_load(&c->store, &job_in, &loaded.w), OK);
	assert_memory_equal(first.w.buffer.data, loaded.w.buffer.data, first.w.buffer.size);
	answer_fini(&first);
	answer_fini(&again);
	answer_fini(&loaded);
}

/* A profile in the job's folder, byte for byte; the folder is gone afterwards, also when removal
 * came second. */
static void
profile_file_is_taken_from_the_job(void **state)
{
	struct scratch *c = *state;
	const char *job = scratch_id(), *id = scratch_id();
	struct body_profile_save in = scratch_save(job, id, NULL, MODEL);
	char name[SPOOL_NAME_MAX + 1], path[SPOOL_NAME_MAX + 1], bytes[100000];
	struct packed_blob packed;
	uint8_t *back;
	size_t len;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * i >> 3);
	scratch_open_job(c, job);
	scratch_job_file(c, job, "profile.json", bytes, sizeof(bytes));
	snprintf(path, sizeof(path), "jobs/%s/profile.json", job);
	assert_int_equal(spool_describe(c->spool, path, name, &in.profile), OK);
	save_ok(c, &in);
	snprintf(path, sizeof(path), "jobs/%s", job);
	assert_false(scratch_exists(c, path));

	sha256_of(bytes, sizeof(bytes), packed.sha256);
	assert_int_equal(
	    blob_read(&c->store, (struct value){ packed.sha256, SHA256_SIZE }, &back, &len), OK);
	assert_int_equal(len, sizeof(bytes));
	assert_memory_equal(back, bytes, len);
	free(back);
	scratch_job_file(c, job, "late", "x", 1);
	save_ok(c, &in);
	assert_false(scratch_exists(c, path));
}

static void
file_that_is_not_what_was_said(void **state)
{
	struct scratch *c = *state;
	const char *job = scratch_id();
	struct body_profile_save in = scratch_save(job, scratch_id(), NULL, MODEL);
	char name[SPOOL_NAME_MAX + 1], path[SPOOL_NAME_MAX + 1];
	struct answer a;

	scratch_open_job(c, job);
	scratch_job_file(c, job, "profile.json", "one", 3);
	snprintf(path, sizeof(path), "jobs/%s/profile.json", job);
	assert_int_equal(spool_describe(c->spool, path, name, &in.profile), OK);
	scratch_job_file(c, job, "profile.json", "two", 3);
	assert_int_equal(save(c, &in, &a), ERR_CORRUPT);
	answer_fini(&a);
	in.profile.file = text_of("../../etc/passwd");
	assert_int_equal(save(c, &in, &a), ERR_MALFORMED);
	answer_fini(&a);
	assert_string_equal(scratch_open_job(c, job), "queued");
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM blobs"), 0);
	assert_true(scratch_exists(c, path));
}

static void
without_a_model_no_profile(void **state)
{
	struct scratch *c = *state;
	const char *job = scratch_id();
	struct body_profile_save in = scratch_save(job, scratch_id(), RAW, NULL);
	struct answer a;

	scratch_open_job(c, job);
	in.outcome = text_of("bad_profile");
	assert_int_equal(save(c, &in, &a), OK);
	assert_member(a.root, "profile_id", NULL);
	assert_member(a.root, "outcome", "bad_profile");
	answer_fini(&a);
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM profiles"), 0);
	assert_int_equal(
	    scratch_sql(c, "SELECT count(*) FROM jobs WHERE profile_id IS NULL AND state = 'done'"),
	    1);
}

static void
equal_blobs_are_stored_once(void **state)
{
	struct scratch *c = *state;
	struct body_profile_save in;
	uint8_t hash[SHA256_SIZE];
	struct value address = { hash, SHA256_SIZE };
	struct loaded_profile loaded;
	struct answer a;

	for (int i = 0; i < 3; i++) {
		const char *job = scratch_id();

		scratch_open_job(c, job);
		in = scratch_save(job, scratch_id(), RAW, i < 2 ? MODEL : RAW);
		save_ok(c, &in);
		assert_int_equal(load(c, in.profile_id.at, &a, &loaded), OK);
		assert_int_equal(loaded.model_len, in.model.bytes.len);
		free(loaded.model);
		answer_fini(&a);
	}
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM blobs"), 2);
	sha256_of(MODEL, strlen(MODEL), hash);
	assert_int_equal(blob_release(&c->store, address), OK);
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM blobs"), 2);
	scratch_sql(c, "DELETE FROM profiles WHERE model_sha256 <> raw_sha256");
	assert_int_equal(blob_release(&c->store, address), OK);
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM blobs"), 1);
}

static void
empty_and_incompressible_blobs(void **state)
{
	struct scratch *c = *state;
	struct blob empty = { .bytes = { (const uint8_t *)"", 0 } };
	struct packed_blob packed;
	uint8_t *back;
	size_t len;

	assert_int_equal(blob_pack(&c->store, &empty, &packed), OK);
	assert_non_null(packed.zstd);
	assert_int_equal(blob_insert(&c->store, &packed), OK);
	assert_int_equal(
	    blob_read(&c->store, (struct value){ packed.sha256, SHA256_SIZE }, &back, &len), OK);
	assert_int_equal(len, 0);
	free(back);
	packed_blob_fini(&packed);
	assert_int_equal(blob_pack(&c->store, &(struct blob){ .size = 0 }, &packed), OK);
	assert_null(packed.zstd);
}

static void
wrong_saves_are_refused(void **state)
{
	struct scratch *c = *state;
	const char *job = scratch_id();
	const struct value array = { (const uint8_t *)"\x90", 1 };
	const struct value torn = { (const uint8_t *)"\x81\xa1", 2 };
	const struct body_profile_save good = scratch_save(job, scratch_id(), RAW, MODEL);
	struct body_profile_save cases[7];
	struct answer a;

	scratch_open_job(c, job);
	for (int i = 0; i < 7; i++)
		cases[i] = good;
	cases[0].job_id = text_of("01ARZ3NDEKTSV4RRFFQ69G5F_%");
	cases[1].profile_id = text_of("../../x");
	cases[2].outcome = text_of("ok'--");
	cases[3].run = array;
	cases[4].summary = array;
	cases[5].run = torn;
	cases[6].provenance = torn;
	for (int i = 0; i < 7; i++) {
		assert_int_equal(save(c, &cases[i], &a), ERR_INVALID_ARGUMENT);
		answer_fini(&a);
	}
	cases[0] = good;
	cases[0].job_id = text_of(scratch_id());
	assert_int_equal(save(c, &cases[0], &a), ERR_NOT_FOUND);
	answer_fini(&a);
	assert_string_equal(scratch_open_job(c, job), "queued");
	assert_int_equal(save(c, &good, &a), OK);
	answer_fini(&a);
}

/* The id of another job's profile is not overwritten. */
static void
profile_ids_are_not_reused(void **state)
{
	struct scratch *c = *state;
	const char *first = scratch_id(), *second = scratch_id(), *id = scratch_id();
	struct body_profile_save in = scratch_save(first, id, RAW, MODEL);
	struct answer a;

	scratch_open_job(c, first);
	scratch_open_job(c, second);
	save_ok(c, &in);
	in = scratch_save(second, id, "other", "other model");
	assert_int_equal(save(c, &in, &a), ERR_INVALID_ARGUMENT);
	answer_fini(&a);
	assert_string_equal(scratch_open_job(c, second), "queued");
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM blobs"), 2);
}

static void
texts_are_data(void **state)
{
	struct scratch *c = *state;
	const char *job = scratch_id(), *id = scratch_id();
	const char *evil = "x', 'y'); DELETE FROM profiles; --\n\xe2\x98\x83";
	struct body_profile_save in = scratch_save(job, id, RAW, MODEL);
	struct loaded_profile loaded;
	struct answer a;

	scratch_open_job(c, job);
	in.program = in.label = in.tool = text_of(evil);
	save_ok(c, &in);
	assert_int_equal(load(c, id, &a, &loaded), OK);
	assert_member(a.root, "program", evil);
	assert_member(a.root, "label", evil);
	assert_member(a.root, "tool", evil);
	free(loaded.model);
	answer_fini(&a);
}

static void
unknown_and_malformed_ids(void **state)
{
	static const char *const malformed[] = { "", "../../x", "01ARZ3NDEKTSV4RRFFQ69G5F%_", "%" };
	struct scratch *c = *state;
	const char *unknown = scratch_id();
	struct loaded_profile loaded;
	struct answer a;

	assert_int_equal(load(c, unknown, &a, &loaded), ERR_NOT_FOUND);
	assert_non_null(strstr(c->store.fault.message, unknown));
	assert_non_null(strstr(c->store.fault.hint, "list_profiles"));
	answer_fini(&a);
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		assert_int_equal(load(c, malformed[i], &a, &loaded), ERR_INVALID_ARGUMENT);
		answer_fini(&a);
	}
}

static void
damage_is_noticed(void **state)
{
	static const char *const damages[] = {
		"UPDATE profiles SET run = x'81'",
		"UPDATE profiles SET summary = x'a1ff'",
		"UPDATE profiles SET program = CAST(x'fffe' AS TEXT)",
		"UPDATE blobs SET zstd = substr(zstd, 1, length(zstd) - 1)",
		"UPDATE blobs SET zstd = zeroblob(100)",
		"UPDATE blobs SET size = size + 1",
		"UPDATE blobs SET size = 9000000000000000000",
		SQL_HUGE_FRAME,
		SQL_SWAP_BLOBS,
	};
	struct scratch *c = *state;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const char *job = scratch_id(), *id = scratch_id();
		struct body_profile_save in = scratch_save(job, id, RAW, MODEL);
		struct loaded_profile loaded;
		struct answer a;

		scratch_open_job(c, job);
		save_ok(c, &in);
		scratch_sql(c, damages[i]);
		assert_int_equal(load(c, id, &a, &loaded), ERR_CORRUPT);
		assert_true(strlen(c->store.fault.message) > 0);
		answer_fini(&a);
		scratch_sql(c, "UPDATE jobs SET profile_id = NULL");
		scratch_sql(c, "DELETE FROM profiles");
		scratch_sql(c, "DELETE FROM blobs");
	}
}

/* Three parts of the largest size each: what does not fit is left out and named. */
static void
large_parts_stay_in_bounds(void **state)
{
	static char big[59000];
	struct scratch *c = *state;
	const char *job = scratch_id(), *id = scratch_id();
	struct body_profile_save in = scratch_save(job, id, RAW, MODEL);
	struct loaded_profile loaded;
	struct answer a;

	memset(big, 'x', sizeof(big) - 1);
	scratch_open_job(c, job);
	in.run = scratch_map("stdout_tail", big, "wall_s", "1", NULL);
	in.summary = scratch_map("top_lines", big, "samples", "7", NULL);
	in.provenance = scratch_map("options", big, NULL);
	assert_int_equal(save(c, &in, &a), OK);
	assert_true(a.w.buffer.size <= RESULT_MAX);
	assert_member(a.root, "wall_s", "1");
	assert_member(a.root, "samples", "7");
	assert_int_equal(value_get(a.root, "left_out")->via.array.size, 2);
	answer_fini(&a);
	assert_int_equal(load(c, id, &a, &loaded), OK);
	assert_true(a.w.buffer.size <= RESULT_MAX);
	assert_non_null(value_get(a.root, "left_out"));
	free(loaded.model);
	answer_fini(&a);
}

static void
not_for_a_job_of_another_server(void **state)
{
	struct scratch *c = *state, other;
	const char *job = scratch_id();
	struct body_profile_save in = scratch_save(job, scratch_id(), RAW, MODEL);
	struct answer a;

	scratch_join(&other, c->dir);
	assert_int_equal(store_ready(&other.store), OK);
	scratch_open_job(c, job);
	assert_int_equal(save(&other, &in, &a), ERR_OTHER_SERVER);
	answer_fini(&a);
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM profiles"), 0);
	scratch_leave(&other);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(saved_profile_comes_back),
		TEST(run_wins_and_warnings_are_joined),
		TEST(saving_again_changes_nothing),
		TEST(profile_file_is_taken_from_the_job),
		TEST(file_that_is_not_what_was_said),
		TEST(without_a_model_no_profile),
		TEST(equal_blobs_are_stored_once),
		TEST(empty_and_incompressible_blobs),
		TEST(wrong_saves_are_refused),
		TEST(profile_ids_are_not_reused),
		TEST(texts_are_data),
		TEST(unknown_and_malformed_ids),
		TEST(damage_is_noticed),
		TEST(large_parts_stay_in_bounds),
		TEST(not_for_a_job_of_another_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
