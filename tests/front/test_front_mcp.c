#include "tests/front/front_host.h"

#include "workers/front/mcp.h"
#include "workers/front/rpc.h"
#include "workers/runtime/json.h"
#include "workers/runtime/log.h"

#define V "{\"jsonrpc\":\"2.0\","
#define META_KEYS "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
	"\"io.modelcontextprotocol/clientCapabilities\":{}"
#define META "\"_meta\":{" META_KEYS "}"
#define INITIALIZE(version)                                                                        \
	V "\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\""                     \
	version "\",\"capabilities\":{},\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}}}"
#define SIXTY "123456789012345678901234567890123456789012345678901234567890"
#define NO_ERROR 0
#define SILENT 1
#define CALLED 2

static struct mcp_session session;

static int
open_session(void **state)
{
	memset(&session, 0, sizeof(session));
	log_threshold(LOG_PANIC);
	return host_open(state);
}

/* One message and what became of it: NO_ERROR, SILENT, CALLED or the error's code; the answer is
 * left in *ret_json (NULL when there is none). */
static int
receive(const char *text, cJSON **ret_json, struct request **ret_request)
{
	const struct json_limits limits = { 64, 200000 };
	struct mcp_outcome outcome;
	int result = NO_ERROR;

	*ret_json = NULL;
	mcp_receive(&host.front, &session, text, strlen(text), &outcome);
	if (outcome.kind == MCP_SILENCE) {
		assert_int_equal(outcome.answer.len, 0);
		assert_null(outcome.request);
		result = SILENT;
	} else if (outcome.kind == MCP_CALL) {
		assert_int_equal(outcome.answer.len, 0);
		assert_non_null(outcome.request);
		result = CALLED;
	} else {
		const cJSON *error;

		assert_null(outcome.request);
		assert_int_equal(json_parse(outcome.answer.at, outcome.answer.len, &limits,
		    ret_json), OK);
		error = json_get(*ret_json, "error");
		assert_true((error == NULL) != (json_get(*ret_json, "result") == NULL));
		if (error != NULL) {
			assert_true(cJSON_IsString(json_get(error, "message")));
			result = json_get(error, "code")->valueint;
		}
	}
	json_text_fini(&outcome.answer);
	*ret_request = outcome.request;
	return result;
}

static void
expect(const char *text, int result)
{
	struct request *request;
	cJSON *json;
	int got = receive(text, &json, &request);

	if (got != result)
		fail_msg("%d instead of %d: %s", got, result, text);
	if (request != NULL)
		request_discard(request);
	cJSON_Delete(json);
}

static cJSON *
answer_to(const char *text)
{
	struct request *request;
	cJSON *json;

	assert_int_equal(receive(text, &json, &request), NO_ERROR);
	return json;
}

struct row {
	const char *text;
	int result;
};

static void
expect_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect(rows[i].text, rows[i].result);
}

#define EXPECT_ALL(...)                                                                            \
	do {                                                                                       \
		static const struct row rows_[] = { __VA_ARGS__ };                                 \
		expect_all(rows_, COUNT_OF(rows_));                                                \
	} while (0)

/* ---- A: the base ---- */

static void
what_is_no_request_never_ends_anything(void **state)
{
	(void)state;
	EXPECT_ALL(
	    { "", RPC_PARSE_ERROR },
	    { "garbage", RPC_PARSE_ERROR },
	    { "[]", RPC_INVALID_REQUEST },
	    { V "\"id\":null,\"method\":\"ping\"}", RPC_INVALID_REQUEST },
	    { V "\"id\":1.5,\"method\":\"ping\"}", RPC_INVALID_REQUEST },
	    { V "\"id\":1,\"method\":7}", RPC_INVALID_REQUEST },
	    { V "\"id\":1,\"method\":\"ping\",\"params\":[]}", RPC_INVALID_PARAMS },
	    { V "\"id\":1,\"method\":\"ping\"}", NO_ERROR });
}

