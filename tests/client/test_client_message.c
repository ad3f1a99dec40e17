#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "workers/client/answer.h"
#include "workers/client/notice.h"
#include "workers/client/outcome.h"

static void
test_read(void **state)
{
	static const struct { const char *line; enum err e; enum message_kind kind; uint64_t id;
	    } cases[] = {
		{ "{\"jsonrpc\":\"2.0\",\"id\":12,\"result\":{}}", OK, MESSAGE_RESULT, 12 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}", OK, MESSAGE_ERROR, 1 },
		{ "{\"jsonrpc\":\"2.0\",\"error\":{}}", OK, MESSAGE_ERROR, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{}}", OK, MESSAGE_ERROR, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"x\"}", OK, MESSAGE_NOTIFICATION, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"id\":1}", ERR_MALFORMED, 0, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"method\":5}", ERR_MALFORMED, 0, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{}}", ERR_MALFORMED, 0, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"result\":{}}", ERR_MALFORMED, 0, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":-1,\"error\":{}}", ERR_MALFORMED, 0, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999,\"result\":{}}", ERR_MALFORMED,
		    0, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"result\":{}}", ERR_MALFORMED, 0, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}", ERR_MALFORMED, 0, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1}", ERR_MALFORMED, 0, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{}}", ERR_MALFORMED, 0,
		    0 },
		{ "{\"id\":1,\"result\":{}}", ERR_MALFORMED, 0, 0 },
		{ "{\"jsonrpc\":2.0,\"id\":1,\"result\":{}}", ERR_MALFORMED, 0, 0 },
		{ "[]", ERR_MALFORMED, 0, 0 }, { "", ERR_MALFORMED, 0, 0 }, { "hello",
		    ERR_MALFORMED, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message m;
		const char *why = NULL;

		assert_int_equal(message_read(cases[i].line, strlen(cases[i].line), &m, &why),
		    cases[i].e);
		if (cases[i].e != OK) {
			assert_non_null(why);
			continue;
		}
		assert_int_equal(m.kind, cases[i].kind);
		assert_int_equal(m.id, cases[i].id);
	}
}

static void
test_call(void **state)
{
	struct message_call call = { 3, "a\"tool", "{\"x\":1}", true };
	static const struct json_limits limits = { 20, 100 };
	char *line = message_call(&call);
	const cJSON *params;
	cJSON *json;

	(void)state;
	assert_int_equal(line[strlen(line) - 1], '\n');
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_int_equal(json_parse(line, strlen(line), &limits, &json), OK);
	params = json_get(json, "params");
	assert_string_equal(json_get(json, "method")->valuestring, "tools/call");
	assert_string_equal(json_get(params, "name")->valuestring, "a\"tool");
	assert_int_equal(json_get(json_get(params, "arguments"), "x")->valueint, 1);
	assert_int_equal(json_get(json_get(params, "_meta"), "progressToken")->valueint, 3);
	cJSON_Delete(json);
	free(line);
}

static void
test_notices(void **state)
{
#define NOTE(method, params) \
	"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/" method "\",\"params\":" params "}"
#define JOB "01JD0000000000000000000J0B"
	static const struct { const char *line; enum err e; enum notice_kind kind; const char *text,
	    *job; } cases[] = {
		{ NOTE("progress", "{\"progressToken\":1,\"progress\":2,\"message\":\"m\"}"), OK,
		    NOTICE_PROGRESS, "m", "" },
		{ NOTE("progress", "{\"progressToken\":1,\"_meta\":{\"x/job_id\":\"" JOB "\"}}"),
		    OK, NOTICE_PROGRESS, NULL, JOB },
		{ NOTE("progress", "{\"progressToken\":1,\"_meta\":{\"job_id\":\"../../x\"}}"), OK,
		    NOTICE_PROGRESS, NULL, "" },
		{ NOTE("progress", "{\"progressToken\":\"1\"}"), ERR_MALFORMED, 0, NULL, "" },
		{ NOTE("progress", "[]"), ERR_MALFORMED, 0, NULL, "" },
		{ NOTE("message",
		    "{\"logger\":\"program.stdout\",\"data\":{\"text\":\"t\",\"job_id\":\"" JOB "\"}}"),
		    OK, NOTICE_OUTPUT, "t", JOB },
		{ NOTE("message", "{\"logger\":\"program.stderr\",\"data\":{\"text\":\"t\"}}"), OK,
		    NOTICE_OUTPUT, "t", "" },
		{ NOTE("message", "{\"logger\":\"x\",\"data\":\"t\"}"), OK, NOTICE_LOG, "t", "" },
		{ NOTE("message", "{\"logger\":5,\"data\":\"t\"}"), OK, NOTICE_LOG, "t", "" },
		{ NOTE("message", "{\"logger\":\"program.stdout\",\"data\":{\"text\":5}}"),
		    ERR_MALFORMED, 0, NULL, "" },
		{ NOTE("message", "null"), ERR_MALFORMED, 0, NULL, "" },
		{ NOTE("other", "{}"), OK, NOTICE_OTHER, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message m;
		struct notice n;
		const char *why;

		assert_int_equal(message_read(cases[i].line, strlen(cases[i].line), &m, &why), OK);
		assert_int_equal(notice_read(&m, &n), cases[i].e);
		if (cases[i].e != OK)
			continue;
		assert_int_equal(n.kind, cases[i].kind);
		assert_string_equal(n.job_id, cases[i].job);
		if (cases[i].text)
			assert_string_equal(n.text, cases[i].text);
		else
			assert_null(n.text);
		notice_fini(&n);
	}
}

static void
test_outcomes(void **state)
{
	static const struct { const char *json, *text; bool ok; } cases[] = {
		{ "{\"outcome\":\"ok\"}", "ok", true },
		{ "{\"outcome\":\"nonzero_exit\",\"exit_code\":3}",
		    "nonzero_exit: the program exited with 3", false },
		{ "{\"outcome\":\"nonzero_exit\",\"run\":{\"exit_code\":3}}",
		    "nonzero_exit: the program exited with 3", false },
		{ "{\"outcome\":\"signal\",\"signal\":\"SIGSEGV\"}",
		    "signal: the program was ended by SIGSEGV", false },
		{ "{\"outcome\":\"signal\"}", "signal: the program was ended by an unknown status",
		    false },
		{ "{\"outcome\":\"new_one\"}", "new_one", false },
		{ "{\"outcome\":7}", "?", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *json = cJSON_Parse(cases[i].json);
		char text[200];

		outcome_describe(json, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
		assert_int_equal(outcome_is_ok(json), cases[i].ok);
		cJSON_Delete(json);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_outcomes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
