/* The session against a server that behaves well, badly, and not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/client/double.h"
#include "workers/client/session.h"

struct heard {
	char output[2][256];
	char progress[64];
	size_t log_lines;
	enum err say;            /* what `output` returns */
};

static enum err
hear_output(void *arg, int stream, const char *text, size_t len)
{
	struct heard *h = arg;

	if (strlen(h->output[stream - 1]) + len < sizeof(h->output[0]))
		strncat(h->output[stream - 1], text, len);
	return h->say;
}

static void
hear_progress(void *arg, const char *message)
{
	struct heard *h = arg;

	if (message && strlen(message) < sizeof(h->progress))
		strcpy(h->progress, message);
}

static void
hear_log(void *arg, const char *line, size_t len)
{
	struct heard *h = arg;

	(void)line;
	(void)len;
	h->log_lines++;
}

static struct session *
open_session(struct heard *h, struct session_events *events)
{
	static const struct options options = { .command = COMMAND_LIST };
	struct session *s = NULL;

	*events = (struct session_events){ h, hear_output, hear_progress, hear_log };
	assert_int_equal(session_open(&options, events, &s), OK);
	return s;
}

static void
test_parts(void **state)
{
	static const struct {
		const char *part;
		enum err e;
		enum answer_kind kind;
		int exit;                /* the server's; -1: do not look */
	} cases[] = {
		{ "normal", OK, ANSWER_RESULT, 0 },
		{ "order", OK, ANSWER_RESULT, 0 },
		{ "crlf", OK, ANSWER_RESULT, 0 },
		{ "not_found", OK, ANSWER_TOOL_ERROR, 0 },
		{ "unstructured", OK, ANSWER_TOOL_ERROR, 0 },
		{ "rpc_error", OK, ANSWER_RPC_ERROR, 0 },
		{ "garbage", ERR_MALFORMED, 0, 0 },
		{ "no_version", ERR_MALFORMED, 0, 0 },
		{ "both", ERR_MALFORMED, 0, 0 },
		{ "a_request", ERR_MALFORMED, 0, 0 },
		{ "text_id", ERR_MALFORMED, 0, 0 },
		{ "unread", ERR_MALFORMED, 0, 0 },
		{ "input_required", ERR_MALFORMED, 0, 0 },
		{ "deep", ERR_TOO_LARGE, 0, 0 },
		{ "huge", ERR_TOO_LARGE, 0, -1 },
		{ "eof", ERR_WORKER_LOST, 0, 8 },
		{ "cannot_start", ERR_WORKER_LOST, 0, 4 },
		{ "crash", ERR_WORKER_LOST, 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct heard heard = { .say = OK };
		struct session_events events;
		struct answer answer = { .raw = NULL };
		struct session *s;

		double_play(cases[i].part);
		s = open_session(&heard, &events);
		if (session_call(s, "profile_script", "{}", true, 20000, &answer) != cases[i].e)
			fail_msg("%s: %s", cases[i].part, session_why(s));
		if (cases[i].e == OK)
			assert_int_equal(answer.kind, cases[i].kind);
		else
			assert_int_not_equal(session_why(s)[0], '\0');
		answer_fini(&answer);
		session_end(s, 5000);
		assert_true(session_server(s)->ended);
		if (cases[i].exit >= 0 && (!WIFEXITED(session_server(s)->status) ||
		    WEXITSTATUS(session_server(s)->status) != cases[i].exit))
			fail_msg("%s: the server's wait status was %x", cases[i].part,
			    session_server(s)->status);
		session_close(&s);
		assert_null(s);
		assert_true(double_is_gone());
	}
}

static void
test_heard(void **state)
{
	struct heard heard = { .say = OK };
	struct session_events events;
	struct answer answer;
	struct session *s;

	(void)state;
	double_play("normal");
	s = open_session(&heard, &events);
	assert_int_equal(session_call(s, "profile_script", "{}", true, 20000, &answer), OK);
	assert_true(answer.structured);
	assert_string_equal(heard.output[0], "out \033[1mbold\033[0m, no line end");
	assert_string_equal(heard.output[1], "err\n");
	assert_string_equal(heard.progress, "running, 1 s");
	answer_fini(&answer);
	assert_int_equal(session_call(s, "list_profiles", NULL, false, 20000, &answer), OK);
	answer_fini(&answer);
	session_end(s, 5000);
	session_close(&s);
}

/* An answer that is late does not end up as the answer of the next call. */
static void
test_deadline(void **state)
{
	struct heard heard = { .say = OK };
	struct session_events events;
	struct answer answer;
	struct session *s;
	char *log;

	(void)state;
	double_play("cancel");
	s = open_session(&heard, &events);
	assert_int_equal(session_call(s, "profile_script", "{}", true, 3000, &answer),
	    ERR_DEADLINE);
	assert_string_equal(session_job(s), "01JD0000000000000000000J0B");
	session_forgive(s);
	assert_int_equal(session_call(s, "cancel_job", "{}", false, 20000, &answer), OK);
	assert_string_equal(json_get(answer.json, "outcome")->valuestring, "cancelled");
	answer_fini(&answer);
	session_end(s, 5000);
	session_close(&s);
	log = double_log();
	assert_non_null(strstr(log, "notifications/cancelled"));
	free(log);
}

static void
test_output_refused(void **state)
{
	struct heard heard = { .say = ERR_SYSTEM };
	struct session_events events;
	struct answer answer;
	struct session *s;
	char *log;

	(void)state;
	double_play("flood");
	s = open_session(&heard, &events);
	assert_int_equal(session_call(s, "profile_script", "{}", true, 20000, &answer), ERR_SYSTEM);
	session_forgive(s);
	session_end(s, 5000);
	assert_int_equal(session_server(s)->status, 0);
	session_close(&s);
	log = double_log();
	assert_non_null(strstr(log, "notifications/cancelled"));
	free(log);
}

static void
test_interrupted(void **state)
{
	struct heard heard = { .say = OK };
	struct session_events events;
	struct answer answer;
	struct session *s;

	(void)state;
	double_play("stubborn");
	s = open_session(&heard, &events);
	raise(SIGINT);
	assert_int_equal(session_call(s, "profile_script", "{}", true, 20000, &answer),
	    ERR_CANCELLED);
	assert_int_equal(session_idle(s, 20000), ERR_CANCELLED);
	session_end(s, 20000);
	assert_true(WIFSIGNALED(session_server(s)->status));
	assert_int_equal(WTERMSIG(session_server(s)->status), SIGKILL);
	session_close(&s);
}

static void
test_not_there(void **state)
{
	static const struct options options = { .command = COMMAND_LIST };
	struct heard heard = { .say = OK };
	struct session_events events = { &heard, hear_output, hear_progress, hear_log };
	struct session *s = NULL;

	(void)state;
	setenv("SCALENE_MCP_SERVER", "/nonexistent/server", 1);
	assert_int_equal(session_open(&options, &events, &s), ERR_SYSTEM);
	assert_non_null(strstr(session_why(s), "/nonexistent/server"));
	assert_non_null(strstr(session_why(s), "No such file"));
	session_close(&s);
	setenv("SCALENE_MCP_SERVER", FAKE_SERVER_PATH, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_heard),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_output_refused),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_not_there),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, double_setup, double_teardown);
}