static void
notifications_and_responses_are_never_answered(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		EXPECT_ALL(
		    { V "\"method\":\"notifications/initialized\"}", SILENT },
		    { V "\"method\":\"notifications/cancelled\"}", SILENT },
		    { V "\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":[]}}",
		    SILENT },
		    { V "\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":99}}",
		    SILENT },
		    { V "\"method\":\"notifications/never_heard_of\"}", SILENT },
		    { V "\"method\":\"tools/list\"}", SILENT },
		    { V "\"method\":\"tools/call\",\"params\":{\"name\":\"list_profiles\"}}",
		    SILENT },
		    { V
		    "\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\"}}",
		    SILENT },
		    { V "\"method\":[1]}", SILENT },
		    { "{\"method\":\"ping\"}", SILENT },
		    { V "\"method\":\"ping\",\"params\":3}", SILENT },
		    { V "\"id\":5,\"result\":{}}", SILENT },
		    { V "\"id\":5,\"error\":{\"code\":1,\"message\":\"m\"}}", SILENT },
		    { V "\"error\":{\"code\":1,\"message\":\"m\"}}", SILENT });
		if (round == 0) {
			assert_null(session.revision);
			expect(INITIALIZE("2025-11-25"), NO_ERROR);
		}
	}
}

static void
ids_are_echoed_as_they_stood(void **state)
{
	static const char *const ids[] = { "1", "0", "-5", SIXTY, "\"\"", "\"a\\u00e9\\\"\\n\\/\"",
	    "\"\xf0\x9f\x90\x8d\"" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		for (int method = 0; method < 2; method++) {     /* a result and an error */
			struct mcp_outcome outcome;
			char text[256], echo[256];

			snprintf(text, sizeof(text), V "\"id\":%s,\"method\":\"%s\"}", ids[i],
			    method == 0 ? "ping" : "nope");
			snprintf(echo, sizeof(echo), "\"id\":%s,", ids[i]);
			mcp_receive(&host.front, &session, text, strlen(text), &outcome);
			assert_non_null(strstr(outcome.answer.at, echo));
			json_text_fini(&outcome.answer);
		}
}

static void
errors_without_an_id_follow_the_session(void **state)
{
	static const struct {
		const char *initialize;
		bool null_id;
	} rows[] = { { NULL, false }, { INITIALIZE("2025-11-25"), false },
	    { INITIALIZE("2025-06-18"), true },
		{ INITIALIZE("2024-11-05"), true } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct mcp_outcome outcome;

		memset(&session, 0, sizeof(session));
		if (rows[i].initialize != NULL)
			expect(rows[i].initialize, NO_ERROR);
		mcp_receive(&host.front, &session, "{", 1, &outcome);
		assert_int_equal(strstr(outcome.answer.at, "\"id\":null") != NULL, rows[i].null_id);
		assert_int_equal(strstr(outcome.answer.at, "\"id\"") != NULL, rows[i].null_id);
		json_text_fini(&outcome.answer);
	}
}

static void
an_id_that_is_open_is_refused_and_the_first_keeps_it(void **state)
{
	static const char call[] = V "\"id\":\"x\\u0079\",\"method\":\"tools/call\",\"params\":{"
	    META
	    ",\"name\":\"list_profiles\"}}";
	struct request *first, *none;
	cJSON *json;

	(void)state;
	assert_int_equal(receive(call, &json, &first), CALLED);
	assert_int_equal(receive(call, &json, &none), RPC_INVALID_REQUEST);
	cJSON_Delete(json);
	expect(V "\"id\":\"x\\u0079\",\"method\":\"ping\"}", RPC_INVALID_REQUEST);
	expect(V "\"id\":\"other\",\"method\":\"ping\"}", NO_ERROR);
	request_discard(first);
	assert_int_equal(receive(call, &json, &first), CALLED);
	request_discard(first);
}

/* ---- B: eras ---- */

static void
a_handshake_agrees_on_a_version(void **state)
{
	static const struct {
		const char *initialize, *agreed;
	} rows[] = {
		{ INITIALIZE("2025-11-25"), "2025-11-25" },
		{ INITIALIZE("2025-06-18"), "2025-06-18" },
		{ INITIALIZE("2025-03-26"), "2025-03-26" },
		{ INITIALIZE("2024-11-05"), "2024-11-05" },
		{ INITIALIZE("2026-07-28"), "2025-11-25" },
		         /* never the one without a handshake */
		{ INITIALIZE("2099-01-01"), "2025-11-25" },
		{ INITIALIZE(""), "2025-11-25" },
		{ INITIALIZE("2025-11-25 "), "2025-11-25" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		cJSON *json;

		memset(&session, 0, sizeof(session));
		json = answer_to(rows[i].initialize);
		assert_string_equal(json_get(json_get(json, "result"),
		    "protocolVersion")->valuestring, rows[i].agreed);
		assert_string_equal(session.revision->name, rows[i].agreed);
		assert_null(json_get(json_get(json, "result"), "resultType"));
		cJSON_Delete(json);
	}
}

static void
a_handshake_without_a_version_is_told_which_there_are(void **state)
{
	static const char *const texts[] = { V "\"id\":1,\"method\":\"initialize\"}",
		V "\"id\":1,\"method\":\"initialize\",\"params\":{}}",
		V "\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":7}}" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct request *none;
		cJSON *json;

		assert_int_equal(receive(texts[i], &json, &none), RPC_INVALID_PARAMS);
		assert_non_null(strstr(json_get(json_get(json, "error"), "message")->valuestring,
		    "2025-11-25"));
		cJSON_Delete(json);
		assert_null(session.revision);
	}
	expect(INITIALIZE("2025-11-25"), NO_ERROR);
	expect(INITIALIZE("2025-11-25"), RPC_INVALID_REQUEST);
}

