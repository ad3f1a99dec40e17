#include "tests/store/scratch.h"

#include <stdio.h>
#include <string.h>

#include "workers/store/profile_list.h"
#include "workers/store/profile_load.h"
#include "workers/store/profile_save.h"

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

static const char *
add(struct scratch *c, const char *program, const char *label)
{
	const char *job = scratch_id(), *id = scratch_id();
	struct body_profile_save in = scratch_save(job, id, "{}", "m");
	struct answer a;

	scratch_open_job(c, job);
	in.program = text_of(program);
	in.label = text_of(label);
	answer_init(&a);
	assert_int_equal(profile_save(&c->store, &in, &a.w), OK);
	answer_fini(&a);
	return id;
}

static enum err
list(struct scratch *c, int64_t limit, const char *cursor, const char *search, struct answer *a)
{
	struct body_profile_list in = {
		.limit = limit, .cursor = text_of(cursor), .search = text_of(search)
	};
	enum err e;

	answer_init(a);
	e = profile_list(&c->store, &in, &a->w);
	if (e == OK)
		answer_read(a);
	return e;
}

static const msgpack_object_array *
rows_of(const struct answer *a)
{
	return &value_get(a->root, "profiles")->via.array;
}

static void
rows_say_what_is_known(void **state)
{
	struct scratch *c = *state;
	const char *id = add(c, "/a.py", "first");
	struct answer a;

	add(c, "-m b", NULL);
	scratch_sql(c, "UPDATE profiles SET elapsed_s = 2.5, created_ms = 1700000000000"
	    " WHERE label = 'first'");
	assert_int_equal(list(c, 10, NULL, NULL, &a), OK);
	assert_int_equal(rows_of(&a)->size, 2);
	assert_int_equal(value_get_int(a.root, "total", -1), 2);
	assert_member(a.root, "next_cursor", NULL);
	assert_member(&rows_of(&a)->ptr[0], "program", "-m b");
	assert_member(&rows_of(&a)->ptr[0], "label", NULL);
	assert_member(&rows_of(&a)->ptr[1], "profile_id", id);
	assert_member(&rows_of(&a)->ptr[1], "created", "2023-11-14T22:13:20Z");
	assert_member(&rows_of(&a)->ptr[1], "label", "first");
	assert_member(&rows_of(&a)->ptr[1], "outcome", "ok");
	assert_member(&rows_of(&a)->ptr[1], "peak_memory_mb", NULL);
	assert_int_equal(value_get_text(&rows_of(&a)->ptr[1], "job_id").len, LIMIT_ULID);
	assert_true(value_get_real(&rows_of(&a)->ptr[1], "elapsed_s", 0) == 2.5);
	answer_fini(&a);
}

/* Follows the cursors; a row saved in the middle neither repeats nor hides another. */
static void
pages_cover_everything_once(void **state)
{
	enum { ROWS = 23, PAGE = 5 };
	struct scratch *c = *state;
	char cursor[128] = "", seen[ROWS] = { 0 };
	int pages = 0;

	for (int i = 0; i < ROWS; i++) {
		char program[16];

		snprintf(program, sizeof(program), "p%d", i);
		add(c, program, NULL);
	}
	/* many equal times */
	scratch_sql(c, "UPDATE profiles SET created_ms = created_ms / 8 * 8");
	do {
		struct answer a;

		assert_int_equal(list(c, PAGE, pages == 0 ? NULL : cursor, NULL, &a), OK);
		for (uint32_t i = 0; i < rows_of(&a)->size; i++) {
			char program[16];
			int number;

			assert_true(text_copy(value_get_text(&rows_of(&a)->ptr[i], "program"),
			    program, 16));
			assert_int_equal(sscanf(program, "p%d", &number), 1);
			assert_true(number < ROWS);
			seen[number]++;
		}
		cursor[0] = 0;
		text_copy(value_get_text(a.root, "next_cursor"), cursor, sizeof(cursor));
		answer_fini(&a);
		if (pages++ == 1)
			add(c, "p0", "saved in the middle");
	} while (cursor[0] != 0);
	assert_int_equal(pages, (ROWS + PAGE - 1) / PAGE);
	for (int i = 0; i < ROWS; i++)
		assert_int_equal(seen[i], 1);
}

