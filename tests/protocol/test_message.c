#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "workers/analyzer/handlers.h"
#include "workers/front/call.h"
#include "workers/profiler/handlers.h"
#include "workers/runtime/worker.h"
#include "workers/store/handlers.h"

static const struct {
	enum role role;
	const struct handler *handlers;
} tables[] = {
	{ ROLE_STORE, store_handlers },
	{ ROLE_ANALYZER, analyzer_handlers },
	{ ROLE_PROFILER, profiler_handlers },
};

/* Messages that are answers or events: the front takes them where it asked, not by a table. */
static bool
is_answer(enum msg_type type)
{
	if (type == MSG_ERROR || type == MSG_PROGRESS || type == MSG_OUTPUT)
		return true;
	for (int t = 0; t < MSG_TYPE_END; t++)
		if (msg_info((enum msg_type)t) != NULL && msg_info((enum msg_type)t)->answer == type)
			return true;
	return false;
}

static unsigned
handlers_of(enum msg_type type, enum role *ret_role)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct handler *h = tables[i].handlers; h->type != MSG_NONE; h++)
			if (h->type == type) {
				*ret_role = tables[i].role;
				n++;
			}
	for (const enum msg_type *t = call_local_messages; *t != MSG_NONE; t++)
		if (*t == type) {
			*ret_role = ROLE_FRONT;
			n++;
		}
	return n;
}

static void
every_request_has_one_handler_in_its_owner(void **state)
{
	(void)state;
	for (int t = 0; t < MSG_TYPE_END; t++) {
		const struct msg_info *info = msg_info((enum msg_type)t);
		enum role role = ROLE_NONE;
		unsigned n;

		if (info == NULL || info->owner == ROLE_WORKER || is_answer((enum msg_type)t))
			continue;
		n = handlers_of((enum msg_type)t, &role);
		if (n != 1 || role != info->owner)
			fail_msg("%s: %u handlers, in %s, owned by %s", info->name, n, role_name(role), role_name(info->owner));
	}
}

static void
answers_exist_and_go_to_the_front(void **state)
{
	(void)state;
	for (int t = 0; t < MSG_TYPE_END; t++) {
		const struct msg_info *info = msg_info((enum msg_type)t);
		const struct msg_info *answer;

		if (info == NULL || info->answer == MSG_NONE)
			continue;
		answer = msg_info(info->answer);
		assert_non_null(answer);
		assert_int_equal(answer->owner, ROLE_FRONT);
		assert_int_equal(answer->answer, MSG_NONE);
	}
}

static void
no_answer_has_a_handler(void **state)
{
	enum role role;

	(void)state;
	for (int t = 0; t < MSG_TYPE_END; t++)
		if (msg_info((enum msg_type)t) != NULL && is_answer((enum msg_type)t))
			assert_int_equal(handlers_of((enum msg_type)t, &role), 0);
}

static void
fields_fit_their_body(void **state)
{
	(void)state;
	for (int t = 0; t < MSG_TYPE_END; t++) {
		const struct msg_info *info = msg_info((enum msg_type)t);

		if (info == NULL)
			continue;
		assert_int_equal(msg_by_name(info->name), t);
		assert_true(info->body_max + 64 <= LIMIT_FRAME);
		for (unsigned i = 0; i < info->field_count; i++) {
			assert_true(info->fields[i].offset < info->body_size);
			assert_true(info->fields[i].max <= info->body_max);
			assert_int_equal(msg_field(info, info->fields[i].name), i);
		}
	}
}

static void
only_runs_are_never_repeated(void **state)
{
	(void)state;
	for (int t = 0; t < MSG_TYPE_END; t++) {
		const struct msg_info *info = msg_info((enum msg_type)t);

		if (info != NULL && info->answer != MSG_NONE)
			assert_int_equal(info->repeat, t == MSG_PROFILE_RUN ? REPEAT_NEVER : REPEAT_AGAIN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_has_one_handler_in_its_owner),
		cmocka_unit_test(answers_exist_and_go_to_the_front),
		cmocka_unit_test(no_answer_has_a_handler),
		cmocka_unit_test(fields_fit_their_body),
		cmocka_unit_test(only_runs_are_never_repeated),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