static void
without_a_session_a_request_is_told_what_is_missing(void **state)
{
	static const char *const texts[] = { V "\"id\":1,\"method\":\"tools/list\"}",
		V "\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"list_profiles\"}}",
		V "\"id\":1,\"method\":\"logging/setLevel\",\"params\":{\"level\":\"info\"}}",
		V "\"id\":1,\"method\":\"server/discover\"}", V
		    "\"id\":1,\"method\":\"never/heard\"}",
		V "\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{}}}" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct request *none;
		const char *message;
		cJSON *json;

		assert_int_equal(receive(texts[i], &json, &none), RPC_INVALID_PARAMS);
		message = json_get(json_get(json, "error"), "message")->valuestring;
		assert_non_null(strstr(message, "io.modelcontextprotocol/protocolVersion"));
		assert_non_null(strstr(message, "io.modelcontextprotocol/clientCapabilities"));
		cJSON_Delete(json);
	}
	expect(V "\"id\":1,\"method\":\"ping\"}", NO_ERROR);
}

#define MODERN(method) V "\"id\":1,\"method\":\"" method "\",\"params\":{" META "}}"
#define LEGACY(method) V "\"id\":1,\"method\":\"" method "\",\"params\":{}}"

static void
each_era_has_its_methods(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		EXPECT_ALL(
		    { MODERN("server/discover"), NO_ERROR },
		    { MODERN("tools/list"), NO_ERROR },
		    { MODERN("initialize"), RPC_METHOD_NOT_FOUND },
		    { MODERN("ping"), RPC_METHOD_NOT_FOUND },
		    { MODERN("logging/setLevel"), RPC_METHOD_NOT_FOUND },
		    { MODERN("resources/subscribe"), RPC_METHOD_NOT_FOUND },
		    { MODERN("resources/list"), RPC_METHOD_NOT_FOUND },
		    { MODERN("prompts/list"), RPC_METHOD_NOT_FOUND },
		    { MODERN("completion/complete"), RPC_METHOD_NOT_FOUND },
		    { MODERN("Tools/List"), RPC_METHOD_NOT_FOUND },
		    { MODERN("notifications/initialized"), RPC_METHOD_NOT_FOUND });
		if (round == 0)
			expect(INITIALIZE("2025-06-18"), NO_ERROR);      /* after discovery,
			    and modern stays modern */
	}
	EXPECT_ALL(
	    { LEGACY("ping"), NO_ERROR },
	    { LEGACY("tools/list"), NO_ERROR },
	    { LEGACY("server/discover"), RPC_METHOD_NOT_FOUND },
	    { LEGACY("resources/list"), RPC_METHOD_NOT_FOUND },
	    { LEGACY("prompts/list"), RPC_METHOD_NOT_FOUND },
	    { LEGACY("notifications/initialized"), RPC_METHOD_NOT_FOUND },
	    { LEGACY(""), RPC_METHOD_NOT_FOUND });
	assert_string_equal(session.revision->name, "2025-06-18");
}

static void
requests_are_served_before_the_client_says_initialized(void **state)
{
	(void)state;
	EXPECT_ALL(
	    { INITIALIZE("2025-11-25"), NO_ERROR },
	    { LEGACY("tools/list"), NO_ERROR },
	    { V "\"method\":\"notifications/initialized\"}", SILENT },
	    { LEGACY("tools/list"), NO_ERROR });
	assert_true(session.initialized);
}

/* ---- D: modern metadata ---- */

