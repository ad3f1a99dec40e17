#include "tests/runtime/turn.h"

#include "workers/front/revision.h"

/* MCP's changelogs: which field exists from when. */
static const struct revision expected[] = {
	{ "2026-07-28", .modern = true, .annotations = true, .structured = true },
	{ "2025-11-25", .annotations = true, .structured = true },
	{ "2025-06-18", .annotations = true, .structured = true, .null_error_id = true },
	{ "2025-03-26", .annotations = true, .null_error_id = true, .batches = true },
	{ "2024-11-05", .null_error_id = true, .batches = true },
};

static void
rows_are_the_revisions_newest_first(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT_OF(expected); i++) {
		const struct revision *row = revision_row(i);

		assert_string_equal(row->name, expected[i].name);
		assert_int_equal(row->modern, expected[i].modern);
		assert_int_equal(row->annotations, expected[i].annotations);
		assert_int_equal(row->structured, expected[i].structured);
		assert_int_equal(row->null_error_id, expected[i].null_error_id);
		assert_int_equal(row->batches, expected[i].batches);
		assert_ptr_equal(revision_find(row->name, strlen(row->name)), row);
	}
	assert_null(revision_row(COUNT_OF(expected)));
}

static void
names_compare_as_whole_strings(void **state)
{
	static const char *const others[] = { "", "2025-11-2", "2025-11-255", "2025-11-26",
	    "2099-01-01", "2025-11-25 ",
		"DRAFT-2025-11-25", "1.0" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_null(revision_find(others[i], strlen(others[i])));
	assert_null(revision_find("2025-11-25\0x", 12));
}

static void
the_newest_with_a_handshake_is_not_modern(void **state)
{
	(void)state;
	assert_string_equal(revision_newest_legacy()->name, "2025-11-25");
	assert_false(revision_newest_legacy()->modern);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_the_revisions_newest_first),
		cmocka_unit_test(names_compare_as_whole_strings),
		cmocka_unit_test(the_newest_with_a_handshake_is_not_modern),
	};

	return cmocka_run_group_tests_name("front_revision", tests, NULL, NULL);
}
