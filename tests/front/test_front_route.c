#include "tests/runtime/turn.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/frame.h"
#include "workers/front/route.h"
#include "workers/runtime/json.h"

static const struct json_limits limits = { 20, 1000 };

static cJSON *
json_of(const char *text)
{
	cJSON *json = NULL;

	if (text != NULL)
		assert_int_equal(json_parse(text, strlen(text), &limits, &json), OK);
	return json;
}

static struct value
encode(struct value_writer *w, const char *text)
{
	cJSON *json = json_of(text);

	value_writer_init(w);
	assert_int_equal(json_to_value(json, w), OK);
	cJSON_Delete(json);
	return value_done(w);
}

/* ---- the type check ---- */

#define PROPERTIES(list) "{\"type\":\"object\",\"properties\":{" list "}}"
#define JOB "\"job_id\":{\"type\":\"string\"}"
#define LABEL "\"label\":{\"type\":\"string\"}"

static void
each_field_has_one_source_of_its_type(void **state)
{
	static const struct {
		const char *input;
		bool job;
		struct {
			enum msg_type type;
			const char *with;
		} steps[4];
		const char *problem;         /* part of it; NULL: the route is right */
	} rows[] = {
		{ PROPERTIES("\"limit\":{\"type\":\"integer\"},\"cursor\":{\"type\":\"string\"},"
		    "\"search\":{\"type\":\"string\"}"),
		    false, { { MSG_PROFILE_LIST, NULL } }, NULL },
		{ PROPERTIES(""), false, { { MSG_PROFILE_LIST,
		    "{\"limit\":5,\"cursor\":null,\"search\":\"x\"}" } }, NULL },
		{ PROPERTIES(JOB ",\"wait_s\":{\"type\":\"integer\"}"), false,
		    { { MSG_JOB_WAIT, NULL }, { MSG_JOB_LOAD, NULL } }, NULL },
		{ PROPERTIES(LABEL), true, { { MSG_JOB_OPEN, NULL }, { MSG_JOB_MARK, NULL },
		    { MSG_JOB_LOAD, NULL } }, NULL },
		/* none */
		{ PROPERTIES(JOB), false, { { 0, NULL } }, "no route" },
		{ PROPERTIES(""), false, { { MSG_JOB_LOAD, NULL } }, "job_id has 0 sources" },
		{ PROPERTIES(LABEL), false, { { MSG_JOB_OPEN, NULL } }, "job_id has 0 sources" },
		{ PROPERTIES(LABEL), true, { { MSG_JOB_MARK, NULL }, { MSG_JOB_OPEN, NULL } },
		    "state has 0 sources" },
		/* two */
		{ PROPERTIES(LABEL ",\"state\":{\"type\":\"string\"}"), true, { { MSG_JOB_OPEN,
		    NULL }, { MSG_JOB_MARK, NULL } },
		    "state has 2 sources" },
		{ PROPERTIES(JOB), true, { { MSG_JOB_LOAD, NULL } }, "job_id has 2 sources" },
		/* of another type */
		{ PROPERTIES("\"job_id\":{\"type\":\"integer\"}"), false, { { MSG_JOB_LOAD,
		    NULL } }, "0 of its type" },
		{ PROPERTIES("\"job_id\":{}"), false, { { MSG_JOB_LOAD, NULL } }, "0 of its type" },
		{ PROPERTIES(JOB ",\"wait_s\":{\"type\":\"string\"}"), false, { { MSG_JOB_WAIT,
		    NULL } },
		    "wait_s has 1 sources, 0 of its type" },
		{ PROPERTIES(JOB), false, { { MSG_JOB_WAIT, "{\"wait_s\":\"5\"}" } },
		    "wait_s has 1 sources, 0" },
		{ PROPERTIES(JOB), false, { { MSG_JOB_WAIT, "{\"wait_s\":null}" } },
		    "wait_s has 1 sources, 0" },
		{ PROPERTIES(LABEL), true, { { MSG_JOB_MARK, "{\"state\":7}" } },
		    "state has 1 sources, 0" },
		{ PROPERTIES(LABEL), true, { { MSG_JOB_MARK, "{\"state\":null}" } },
		    "state has 1 sources, 0" },
		/* constants for nothing, answers without a result, messages without an answer */
		{ PROPERTIES(JOB), false, { { MSG_JOB_LOAD, "{\"colour\":\"red\"}" } },
		    "no field colour" },
		{ PROPERTIES(LABEL), true, { { MSG_JOB_OPEN, NULL } }, "gives no result" },
		{ PROPERTIES(""), false, { { MSG_ACK, NULL } }, "has no answer" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		cJSON *input = json_of(rows[i].input), *with[4];
		struct tool tool = { .name = "t", .input = input, .job = rows[i].job };
		struct catalog_problem problem = { "" };
		bool right;

		for (unsigned k = 0; k < 4; k++) {
			with[k] = json_of(rows[i].steps[k].with);
			tool.steps[k] = (struct step){ rows[i].steps[k].type, with[k] };
			tool.step_count += rows[i].steps[k].type != MSG_NONE;
		}
		right = route_check(&tool, &problem);
		if (right != (rows[i].problem == NULL))
			fail_msg("row %zu: %s", i, right ? "taken" : problem.text);
		if (!right && strstr(problem.text, rows[i].problem) == NULL)
			fail_msg("row %zu: %s", i, problem.text);
		for (unsigned k = 0; k < 4; k++)
			cJSON_Delete(with[k]);
		cJSON_Delete(input);
	}
}

/* ---- composing ---- */

static void
steps_take_their_fields_from_constants_and_the_bag(void **state)
{
	cJSON *with = json_of("{\"run_outcome\":\"ok\"}");
	const struct step step = { MSG_PROFILE_READ, with };
	struct value_writer w, arguments;
	struct bag bag = { NULL, 0, 0 };
	struct body_profile_read body;

	(void)state;
	assert_int_equal(route_take_arguments(&bag, encode(&arguments,
	    "{\"program\":\"p\",\"run_outcome\":\"no\","
	    "\"unused\":[1,2]}")), OK);
	assert_int_equal(bag_put(&bag, "profile", (struct value){ (const uint8_t *)"\xc4\x01M",
	    3 }), OK);
	value_writer_init(&w);
	assert_int_equal(route_compose(&step, &bag, &w, NULL), OK);
	assert_int_equal(body_decode(MSG_PROFILE_READ, value_done(&w), &body), OK);
	assert_true(text_is(body.run_outcome, "ok"));
	assert_true(text_is(body.program, "p"));
	assert_int_equal(body.profile.bytes.len, 1);
	value_writer_fini(&w);
	value_writer_fini(&arguments);
	bag_fini(&bag);
	cJSON_Delete(with);
}

static void
what_may_be_missing_is_nil(void **state)
{
	static const struct step step = { MSG_PROFILE_LIST, NULL };
	struct value_writer w;
	struct bag bag = { NULL, 0, 0 };
	struct body_profile_list body;

	(void)state;
	assert_int_equal(bag_put(&bag, "limit", (struct value){ (const uint8_t *)"\x07", 1 }), OK);
	value_writer_init(&w);
	assert_int_equal(route_compose(&step, &bag, &w, NULL), OK);
	assert_int_equal(body_decode(MSG_PROFILE_LIST, value_done(&w), &body), OK);
	assert_int_equal(body.limit, 7);
	assert_null(body.cursor.at);
	assert_null(body.search.at);
	value_writer_fini(&w);
	bag_fini(&bag);
}

static void
what_does_not_fit_its_field_is_named(void **state)
{
	static const struct {
		const char *arguments, *field;
	} rows[] = {
		{ "{\"limit\":\"x\"}", "limit" },
		{ "{\"limit\":1.5}", "limit" },
		{ "{}", "limit" },
		{ "{\"limit\":null}", "limit" },
		{ "{\"limit\":1,\"cursor\":7}", "cursor" },
		{ "{\"limit\":1,\"search\":[]}", "search" },
	};
	static const struct step step = { MSG_PROFILE_LIST, NULL };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct value_writer w, arguments;
		struct bag bag = { NULL, 0, 0 };
		const char *field = NULL;

		assert_int_equal(route_take_arguments(&bag, encode(&arguments, rows[i].arguments)),
		    OK);
		value_writer_init(&w);
		assert_int_not_equal(route_compose(&step, &bag, &w, &field), OK);
		assert_string_equal(field, rows[i].field);
		value_writer_fini(&w);
		value_writer_fini(&arguments);
		bag_fini(&bag);
	}
}