#define WITH_META(keys) V "\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{" keys "}}}"
#define VERSION(v) "\"io.modelcontextprotocol/protocolVersion\":" v
#define CAPABILITIES(v) "\"io.modelcontextprotocol/clientCapabilities\":" v
#define LEVEL(v) "\"io.modelcontextprotocol/logLevel\":" v

static void
modern_metadata_is_checked(void **state)
{
	(void)state;
	EXPECT_ALL(
	    { WITH_META(VERSION("\"2026-07-28\"") "," CAPABILITIES("{}")), NO_ERROR },
	    { WITH_META(VERSION("\"2026-07-28\"") "," CAPABILITIES("{\"x\":1}")), NO_ERROR },
	    { WITH_META(VERSION("7") "," CAPABILITIES("{}")), RPC_INVALID_PARAMS },
	    { WITH_META(VERSION("null") "," CAPABILITIES("{}")), RPC_INVALID_PARAMS },
	    { WITH_META(VERSION("\"2026-07-28\"")), RPC_INVALID_PARAMS },
	    { WITH_META(VERSION("\"2026-07-28\"") "," CAPABILITIES("[]")), RPC_INVALID_PARAMS },
	    { WITH_META(VERSION("\"2025-11-25\"") "," CAPABILITIES("{}")),
	    RPC_UNSUPPORTED_VERSION },
	    { WITH_META(VERSION("\"2099-01-01\"") "," CAPABILITIES("{}")),
	    RPC_UNSUPPORTED_VERSION },
	    { WITH_META(VERSION("\"\"") "," CAPABILITIES("{}")), RPC_UNSUPPORTED_VERSION },
	    { WITH_META(VERSION("\"2026-07-28\"") "," CAPABILITIES("{}") "," LEVEL("\"info\"")),
	    NO_ERROR },
	    { WITH_META(VERSION("\"2026-07-28\"") "," CAPABILITIES("{}") "," LEVEL("\"loud\"")),
	    RPC_INVALID_PARAMS },
	    { WITH_META(VERSION("\"2026-07-28\"") "," CAPABILITIES("{}") "," LEVEL("3")),
	    RPC_INVALID_PARAMS });
	assert_null(session.revision);           /* nothing is remembered */
	assert_int_equal(session.log_level, 0);
}

static void
an_unsupported_version_is_answered_with_what_discovery_says(void **state)
{
	struct request *none;
	cJSON *json, *discovered = answer_to(MODERN("server/discover"));

	(void)state;
	receive(WITH_META(VERSION("\"2099-01-01\"") "," CAPABILITIES("{}")), &json, &none);
	assert_true(cJSON_Compare(json_get(json_get(json_get(json, "error"), "data"), "supported"),
	    json_get(json_get(discovered, "result"), "supportedVersions"), true));
	assert_string_equal(json_get(json_get(json_get(json, "error"), "data"),
	    "requested")->valuestring, "2099-01-01");
	cJSON_Delete(json);
	cJSON_Delete(discovered);
}

/* ---- logging ---- */

static void
log_levels_are_words_of_a_list(void **state)
{
	static const struct {
		const char *level;
		int result, kept;
	} rows[] = { { "\"debug\"", NO_ERROR, 1 }, { "\"info\"", NO_ERROR, 2 }, { "\"emergency\"",
	    NO_ERROR, 8 },
		{ "\"INFO\"", RPC_INVALID_PARAMS, 8 }, { "\"\"", RPC_INVALID_PARAMS, 8 }, { "3",
		    RPC_INVALID_PARAMS, 8 },
		{ "null", RPC_INVALID_PARAMS, 8 } };

	(void)state;
	expect(INITIALIZE("2025-11-25"), NO_ERROR);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[256];

		snprintf(text, sizeof(text), V
		    "\"id\":1,\"method\":\"logging/setLevel\",\"params\":{\"level\":%s}}",
		    rows[i].level);
		expect(text, rows[i].result);
		assert_int_equal(session.log_level, rows[i].kept);
	}
	expect(LEGACY("logging/setLevel"), RPC_INVALID_PARAMS);
}

/* ---- tools ---- */

#define CALL(params) V "\"id\":1,\"method\":\"tools/call\",\"params\":{" META params "}}"
#define LIST(params) V "\"id\":1,\"method\":\"tools/list\",\"params\":{" META params "}}"

