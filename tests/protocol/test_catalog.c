#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "workers/front/catalog.h"
#include "workers/front/schema.h"
#include "workers/runtime/json.h"

static void
it_loads(void **state)
{
	struct catalog_problem problem = { "" };
	struct catalog *c = NULL;

	(void)state;
	if (catalog_load(&c, &problem) != OK)
		fail_msg("%s", problem.text);
	assert_true(c->count > 0);
	catalog_free(&c);
	assert_null(c);
}

static void
every_tool_is_complete(void **state)
{
	static const char *const hints[] = { "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint" };
	struct catalog_problem problem;
	struct schema_problem detail;
	struct catalog *c;

	(void)state;
	assert_int_equal(catalog_load(&c, &problem), OK);
	for (unsigned i = 0; i < c->count; i++) {
		const struct tool *t = &c->tools[i];

		assert_true(strlen(t->name) <= 40);
		assert_int_equal(strspn(t->name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(t->name));
		assert_ptr_equal(catalog_find(c, t->name), t);
		for (size_t h = 0; h < 4; h++)
			assert_true(cJSON_IsBool(json_get(t->annotations, hints[h])));
		assert_int_equal(cJSON_IsTrue(json_get(t->annotations, "readOnlyHint")), !t->writes);
		if (!schema_supported(t->input, &detail))
			fail_msg("%s: %s", t->name, detail.text);
		assert_string_equal(json_get(t->output, "type")->valuestring, "object");
		if (!route_check(t, &problem))
			fail_msg("%s", problem.text);
	}
	catalog_free(&c);
}

/* A tool whose route is made from text, to see what the check refuses. */
static void
check_route(const char *properties, const char *route_with, enum msg_type type, bool job, const char *expected)
{
	struct catalog_problem problem = { "" };
	cJSON *input = cJSON_Parse(properties), *with = cJSON_Parse(route_with);
	struct tool t = { .name = "t", .input = input, .job = job, .steps = { { type, with } }, .step_count = 1 };
	bool ok = route_check(&t, &problem);

	if (expected == NULL && !ok)
		fail_msg("%s", problem.text);
	if (expected != NULL && (ok || strstr(problem.text, expected) == NULL))
		fail_msg("expected '%s', got '%s'", expected, problem.text);
	cJSON_Delete(input);
	cJSON_Delete(with);
}

static void
wrong_routes_are_refused(void **state)
{
	static const char id[] = "{\"properties\":{\"job_id\":{\"type\":\"string\"}}}";

	(void)state;
	check_route(id, "{}", MSG_JOB_LOAD, false, NULL);
	check_route("{\"properties\":{}}", "{}", MSG_JOB_LOAD, false, "0 sources");
	check_route("{\"properties\":{\"job_id\":{\"type\":\"integer\"}}}", "{}", MSG_JOB_LOAD, false, "0 of its type");
	check_route(id, "{}", MSG_JOB_LOAD, true, "2 sources");
	check_route(id, "{\"nothing\":1}", MSG_JOB_LOAD, false, "has no field nothing");
	check_route("{\"properties\":{}}", "{\"job_id\":null}", MSG_JOB_LOAD, false, "0 of its type");
	check_route(id, "{\"wait_s\":true}", MSG_JOB_WAIT, false, "0 of its type");
	check_route(id, "{\"wait_s\":1.5}", MSG_JOB_WAIT, false, "gives no result");
	check_route(id, "{}", MSG_ACK, false, "has no answer");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_loads),
		cmocka_unit_test(every_tool_is_complete),
		cmocka_unit_test(wrong_routes_are_refused),
	};

	return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
