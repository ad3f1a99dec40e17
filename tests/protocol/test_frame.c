#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/frame.h"
#include "protocol/limits.h"

static const uint8_t nil[] = { 0xc0 }, empty_map[] = { 0x80 };

static struct body_analyze
sample(void)
{
	return (struct body_analyze){ .model = { .bytes = { (const uint8_t *)"abc", 3 } }, .facts = { empty_map, 1 },
		.view = text_of("cpu_hotspots"), .top_n = 10, .filename = text_of("é b.py") };
}

static void
bodies_come_back(void **state)
{
	struct body_analyze in = sample(), out;
	struct value_writer w;

	(void)state;
	value_writer_init(&w);
	assert_int_equal(body_encode(MSG_ANALYZE, &in, &w), OK);
	assert_int_equal(body_decode(MSG_ANALYZE, value_done(&w), &out), OK);
	assert_int_equal(out.model.bytes.len, 3);
	assert_memory_equal(out.model.bytes.at, "abc", 3);
	assert_true(text_is(out.view, "cpu_hotspots"));
	assert_int_equal(out.top_n, 10);
	assert_true(text_is(out.filename, "é b.py"));
	assert_null(out.cursor.at);
	value_writer_fini(&w);
}

static void
empty_is_not_nil(void **state)
{
	struct body_analyze in = sample(), out;
	struct value_writer w;

	(void)state;
	in.model = (struct blob){ .bytes = { (const uint8_t *)"", 0 } };
	in.filename = text_of("");
	value_writer_init(&w);
	assert_int_equal(body_encode(MSG_ANALYZE, &in, &w), OK);
	assert_int_equal(body_decode(MSG_ANALYZE, value_done(&w), &out), OK);
	assert_non_null(out.model.bytes.at);
	assert_int_equal(out.model.bytes.len, 0);
	assert_non_null(out.filename.at);
	assert_int_equal(out.filename.len, 0);
	value_writer_fini(&w);
}

static void
files_travel_by_name_size_and_hash(void **state)
{
	struct body_analyze in = sample(), out;
	struct value_writer w;

	(void)state;
	in.model = (struct blob){ .file = text_of("jobs/x"), .size = LIMIT_SPOOL_FILE };
	memset(in.model.sha256, 7, SHA256_SIZE);
	value_writer_init(&w);
	assert_int_equal(body_encode(MSG_ANALYZE, &in, &w), OK);
	assert_int_equal(body_decode(MSG_ANALYZE, value_done(&w), &out), OK);
	assert_null(out.model.bytes.at);
	assert_true(text_is(out.model.file, "jobs/x"));
	assert_int_equal(out.model.size, LIMIT_SPOOL_FILE);
	assert_memory_equal(out.model.sha256, in.model.sha256, SHA256_SIZE);
	value_writer_fini(&w);
	in.model.size = (uint64_t)LIMIT_SPOOL_FILE + 1;
	value_writer_init(&w);
	assert_int_equal(body_encode(MSG_ANALYZE, &in, &w), ERR_TOO_LARGE);
	value_writer_fini(&w);
}

static void
encoding_refuses_what_decoding_would(void **state)
{
	struct body_analyze missing = sample(), long_view = sample();
	struct value_writer w;
	char view[40];

	(void)state;
	missing.view = (struct text){ NULL, 0 };
	value_writer_init(&w);
	assert_int_equal(body_encode(MSG_ANALYZE, &missing, &w), ERR_INVALID_ARGUMENT);
	value_writer_fini(&w);
	memset(view, 'v', sizeof(view));
	long_view.view = (struct text){ view, 33 };
	value_writer_init(&w);
	assert_int_equal(body_encode(MSG_ANALYZE, &long_view, &w), ERR_TOO_LARGE);
	value_writer_fini(&w);
}

static void
nan_is_nil_and_nil_is_nan(void **state)
{
	struct body_progress in = { .done = 1, .total = (double)NAN }, out;
	struct value_writer w;

	(void)state;
	value_writer_init(&w);
	assert_int_equal(body_encode(MSG_PROGRESS, &in, &w), OK);
	assert_int_equal(body_decode(MSG_PROGRESS, value_done(&w), &out), OK);
	assert_true(isnan(out.total));
	value_writer_fini(&w);
}