static void
cursors_that_nobody_gave_out_are_refused(void **state)
{
	(void)state;
	EXPECT_ALL(
	    { LIST(",\"cursor\":\"x\""), RPC_INVALID_PARAMS },
	    { LIST(",\"cursor\":\"\""), RPC_INVALID_PARAMS },
	    { LIST(",\"cursor\":7"), RPC_INVALID_PARAMS },
	    { LIST(",\"unknown\":7"), NO_ERROR });
}

static void
calls_need_a_known_tool_and_an_object(void **state)
{
	(void)state;
	EXPECT_ALL(
	    { CALL(""), RPC_INVALID_PARAMS },
	    { CALL(",\"name\":7"), RPC_INVALID_PARAMS },
	    { CALL(",\"name\":\"\""), RPC_INVALID_PARAMS },
	    { CALL(",\"name\":\"no_such_tool\""), RPC_INVALID_PARAMS },
	    { CALL(",\"name\":\"List_Profiles\""), RPC_INVALID_PARAMS },
	    { CALL(",\"name\":\"list_profiles\",\"arguments\":[]"), RPC_INVALID_PARAMS },
	    { CALL(",\"name\":\"list_profiles\",\"arguments\":null"), RPC_INVALID_PARAMS },
	    { CALL(",\"name\":\"list_profiles\",\"arguments\":\"{}\""), RPC_INVALID_PARAMS },
	    { CALL(",\"name\":\"list_profiles\",\"arguments\":{}"), CALLED },
	    { CALL(",\"name\":\"list_profiles\""), CALLED },
	    { CALL(",\"name\":\"server_status\""), CALLED });    /* known, whatever is listed */
}

static void
arguments_that_do_not_fit_are_a_result_that_says_so(void **state)
{
	static const struct {
		const char *params, *part;   /* of the message */
	} rows[] = {
		{ ",\"name\":\"list_profiles\",\"arguments\":{\"limit\":\"x\"}", "limit" },
		{ ",\"name\":\"list_profiles\",\"arguments\":{\"limit\":0}", "limit" },
		{ ",\"name\":\"list_profiles\",\"arguments\":{\"colour\":1}", "colour" },
		{ ",\"name\":\"get_profile\"", "profile_id" },
		{ ",\"name\":\"get_profile\",\"arguments\":{\"profile_id\":\"../../etc\"}",
		    "profile_id" },
		{ ",\"name\":\"profile_code\",\"arguments\":{\"code\":\"\"}", "code" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[512];
		const cJSON *result, *content;
		cJSON *json;

		snprintf(text, sizeof(text), V "\"id\":1,\"method\":\"tools/call\",\"params\":{"
		    META "%s}}", rows[i].params);
		json = answer_to(text);
		result = json_get(json, "result");
		content = json_get(result, "structuredContent");
		assert_true(cJSON_IsTrue(json_get(result, "isError")));
		assert_string_equal(json_get(content, "error")->valuestring, "invalid_argument");
		assert_non_null(strstr(json_get(content, "message")->valuestring, rows[i].part));
		assert_non_null(json_get(content, "hint"));
		cJSON_Delete(json);
	}
}

static void
long_names_in_errors_are_cut_between_characters(void **state)
{
	char text[1024], name[400] = "x";

	(void)state;
	for (size_t i = 1; i + 3 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa9", 3);
	snprintf(text, sizeof(text), V "\"id\":1,\"method\":\"%s\",\"params\":{" META "}}", name);
	expect(text, RPC_METHOD_NOT_FOUND);
	snprintf(text, sizeof(text), CALL(",\"name\":\"%s\""), name);
	expect(text, RPC_INVALID_PARAMS);
}

/* ---- cancelling ---- */

static struct {
	unsigned finished, answered;
	int slot;
} heard;

static void
on_finish(void *arg, int slot, const char *text, size_t len)
{
	(void)arg, (void)len;
	heard.finished++;
	heard.answered += text != NULL;
	heard.slot = slot;
}

static void
on_notify(void *arg, const char *text, size_t len)
{
	(void)arg, (void)text, (void)len;
}

static void
on_set_job(void *arg, int slot, const char *job_id)
{
	(void)arg, (void)slot, (void)job_id;
}

static void
on_blame(void *arg, int slot)
{
	(void)arg, (void)slot;
}

static bool
never_congested(void *arg)
{
	(void)arg;
	return false;
}

static const struct channel channel = { .notify = on_notify, .finish = on_finish,
    .set_job = on_set_job,
	.blame = on_blame, .congested = never_congested };

static void
a_request_is_cancelled_by_its_token(void **state)
{
	static const struct {
		const char *id, *cancelled;
		bool hit;
	} rows[] = { { "1", "1", true }, { "1", "2", false }, { "1", "\"1\"", false }, { SIXTY,
	    SIXTY, true },
		{ "\"a\\u00e9\"", "\"a\\u00e9\"", true }, { "\"\"", "\"\"", true } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct request *request;
		char text[512];
		cJSON *json;

		memset(&heard, 0, sizeof(heard));
		snprintf(text, sizeof(text), V "\"id\":%s,\"method\":\"tools/call\",\"params\":{"
		    META
		    ",\"name\":\"list_profiles\"}}", rows[i].id);
		assert_int_equal(receive(text, &json, &request), CALLED);
		request_begin(request, &channel, 4, "");
		snprintf(text, sizeof(text), V
		    "\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":%s}}",
		    rows[i].cancelled);
		expect(text, SILENT);
		expect(text, SILENT);
		assert_int_equal(heard.finished, rows[i].hit ? 1 : 0);
		assert_int_equal(heard.answered, 0);
		assert_int_equal(requests_count(host.front.requests), rows[i].hit ? 0 : 1);
		if (!rows[i].hit)
			request_cancel(request);
	}
}