static void
what_is_larger_than_its_field_is_too_large(void **state)
{
	static const struct step step = { MSG_PROFILE_LIST, NULL };
	struct value_writer w;
	struct bag bag = { NULL, 0, 0 };
	const char *field = NULL;
	char longer[400];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	assert_int_equal(bag_put(&bag, "limit", (struct value){ (const uint8_t *)"\x01", 1 }), OK);
	assert_int_equal(bag_put_text(&bag, "search", (struct text){ longer, sizeof(longer) }), OK);
	value_writer_init(&w);
	assert_int_equal(route_compose(&step, &bag, &w, &field), ERR_TOO_LARGE);
	assert_string_equal(field, "search");
	value_writer_fini(&w);
	bag_fini(&bag);
}

static void
only_an_object_with_short_names_gives_arguments(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum err expected;
	} rows[] = {
		{ "\x80", 1, OK },
		{ "\x81\xa1" "a\x01", 4, OK },
		{ "\x90", 1, ERR_MALFORMED },
		{ "\xc0", 1, ERR_MALFORMED },
		{ "\x81\x01\x01", 3, ERR_MALFORMED },
		{ "\x81\xa3" "a\0b\x01", 6, ERR_MALFORMED },
		{ "\x81\xa1" "a", 3, ERR_MALFORMED },
		{ "\x80\x80", 2, ERR_MALFORMED },
		{ "\xdf\xff\xff\xff\xff", 5, ERR_MALFORMED },
	};
	char longer[80] = "\x81\xd9\x46";

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bag bag = { NULL, 0, 0 };
		struct value v = { (const uint8_t *)rows[i].bytes, rows[i].len };

		assert_int_equal(route_take_arguments(&bag, v), rows[i].expected);
		bag_fini(&bag);
	}
	memset(longer + 3, 'n', 70);
	longer[73] = 1;
	struct bag bag = { NULL, 0, 0 };
	assert_int_not_equal(route_take_arguments(&bag, (struct value){ (const uint8_t *)longer,
	    74 }), OK);
	bag_fini(&bag);
}

