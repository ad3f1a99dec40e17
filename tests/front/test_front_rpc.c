#include "tests/runtime/turn.h"

#include "workers/front/rpc.h"

#define SIXTY "123456789012345678901234567890123456789012345678901234567890"
#define V "\"jsonrpc\":\"2.0\","

static void
assert_span(struct json_span span, const char *text)
{
	if (text == NULL) {
		assert_null(span.at);
		return;
	}
	assert_non_null(span.at);
	assert_int_equal(span.len, strlen(text));
	assert_memory_equal(span.at, text, span.len);
}

static void
messages_are_told_apart_and_ids_kept_as_tokens(void **state)
{
	static const struct {
		const char *text;
		enum rpc_kind kind;
		const char *id, *method;
	} rows[] = {
		{ "{" V "\"id\":1,\"method\":\"ping\"}", RPC_REQUEST, "1", "ping" },
		{ "{" V "\"id\":-7,\"method\":\"ping\",\"params\":{}}", RPC_REQUEST, "-7", "ping" },
		{ "{" V "\"id\":0,\"method\":\"ping\"}", RPC_REQUEST, "0", "ping" },
		{ "{" V "\"id\":" SIXTY ",\"method\":\"ping\"}", RPC_REQUEST, SIXTY, "ping" },
		{ "{" V "\"id\":\"\",\"method\":\"ping\"}", RPC_REQUEST, "\"\"", "ping" },
		{ "{" V "\"id\":\"a\\u0062\\\"\\n\",\"method\":\"p\\u0069ng\"}", RPC_REQUEST,
		    "\"a\\u0062\\\"\\n\"", "ping" },
		{ " \t\r\n{\"method\" : \"ping\" , \"id\" : 1 , \"jsonrpc\" : \"2.0\"}\n ",
		    RPC_REQUEST, "1", "ping" },
		{ "{" V "\"method\":\"notifications/initialized\"}", RPC_NOTIFICATION, NULL,
		    "notifications/initialized" },
		{ "{" V "\"id\":1,\"result\":{}}", RPC_RESPONSE, "1", NULL },
		{ "{" V "\"id\":1,\"error\":{\"code\":-1,\"message\":\"m\"}}", RPC_RESPONSE, "1",
		    NULL },
		{ "{" V "\"id\":null,\"error\":{\"code\":-1,\"message\":\"m\"}}", RPC_RESPONSE,
		    NULL, NULL },
		{ "{" V "\"error\":{\"code\":-32700,\"message\":\"m\"}}", RPC_RESPONSE, NULL,
		    NULL },
		/* malformed notifications are still notifications, and get no answer */
		{ "{\"method\":\"ping\"}", RPC_NOTIFICATION, NULL, NULL },
		{ "{" V "\"method\":7}", RPC_NOTIFICATION, NULL, NULL },
		{ "{" V "\"method\":\"x\",\"params\":3}", RPC_NOTIFICATION, NULL, NULL },
		{ "{\"jsonrpc\":\"1.0\",\"method\":\"x\",\"params\":[]}", RPC_NOTIFICATION, NULL,
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct rpc_problem problem;
		struct rpc rpc;

		if (!rpc_parse(rows[i].text, strlen(rows[i].text), &rpc, &problem))
			fail_msg("row %zu is refused: %s", i, problem.text);
		assert_int_equal(rpc.kind, rows[i].kind);
		assert_span(rpc.id, rows[i].id);
		if (rows[i].method != NULL)
			assert_string_equal(rpc.method->valuestring, rows[i].method);
		rpc_fini(&rpc);
		rpc_fini(&rpc);
	}
}

static void
what_is_no_message_is_refused_with_its_code(void **state)
{
	static const struct {
		const char *text;
		enum rpc_code code;
		const char *id;
	} rows[] = {
		{ "", RPC_PARSE_ERROR, NULL },
		{ "{", RPC_PARSE_ERROR, NULL },
		{ "nonsense", RPC_PARSE_ERROR, NULL },
		{ "{" V "\"id\":1,\"method\":\"ping\"} x", RPC_PARSE_ERROR, NULL },
		{ "{" V "\"id\":1,\"method\":\"p\xff\"}", RPC_PARSE_ERROR, NULL },
		{ "\xef\xbb\xbf{" V "\"id\":1,\"method\":\"ping\"}", RPC_PARSE_ERROR, NULL },
		{ "{" V "\"id\":1,\"id\":2,\"method\":\"ping\"}", RPC_PARSE_ERROR, NULL },
		{ "7", RPC_INVALID_REQUEST, NULL },
		{ "\"x\"", RPC_INVALID_REQUEST, NULL },
		{ "null", RPC_INVALID_REQUEST, NULL },
		{ "[]", RPC_INVALID_REQUEST, NULL },
		{ "[{" V "\"id\":1,\"method\":\"ping\"}]", RPC_INVALID_REQUEST, NULL },
		{ "{}", RPC_INVALID_REQUEST, NULL },
		{ "{" V "\"params\":{}}", RPC_INVALID_REQUEST, NULL },
		{ "{" V "\"id\":null,\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
		{ "{" V "\"id\":1.5,\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
		{ "{" V "\"id\":1.0,\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
		{ "{" V "\"id\":1e3,\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
		{ "{" V "\"id\":true,\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
		{ "{" V "\"id\":[1],\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
		{ "{" V "\"id\":{},\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
		{ "{\"id\":1,\"method\":\"ping\"}", RPC_INVALID_REQUEST, "1" },
		{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", RPC_INVALID_REQUEST, "1" },
		{ "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}", RPC_INVALID_REQUEST, "1" },
		{ "{" V "\"id\":1}", RPC_INVALID_REQUEST, "1" },
		{ "{" V "\"id\":1,\"method\":7}", RPC_INVALID_REQUEST, "1" },
		{ "{" V "\"id\":1,\"method\":null}", RPC_INVALID_REQUEST, "1" },
		{ "{" V "\"id\":\"a\",\"method\":\"ping\",\"params\":[]}", RPC_INVALID_PARAMS,
		    "\"a\"" },
		{ "{" V "\"id\":1,\"method\":\"ping\",\"params\":7}", RPC_INVALID_PARAMS, "1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct rpc_problem problem;
		struct rpc rpc;

		if (rpc_parse(rows[i].text, strlen(rows[i].text), &rpc, &problem))
			fail_msg("row %zu is taken", i);
		if (problem.code != rows[i].code)
			fail_msg("row %zu: %d", i, problem.code);
		assert_non_null(problem.text);
		assert_span(problem.id, rows[i].id);
	}
}

static void
nesting_has_a_limit(void **state)
{
	char text[1024] = "{" V "\"id\":1,\"method\":\"ping\",\"params\":{\"a\":";
	struct rpc_problem problem;
	struct rpc rpc;

	(void)state;
	for (int i = 0; i < 200; i++)
		strcat(text, "[");
	for (int i = 0; i < 200; i++)
		strcat(text, "]");
	strcat(text, "}}");
	assert_false(rpc_parse(text, strlen(text), &rpc, &problem));
	assert_int_equal(problem.code, RPC_INVALID_REQUEST);
}

static void
ids_have_a_longest_length(void **state)
{
	char text[2048];
	struct rpc_problem problem;
	struct rpc rpc;

	(void)state;
	for (int digits = 1023; digits <= 1025; digits++) {
		int n = snprintf(text, sizeof(text), "{" V "\"method\":\"ping\",\"id\":%0*d}",
		    digits, 0);

		memset(strstr(text, "\"id\":") + 5, '7', (size_t)digits);
		assert_int_equal(rpc_parse(text, (size_t)n, &rpc, &problem), digits <= 1024);
		if (digits <= 1024)
			rpc_fini(&rpc);
		else
			assert_int_equal(problem.code, RPC_INVALID_REQUEST);
	}
}

static void
the_id_of_what_is_not_looked_at_further_is_found(void **state)
{
	static const struct {
		const char *text, *id;
	} rows[] = {
		{ "{\"id\":1,\"rest\":[{\"id\":2}]}", "1" },
		{ "{\"a\":{\"id\":2},\"id\":\"x\"}", "\"x\"" },
		{ "{\"a\":{\"id\":2}}", NULL },
		{ "{\"id\":1.5}", NULL },
		{ "{\"id\":1", NULL },
		{ "[1]", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_span(rpc_id_of(rows[i].text, strlen(rows[i].text)), rows[i].id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_told_apart_and_ids_kept_as_tokens),
		cmocka_unit_test(what_is_no_message_is_refused_with_its_code),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(ids_have_a_longest_length),
		cmocka_unit_test(the_id_of_what_is_not_looked_at_further_is_found),
	};

	return cmocka_run_group_tests_name("front_rpc", tests, NULL, NULL);
}