/* ---- what is not handled ---- */

static void
what_is_refused_unread_is_answered_by_its_id_if_it_has_one(void **state)
{
	static const struct {
		const char *text;
		enum err e;
		int code;
		const char *id;
	} rows[] = {
		{ "{\"id\":\"q\",\"method\":\"tools/call\"}", ERR_POISONED, RPC_INTERNAL_ERROR,
		    "\"id\":\"q\"" },
		{ "{\"id\":5}", ERR_BUSY, RPC_INTERNAL_ERROR, "\"id\":5" },
		{ NULL, ERR_TOO_LARGE, RPC_INVALID_REQUEST, NULL },
		{ "{\"id\":", ERR_POISONED, RPC_INTERNAL_ERROR, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct mcp_outcome outcome;
		char code[32];

		mcp_refuse(&session, rows[i].text, rows[i].text == NULL ? 0 : strlen(rows[i].text),
		    rows[i].e, &outcome);
		assert_int_equal(outcome.kind, MCP_ANSWER);
		snprintf(code, sizeof(code), "\"code\":%d", rows[i].code);
		assert_non_null(strstr(outcome.answer.at, code));
		if (rows[i].id != NULL)
			assert_non_null(strstr(outcome.answer.at, rows[i].id));
		else
			assert_null(strstr(outcome.answer.at, "\"id\""));
		json_text_fini(&outcome.answer);
	}
}

int
main(void)
{
#define WITH_SESSION(f) cmocka_unit_test_setup_teardown(f, open_session, host_close)
	const struct CMUnitTest tests[] = {
		WITH_SESSION(what_is_no_request_never_ends_anything),
		WITH_SESSION(notifications_and_responses_are_never_answered),
		WITH_SESSION(ids_are_echoed_as_they_stood),
		WITH_SESSION(errors_without_an_id_follow_the_session),
		WITH_SESSION(an_id_that_is_open_is_refused_and_the_first_keeps_it),
		WITH_SESSION(a_handshake_agrees_on_a_version),
		WITH_SESSION(a_handshake_without_a_version_is_told_which_there_are),
		WITH_SESSION(without_a_session_a_request_is_told_what_is_missing),
		WITH_SESSION(each_era_has_its_methods),
		WITH_SESSION(requests_are_served_before_the_client_says_initialized),
		WITH_SESSION(modern_metadata_is_checked),
		WITH_SESSION(an_unsupported_version_is_answered_with_what_discovery_says),
		WITH_SESSION(log_levels_are_words_of_a_list),
		WITH_SESSION(cursors_that_nobody_gave_out_are_refused),
		WITH_SESSION(calls_need_a_known_tool_and_an_object),
		WITH_SESSION(arguments_that_do_not_fit_are_a_result_that_says_so),
		WITH_SESSION(long_names_in_errors_are_cut_between_characters),
		WITH_SESSION(a_request_is_cancelled_by_its_token),
		WITH_SESSION(what_is_refused_unread_is_answered_by_its_id_if_it_has_one),
	};

	return cmocka_run_group_tests_name("front_mcp", tests, NULL, NULL);
}