/* ---- answers ---- */

static void
answers_are_taken_apart_whole_or_not_at_all(void **state)
{
	struct body_job_opened body = { .state = text_of("queued") };
	struct value_writer w;
	struct bag bag = { NULL, 0, 0 };

	(void)state;
	value_writer_init(&w);
	assert_int_equal(body_encode(MSG_JOB_OPENED, &body, &w), OK);
	assert_int_equal(route_absorb(&bag, MSG_JOB_OPENED, value_done(&w)), OK);
	assert_int_equal(bag_get(&bag, "state").len, 7);
	assert_int_equal(route_absorb(&bag, MSG_JOB_OPENED,
	    (struct value){ (const uint8_t *)"\x91\x07", 2 }),
	    ERR_MALFORMED);
	assert_int_equal(route_absorb(&bag, MSG_JOB_OPENED, (struct value){ (const uint8_t *)"\x90",
	    1 }), ERR_MALFORMED);
	assert_int_equal(bag_get(&bag, "state").len, 7);
	value_writer_fini(&w);
	bag_fini(&bag);
}

static void
files_that_answers_brought_are_removed_and_others_are_not(void **state)
{
	static const struct {
		const char *name;
		bool stays;
	} rows[] = { { "instances/" A_ULID "/spool/x", false }, { "jobs/" A_ULID "/profile.json",
	    true } };
	const struct tool tool = { .steps = { { MSG_PROFILE_LOAD, NULL } }, .step_count = 1 };
	char dir[64], path[200];
	struct spool *spool;

	(void)state;
	scratch_make(dir);
	assert_int_equal(spool_open(dir, A_ULID, &spool), OK);
	snprintf(path, sizeof(path), "%s/jobs", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/jobs/" A_ULID, dir);
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct body_profile_loaded body = { .model = { .file = text_of(rows[i].name),
		    .size = 1 } };
		struct value_writer w, facts;
		struct bag bag = { NULL, 0, 0 };

		snprintf(path, sizeof(path), "%s/%s", dir, rows[i].name);
		file_write(path, "x", 1);
		body.facts = encode(&facts, "{}");
		value_writer_init(&w);
		assert_int_equal(body_encode(MSG_PROFILE_LOADED, &body, &w), OK);
		assert_int_equal(route_absorb(&bag, MSG_PROFILE_LOADED, value_done(&w)), OK);
		route_drop_spooled(&tool, &bag, spool);
		route_drop_spooled(&tool, &bag, spool);
		assert_int_equal(access(path, F_OK) == 0, rows[i].stays);
		value_writer_fini(&w);
		value_writer_fini(&facts);
		bag_fini(&bag);
	}
	spool_close(&spool);
	scratch_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_has_one_source_of_its_type),
		cmocka_unit_test(steps_take_their_fields_from_constants_and_the_bag),
		cmocka_unit_test(what_may_be_missing_is_nil),
		cmocka_unit_test(what_does_not_fit_its_field_is_named),
		cmocka_unit_test(what_is_larger_than_its_field_is_too_large),
		cmocka_unit_test(only_an_object_with_short_names_gives_arguments),
		cmocka_unit_test(answers_are_taken_apart_whole_or_not_at_all),
		cmocka_unit_test(files_that_answers_brought_are_removed_and_others_are_not),
	};

	return cmocka_run_group_tests_name("front_route", tests, NULL, NULL);
}
