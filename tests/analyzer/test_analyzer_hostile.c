/* Bytes that nobody wrote on purpose: whatever is read must be refused, or hold together to the
 * end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/analyzer/help.h"
#include "workers/analyzer/model.h"

static const uint8_t no_facts[] = { 0x80 };

/* Details of the first files; those of a name that several files end with are refused. */
static void
use_files(struct value model)
{
	struct profile p;

	assert_int_equal(model_read(model, &p), OK);
	for (uint32_t i = 0; i < p.file_count && i < 3; i++) {
		struct view_query q = { .view = text_of("file_details"), .top_n = 1000,
		    .filename = p.files[i].path };
		struct view_problem problem;
		struct value_writer w;
		enum err e;

		value_writer_init(&w);
		e = analysis_view(model, (struct value){ no_facts, 1 }, q, &w, &problem);
		assert_true(e == OK || problem.message[0] != '\0');
		assert_true(value_done(&w).len <= 500000);
		value_writer_fini(&w);
	}
	profile_fini(&p);
}

/* Runs every view on a model, which must be acceptable. */
static void
use_model(struct value model)
{
	static const char *const names[] = { "bottlenecks", "cpu_hotspots", "functions",
	    "gpu_hotspots", "leaks", "memory_hotspots", "overview", "profile",
	    "recommendations" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct view_query q = { .view = text_of(names[i]), .top_n = 1000,
		    .cpu_threshold = 0, .memory_threshold_mb = 0 };
		struct view_problem problem;
		struct value_writer w;
		struct value answer;

		value_writer_init(&w);
		assert_int_equal(analysis_view(model, (struct value){ no_facts, 1 }, q, &w,
		    &problem), OK);
		answer = value_done(&w);
		assert_true(value_check(answer.at, answer.len));
		assert_true(answer.len <= 500000);
		value_writer_fini(&w);
	}
	use_files(model);
}

/* Returns whether there was a profile. */
static bool
use_profile(const char *text, size_t len)
{
	struct reading r;
	struct value summary;
	bool read;

	assert_int_equal(reading_make(text_of("ok"), text, len, &r), OK);
	summary = value_done(&r.summary);
	assert_true(value_check(summary.at, summary.len));
	assert_true(summary.len <= 60000);
	read = r.has_model;
	if (read)
		use_model(value_done(&r.model));
	else
		assert_false(text_is(r.outcome, "ok"));
	reading_fini(&r);
	return read;
}

static void
test_truncated(void **state)
{
	uint32_t random = 20261122;

	(void)state;
	for (size_t i = 0; fixture_names[i] != NULL; i++) {
		size_t len;
		char *text = fixture_text(fixture_names[i], &len);

		for (unsigned j = 0; j < 200; j++) {
			size_t cut = next_random(&random) % (len - 2);
			char *copy = malloc(cut == 0 ? 1 : cut);    /* reading past it shows */

			assert_non_null(copy);
			memcpy(copy, text, cut);
			assert_false(use_profile(copy, cut));
			free(copy);
		}
		free(text);
	}
}

static void
mutate(char *text, size_t len, uint32_t *random)
{
	static const char likely[] = "0123456789-+.eE{}[]\",:\\ntfu";
	unsigned changes = 1 + next_random(random) % 3;

	for (unsigned i = 0; i < changes; i++) {
		size_t at = next_random(random) % len;
		uint32_t r = next_random(random);

		text[at] = r & 1 ? likely[(r >> 8) % (sizeof(likely) - 1)] : (char)(r >> 8);
	}
}

/* The changed text in a block of its very size. */
static unsigned
use_mutated(const char *text, size_t len, unsigned times, uint32_t *random)
{
	char *copy = malloc(len);
	unsigned read = 0;

	assert_non_null(copy);
	for (unsigned i = 0; i < times; i++) {
		memcpy(copy, text, len);
		mutate(copy, len, random);
		read += use_profile(copy, len);
	}
	free(copy);
	return read;
}

static void
test_mutated(void **state)
{
	uint32_t random = 4711;
	unsigned read = use_mutated(small_profile, strlen(small_profile), 10000, &random);

	(void)state;
	assert_in_range(read, 500, 9500);   /* both ways are walked */
}

static void
test_mutated_fixtures(void **state)
{
	uint32_t random = 815;

	(void)state;
	for (size_t i = 0; fixture_names[i] != NULL; i++) {
		size_t len;
		char *text = fixture_text(fixture_names[i], &len);

		use_mutated(text, len, 30, &random);
		free(text);
	}
}

/* The model of the small profile in a block of its very size. */
static uint8_t *
small_model(size_t *ret_len)
{
	struct reading r;
	struct value model;
	uint8_t *copy;

	assert_int_equal(reading_make(text_of("ok"), small_profile, strlen(small_profile), &r), OK);
	model = value_done(&r.model);
	copy = malloc(model.len);
	assert_non_null(copy);
	memcpy(copy, model.at, model.len);
	*ret_len = model.len;
	reading_fini(&r);
	return copy;
}

static void
test_truncated_model(void **state)
{
	size_t len;
	uint8_t *whole = small_model(&len);

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut == 0 ? 1 : cut);
		struct profile p;

		assert_non_null(copy);
		memcpy(copy, whole, cut);
		assert_int_equal(model_read((struct value){ copy, cut }, &p), ERR_CORRUPT);
		profile_fini(&p);
		free(copy);
	}
	free(whole);
}

static void
test_mutated_model(void **state)
{
	size_t len;
	uint8_t *whole = small_model(&len), *copy = malloc(len);
	uint32_t random = 99;
	unsigned read = 0;

	(void)state;
	assert_non_null(copy);
	for (unsigned i = 0; i < 20000; i++) {
		struct profile p;
		enum err e;

		memcpy(copy, whole, len);
		for (unsigned j = 0; j <= i % 3; j++)
			copy[next_random(&random) % len] = (uint8_t)(next_random(&random) >> 8);
		e = model_read((struct value){ copy, len }, &p);
		profile_fini(&p);
		if (e == OK) {
			read++;
			use_model((struct value){ copy, len });
		} else {
			assert_int_equal(e, ERR_CORRUPT);
		}
	}
	assert_in_range(read, 500, 19500);
	free(copy);
	free(whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_mutated_fixtures),
		cmocka_unit_test(test_truncated_model),
		cmocka_unit_test(test_mutated_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