/* Bodies of JOB_WAIT: [text job_id, real wait_s]. */
static const struct { const char *what; const char *bytes; size_t len; enum err e; } bodies[] = {
	{ "right", "\x92\xa1j\xcb\x3f\xf0\0\0\0\0\0\0", 12, OK },
	{ "an integer for a real", "\x92\xa1j\x05", 4, OK },
	{ "a field too few", "\x91\xa1j", 3, ERR_MALFORMED },
	{ "a field too many", "\x93\xa1j\x05\x05", 5, ERR_MALFORMED },
	{ "bytes left over", "\x92\xa1j\x05\x05", 5, ERR_MALFORMED },
	{ "number for text", "\x92\x01\x05", 3, ERR_MALFORMED },
	{ "nil for what is required", "\x92\xc0\x05", 3, ERR_MALFORMED },
	{ "infinity", "\x92\xa1j\xcb\x7f\xf0\0\0\0\0\0\0", 12, ERR_MALFORMED },
	{ "text over its maximum", "\x92\xbb" "012345678901234567890123456" "\x05", 30, ERR_MALFORMED },
	{ "a map", "\x80", 1, ERR_MALFORMED },
	{ "nothing", "", 0, ERR_MALFORMED },
};

static void
hostile_bodies(void **state)
{
	struct body_job_wait out;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		memset(&out, 0x55, sizeof(out));
		if (body_decode(MSG_JOB_WAIT, (struct value){ (const uint8_t *)bodies[i].bytes, bodies[i].len }, &out) != bodies[i].e)
			fail_msg("%s", bodies[i].what);
		if (bodies[i].e != OK)
			assert_int_equal(((const uint8_t *)&out)[0], 0x55);
	}
}

static void
frames_come_back(void **state)
{
	struct frame in = { MSG_JOB_WAIT, UINT32_MAX + 5ull, 9, 1500, { nil, 1 } }, out;
	struct value_writer w;
	struct value v;

	(void)state;
	value_writer_init(&w);
	assert_int_equal(frame_encode(&in, &w), OK);
	v = value_done(&w);
	assert_int_equal(frame_decode(v.at, v.len, &out), OK);
	assert_int_equal(out.type, in.type);
	assert_true(out.request == in.request);
	assert_int_equal(out.incarnation, 9);
	assert_int_equal(out.deadline_ms, 1500);
	assert_int_equal(out.body.len, 1);
	for (size_t cut = 0; cut < v.len; cut++)
		assert_int_equal(frame_decode(v.at, cut, &out), ERR_MALFORMED);
	value_writer_fini(&w);
}

static void
limits_hold(void **state)
{
	struct frame f = { .type = MSG_ACK };
	uint8_t big[200] = { 0xda, 0, 197 };
	struct value_writer w;

	(void)state;
	f.body = (struct value){ big, sizeof(big) };
	value_writer_init(&w);
	assert_int_equal(frame_encode(&f, &w), ERR_TOO_LARGE);
	f.type = MSG_NONE;
	assert_int_equal(frame_encode(&f, &w), ERR_INTERNAL);
	value_writer_fini(&w);
}

static void
mutated_frames_never_break_the_decoder(void **state)
{
	struct body_analyze in = sample();
	struct value_writer body, whole;
	struct frame f = { MSG_ANALYZE, 1, 1, 0, { NULL, 0 } }, out;
	unsigned accepted = 0;
	uint8_t bytes[256];
	size_t len;

	(void)state;
	value_writer_init(&body);
	value_writer_init(&whole);
	assert_int_equal(body_encode(MSG_ANALYZE, &in, &body), OK);
	f.body = value_done(&body);
	assert_int_equal(frame_encode(&f, &whole), OK);
	len = value_done(&whole).len;
	srand(11);
	for (int i = 0; i < 100000; i++) {
		struct body_analyze decoded;

		memcpy(bytes, value_done(&whole).at, len);
		for (int k = rand() % 4; k >= 0; k--)
			bytes[(size_t)rand() % len] = (uint8_t)rand();
		if (frame_decode(bytes, len - (size_t)(rand() % 3), &out) == OK && out.type == MSG_ANALYZE)
			accepted += body_decode(out.type, out.body, &decoded) == OK;
	}
	assert_true(accepted > 100);
	value_writer_fini(&body);
	value_writer_fini(&whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_come_back),
		cmocka_unit_test(empty_is_not_nil),
		cmocka_unit_test(files_travel_by_name_size_and_hash),
		cmocka_unit_test(encoding_refuses_what_decoding_would),
		cmocka_unit_test(nan_is_nil_and_nil_is_nan),
		cmocka_unit_test(hostile_bodies),
		cmocka_unit_test(frames_come_back),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(mutated_frames_never_break_the_decoder),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
