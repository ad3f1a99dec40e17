#include "tests/front/front_host.h"

#include "workers/front/render.h"
#include "workers/runtime/json.h"

static const struct json_span id = { "7", 1 };
static const struct json_limits limits = { 64, 100000 };

/* Checks that it is one message of JSON on one line, and parses it. */
static cJSON *
parse(struct json_text *t)
{
	cJSON *json = NULL;

	assert_false(t->failed);
	assert_null(memchr(t->at, '\n', t->len));
	if (json_parse(t->at, t->len, &limits, &json) != OK)
		fail_msg("not JSON: %s", t->at);
	assert_string_equal(json_get(json, "jsonrpc")->valuestring, "2.0");
	json_text_fini(t);
	return json;
}

static void
error_ids_are_as_the_revision_wants_them(void **state)
{
	static const struct {
		const char *revision;        /* NULL: none yet */
		bool has_id;
		const char *expected;        /* part of the message */
		bool absent;                 /* no "id" at all */
	} rows[] = {
		{ NULL, true, "\"id\":7", false },
		{ NULL, false, NULL, true },
		{ "2026-07-28", false, NULL, true },
		{ "2025-11-25", false, NULL, true },
		{ "2025-06-18", false, "\"id\":null", false },
		{ "2025-03-26", false, "\"id\":null", false },
		{ "2024-11-05", false, "\"id\":null", false },
		{ "2024-11-05", true, "\"id\":7", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *name = rows[i].revision;
		struct json_text t;
		cJSON *json;

		json_text_init(&t);
		render_error(&t, name == NULL ? NULL : revision_find(name, strlen(name)),
		    rows[i].has_id ? id : (struct json_span){ NULL, 0 }, -32700,
		    "broken \"text\"\n", "{\"a\":1}");
		assert_int_equal(strstr(t.at, "\"id\"") == NULL, rows[i].absent);
		if (rows[i].expected != NULL)
			assert_non_null(strstr(t.at, rows[i].expected));
		json = parse(&t);
		assert_int_equal(json_get(json_get(json, "error"), "code")->valueint, -32700);
		assert_string_equal(json_get(json_get(json, "error"), "message")->valuestring,
		    "broken \"text\"\n");
		assert_non_null(json_get(json_get(json_get(json, "error"), "data"), "a"));
		assert_null(json_get(json, "result"));
		cJSON_Delete(json);
	}
}

static void
check_result_frame(const cJSON *json, const struct revision *revision)
{
	const cJSON *result = json_get(json, "result");

	assert_int_equal(json_get(json, "id")->valueint, 7);
	assert_null(json_get(json, "error"));
	assert_true(cJSON_IsObject(result));
	assert_int_equal(json_get(result, "resultType") != NULL, revision->modern);
	assert_int_equal(json_get(result, "_meta") != NULL, revision->modern);
	if (!revision->modern)
		return;
	assert_string_equal(json_get(result, "resultType")->valuestring, "complete");
	assert_string_equal(json_get(json_get(json_get(result, "_meta"),
	    "io.modelcontextprotocol/serverInfo"), "name")
	    ->valuestring, "scalene-mcp");
}

static void
a_tools_result_is_text_and_from_2025_06_18_on_structured(void **state)
{
	const struct revision *revision;

	(void)state;
	for (unsigned i = 0; (revision = revision_row(i)) != NULL; i++) {
		struct value_writer w;
		struct value value = value_from_json(&w,
		    "{\"text\":\"\\u00e9\\n\",\"n\":1.5,\"none\":null}");
		const cJSON *result, *content;
		struct json_text t;
		cJSON *json;

		json_text_init(&t);
		render_tool_result(&t, revision, id, value);
		json = parse(&t);
		check_result_frame(json, revision);
		result = json_get(json, "result");
		content = cJSON_GetArrayItem(json_get(result, "content"), 0);
		assert_string_equal(json_get(content, "type")->valuestring, "text");
		assert_string_equal(json_get(content, "text")->valuestring,
		    "{\"text\":\"\xc3\xa9\\n\",\"n\":1.5,\"none\":null}");
		assert_int_equal(json_get(result, "structuredContent") != NULL,
		    revision->structured);
		if (revision->structured)
			assert_string_equal(json_get(json_get(result, "structuredContent"),
			    "text")->valuestring, "\xc3\xa9\n");
		assert_true(cJSON_IsFalse(json_get(result, "isError")));
		cJSON_Delete(json);
		value_writer_fini(&w);
	}
}

static void
what_cannot_be_written_is_an_internal_error(void **state)
{
	static const struct value bad[] = { { (const uint8_t *)"\x81\x01\x01", 3 },
	    { (const uint8_t *)"\xff\xff", 2 },
		{ NULL, 0 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct json_text t;
		cJSON *json;

		json_text_init(&t);
		render_tool_result(&t, revision_row(0), id, bad[i]);
		json = parse(&t);
		assert_int_equal(json_get(json_get(json, "error"), "code")->valueint,
		    RPC_INTERNAL_ERROR);
		cJSON_Delete(json);
	}
}

static void
a_tools_failure_says_what_and_what_next(void **state)
{
	static const struct {
		struct reply reply;
		const char *error, *message, *hint;
	} rows[] = {
		{ { .error = ERR_NOT_FOUND }, "not_found", "there is nothing by that name", "check the name" },
		{ { .error = ERR_BUSY }, "busy", "too many jobs are waiting",
		    "wait for a job" },
		{ { .error = ERR_NOT_FOUND, .message = { "own words", 9 }, .hint = { "do this",
		    7 } }, "not_found", "own words",
		    "do this" },
		{ { .error = ERR_BUSY, .hint = { "wait", 4 } }, "busy", "too many jobs are waiting",
		    "wait" },
		{ { .error = (enum err)12345 }, "internal", "a fault of this program", "report it" },
		{ { .error = ERR_NOT_FOUND, .message = { "bad \xff\"\n", 7 } }, "not_found",
		    "bad \xef\xbf\xbd\"\n", "check the name" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const cJSON *result, *content;
		struct json_text t;
		cJSON *json, *inner;

		json_text_init(&t);
		render_tool_error(&t, revision_row(1), id, &rows[i].reply);
		json = parse(&t);
		check_result_frame(json, revision_row(1));
		result = json_get(json, "result");
		assert_true(cJSON_IsTrue(json_get(result, "isError")));
		content = json_get(result, "structuredContent");
		assert_string_equal(json_get(content, "error")->valuestring, rows[i].error);
		assert_string_equal(json_get(content, "message")->valuestring, rows[i].message);
		assert_non_null(strstr(json_get(content, "hint")->valuestring, rows[i].hint));
		inner = cJSON_Parse(json_get(cJSON_GetArrayItem(json_get(result, "content"), 0),
		    "text")->valuestring);
		assert_true(cJSON_Compare(inner, content, true));
		cJSON_Delete(inner);
		cJSON_Delete(json);
	}
}

static void
handshakes_and_discovery_have_the_fields_of_their_revision(void **state)
{
	const struct revision *revision;

	(void)state;
	for (unsigned i = 0; (revision = revision_row(i)) != NULL; i++) {
		const cJSON *result;
		struct json_text t;
		cJSON *json;

		json_text_init(&t);
		if (revision->modern)
			render_discover(&t, revision, id);
		else
			render_initialize(&t, revision, id);
		json = parse(&t);
		check_result_frame(json, revision);
		result = json_get(json, "result");
		assert_true(cJSON_IsObject(json_get(json_get(result, "capabilities"), "tools")));
		assert_null(json_get(json_get(result, "capabilities"), "resources"));
		assert_null(json_get(json_get(result, "capabilities"), "prompts"));
		assert_true(cJSON_IsString(json_get(result, "instructions")));
		assert_int_equal(json_get(result, "serverInfo") != NULL, !revision->modern);
		assert_int_equal(json_get(result, "protocolVersion") != NULL, !revision->modern);
		assert_int_equal(json_get(result, "ttlMs") != NULL, revision->modern);
		assert_int_equal(json_get(result, "cacheScope") != NULL, revision->modern);
		if (revision->modern)
			assert_int_equal(cJSON_GetArraySize(json_get(result, "supportedVersions")),
			    5);
		else
			assert_string_equal(json_get(result, "protocolVersion")->valuestring,
			    revision->name);
		cJSON_Delete(json);
	}
}

static void
an_unsupported_version_is_answered_with_those_that_are(void **state)
{
	const cJSON *data;
	struct json_text t;
	cJSON *json;

	(void)state;
	json_text_init(&t);
	render_unsupported(&t, id, "2099-\"01");
	json = parse(&t);
	assert_int_equal(json_get(json_get(json, "error"), "code")->valueint,
	    RPC_UNSUPPORTED_VERSION);
	data = json_get(json_get(json, "error"), "data");
	assert_string_equal(json_get(data, "requested")->valuestring, "2099-\"01");
	assert_int_equal(cJSON_GetArraySize(json_get(data, "supported")), 5);
	assert_string_equal(cJSON_GetArrayItem(json_get(data, "supported"), 0)->valuestring,
	    "2026-07-28");
	cJSON_Delete(json);
}

/* ---- tools ---- */

static cJSON *
list_tools(const struct revision *revision)
{
	struct json_text t;

	json_text_init(&t);
	render_tools(&t, revision, id, &host.front);
	return parse(&t);
}

static void
tools_have_the_fields_of_the_revision(void **state)
{
	const struct revision *revision;

	(void)state;
	for (unsigned i = 0; (revision = revision_row(i)) != NULL; i++) {
		cJSON *json = list_tools(revision);
		const cJSON *tool, *result = json_get(json, "result");
		unsigned count = 0;

		check_result_frame(json, revision);
		assert_int_equal(json_get(result, "ttlMs") != NULL, revision->modern);
		assert_int_equal(json_get(result, "cacheScope") != NULL, revision->modern);
		assert_null(json_get(result, "nextCursor"));
		cJSON_ArrayForEach(tool, json_get(result, "tools")) {
			const cJSON *input = json_get(tool, "inputSchema");

			count++;
			assert_true(cJSON_IsString(json_get(tool, "name")));
			assert_true(cJSON_IsString(json_get(tool, "description")));
			assert_string_equal(json_get(input, "type")->valuestring, "object");
			assert_true(cJSON_IsFalse(json_get(input, "additionalProperties")));
			assert_int_equal(json_get(tool, "annotations") != NULL,
			    revision->annotations);
			assert_int_equal(json_get(tool, "title") != NULL, revision->structured);
			assert_int_equal(json_get(tool, "outputSchema") != NULL,
			    revision->structured);
			assert_null(json_get(tool, "icons"));
			assert_null(json_get(tool, "execution"));
			assert_null(json_get(tool, "_meta"));
			if (revision->structured)
				assert_string_equal(json_get(json_get(tool, "outputSchema"),
				    "type")->valuestring, "object");
		}
		assert_true(count >= 6);
		cJSON_Delete(json);
	}
}

static bool
has_tool(const cJSON *json, const char *name)
{
	const cJSON *tool;

	cJSON_ArrayForEach(tool, json_get(json_get(json, "result"), "tools"))
		if (strcmp(json_get(tool, "name")->valuestring, name) == 0)
			return true;
	return false;
}

static void
toolsets_and_read_only_choose_what_is_listed(void **state)
{
	static const struct {
		enum toolset toolset;
		bool read_only;
		const char *tool;
		bool listed;
	} rows[] = {
		{ TOOLSET_DEFAULT, false, "profile_script", true },
		{ TOOLSET_DEFAULT, false, "server_status", false },
		{ TOOLSET_ALL, false, "server_status", true },
		{ TOOLSET_CORE, false, "list_profiles", true },
		{ TOOLSET_CORE, false, "server_status", false },
		{ TOOLSET_DEFAULT, true, "profile_script", false },
		{ TOOLSET_ALL, true, "cancel_job", false },
		{ TOOLSET_DEFAULT, true, "list_profiles", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		cJSON *json;

		host.front.toolset = rows[i].toolset;
		host.front.read_only = rows[i].read_only;
		json = list_tools(revision_row(0));
		if (has_tool(json, rows[i].tool) != rows[i].listed)
			fail_msg("row %zu", i);
		cJSON_Delete(json);
	}
}

static void
our_own_keywords_are_not_shown(void **state)
{
	struct json_text t;

	(void)state;
	host.front.toolset = TOOLSET_ALL;
	for (int i = 0; i < 2; i++) {        /* listing changes nothing */
		json_text_init(&t);
		render_tools(&t, revision_row(0), id, &host.front);
		assert_null(strstr(t.at, "x-ulid"));
		assert_non_null(strstr(t.at, "\"pattern\":\"^[0-7][0-9A-HJKMNP-TV-Z]{25}$\""));
		json_text_fini(&t);
	}
}

/* ---- notifications ---- */

static void
notifications_are_whole_messages_without_an_id(void **state)
{
	static const struct {
		struct body_progress progress;
		const char *expected;
	} rows[] = {
		{ { .done = 1.5, .total = 10, .message = { "a\"b", 3 } },
		    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\","
		    "\"params\":{\"progressToken\":\"t\","
		    "\"progress\":1.5,\"total\":10,\"message\":\"a\\\"b\"}}" },
		{ { .done = 2, .total = __builtin_nan("") },
		    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\","
		    "\"params\":{\"progressToken\":\"t\","
		    "\"progress\":2}}" },
	};
	const struct body_output output = { .stream = 2, .text = { "line\n\x1b[2J\xff", 10 } };
	struct json_text t;
	cJSON *json;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_text_init(&t);
		render_progress(&t, "\"t\"", &rows[i].progress);
		assert_string_equal(t.at, rows[i].expected);
		json_text_fini(&t);
	}
	json_text_init(&t);
	render_output(&t, A_ULID, &output);
	json = parse(&t);
	assert_string_equal(json_get(json, "method")->valuestring, "notifications/message");
	assert_string_equal(json_get(json_get(json, "params"), "level")->valuestring, "info");
	assert_string_equal(json_get(json_get(json, "params"), "logger")->valuestring,
	    "program.stderr");
	assert_string_equal(json_get(json_get(json_get(json, "params"), "data"),
	    "text")->valuestring,
	    "line\n\x1b[2J\xef\xbf\xbd");
	assert_null(json_get(json, "id"));
	cJSON_Delete(json);
}

int
main(void)
{
#define WITH_HOST(f) cmocka_unit_test_setup_teardown(f, host_open, host_close)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_ids_are_as_the_revision_wants_them),
		cmocka_unit_test(a_tools_result_is_text_and_from_2025_06_18_on_structured),
		cmocka_unit_test(what_cannot_be_written_is_an_internal_error),
		cmocka_unit_test(a_tools_failure_says_what_and_what_next),
		cmocka_unit_test(handshakes_and_discovery_have_the_fields_of_their_revision),
		cmocka_unit_test(an_unsupported_version_is_answered_with_those_that_are),
		WITH_HOST(tools_have_the_fields_of_the_revision),
		WITH_HOST(toolsets_and_read_only_choose_what_is_listed),
		WITH_HOST(our_own_keywords_are_not_shown),
		cmocka_unit_test(notifications_are_whole_messages_without_an_id),
	};

	return cmocka_run_group_tests_name("front_render", tests, NULL, NULL);
}