static void
search_takes_texts_as_they_stand(void **state)
{
	static const struct { const char *search; int64_t found; } cases[] = {
		{ NULL, 5 },
		{ "", 5 },
		{ "train", 2 },
		{ "TRAIN", 2 },
		{ "Label", 1 },
		{ "%", 1 },
		{ "_", 1 },
		{ "\\", 1 },
		{ "100%", 1 },
		{ "a_b", 1 },
		{ "aXb", 1 },
		{ "' OR '1'='1", 0 },
		{ "nothing", 0 },
		{ "\xc3\xa9t\xc3\xa9", 1 },
	};
	struct scratch *c = *state;

	add(c, "/home/train.py", NULL);
	add(c, "/home/other.py", "Training 100%");
	add(c, "/home/a_b\\c.py", "the LABEL");
	add(c, "/home/aXb.py", NULL);
	add(c, "/home/\xc3\xa9t\xc3\xa9.py", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct answer a;

		assert_int_equal(list(c, 100, NULL, cases[i].search, &a), OK);
		assert_int_equal(value_get_int(a.root, "total", -1), cases[i].found);
		assert_int_equal(rows_of(&a)->size, cases[i].found);
		answer_fini(&a);
	}
}

static void
wrong_cursors_are_refused(void **state)
{
	struct scratch *c = *state;
	char cursor[128], changed[128];
	struct answer a;

	for (int i = 0; i < 3; i++)
		add(c, "train.py", NULL);
	assert_int_equal(list(c, 1, NULL, "train", &a), OK);
	assert_true(text_copy(value_get_text(a.root, "next_cursor"), cursor, sizeof(cursor)));
	answer_fini(&a);
	assert_int_equal(list(c, 1, cursor, "train", &a), OK);
	answer_fini(&a);
	assert_int_equal(list(c, 1, cursor, NULL, &a), ERR_INVALID_ARGUMENT);
	answer_fini(&a);
	assert_int_equal(list(c, 1, "", "train", &a), ERR_INVALID_ARGUMENT);
	answer_fini(&a);
	for (size_t i = 0; i < strlen(cursor); i++) {
		snprintf(changed, sizeof(changed), "%s", cursor);
		changed[i] = changed[i] == '1' ? '2' : '1';
		assert_int_equal(list(c, 1, changed, "train", &a), ERR_INVALID_ARGUMENT);
		answer_fini(&a);
		changed[i] = 0;
		assert_int_equal(list(c, 1, changed, "train", &a), ERR_INVALID_ARGUMENT);
		answer_fini(&a);
	}
	assert_true(strlen(c->store.fault.hint) > 0);
}

static void
limits_are_kept(void **state)
{
	static const struct { int64_t limit; enum err e; uint32_t rows; } cases[] = {
		{ 0, ERR_INVALID_ARGUMENT, 0 },
		{ -1, ERR_INVALID_ARGUMENT, 0 },
		{ INT64_MIN, ERR_INVALID_ARGUMENT, 0 },
		{ 1, OK, 1 },
		{ 3, OK, 3 },
		{ INT64_MAX, OK, 3 },
	};
	struct scratch *c = *state;

	for (int i = 0; i < 3; i++)
		add(c, "x", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct answer a;

		assert_int_equal(list(c, cases[i].limit, NULL, NULL, &a), cases[i].e);
		if (cases[i].e == OK)
			assert_int_equal(rows_of(&a)->size, cases[i].rows);
		answer_fini(&a);
	}
}

/* Names of the largest size fill a page before its limit; the cursor leads on. */
static void
large_rows_end_the_page(void **state)
{
	static char program[4096];
	struct scratch *c = *state;
	struct answer a;

	memset(program, 'x', sizeof(program) - 1);
	add(c, program, NULL);
	scratch_sql(c,
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 199)"
	    " INSERT INTO profiles SELECT substr(id, 1, 22) || printf('%04d', i), job_id, label,"
	    " tool, program, outcome, created_ms, elapsed_s, peak_memory_mb, raw_sha256, raw_size,"
	    " model_sha256, model_size, run, summary, provenance FROM profiles, n");
	assert_int_equal(list(c, 1000, NULL, NULL, &a), OK);
	assert_true(rows_of(&a)->size < 200 && rows_of(&a)->size > 100);
	assert_true(a.w.buffer.size < PROFILE_LIST_BYTES + 200);
	assert_non_null(value_get(a.root, "next_cursor"));
	assert_int_equal(value_get_int(a.root, "total", -1), 200);
	answer_fini(&a);
}

static void
times_are_utc(void **state)
{
	static const struct { int64_t ms; const char *text; } cases[] = {
		{ 0, "1970-01-01T00:00:00Z" }, { 1700000000999, "2023-11-14T22:13:20Z" },
		{ 1709164800000, "2024-02-29T00:00:00Z" }, { INT64_MAX, "?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[PROFILE_TIME];

		profile_time(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(rows_say_what_is_known),
		TEST(pages_cover_everything_once),
		TEST(search_takes_texts_as_they_stand),
		TEST(wrong_cursors_are_refused),
		TEST(limits_are_kept),
		TEST(large_rows_end_the_page),
		cmocka_unit_test(times_are_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
