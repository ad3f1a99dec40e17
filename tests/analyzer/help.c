#include "tests/analyzer/help.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "workers/runtime/json.h"

const char small_profile[] =
    "{\"program\":\"/p/main.py\",\"args\":null,\"filename\":\"/p\",\"entrypoint_dir\":\"/p\",\n"
    " \"elapsed_time_sec\":2.5,\"start_time_absolute\":1795356214.5,\"alloc_samples\":12,"
    "\"growth_rate\":-3.5,\n"
    " \"max_footprint_mb\":80.125,\"max_footprint_python_fraction\":0.5,"
    "\"native_allocations_mb\":0,\n"
    " \"memory\":true,\"gpu\":false,\"async_profile\":true,\"unknown\":[{\"deep\":[[[1]]]}],\n"
    " \"samples\":[[1000000000,10],[2000000000,80.125]],\n"
    " \"combined_stacks\":[[[{\"kind\":\"py\"}],3]],\n"
    " \"stacks\":[[[\"/p/main.py <module>:9;\",\"/p/my lib/util.py Box.fill:3;\"],{\"count\":150,"
    "\"c_time\":0.5}],\n"
    "  [[\"/p/main.py <module>:9;\"],{\"count\":50}]],\n"
    " \"files\":{\n"
    "  \"/p/main.py\":{\"percent_cpu_time\":25,\"imports\":[],\"leaks\":{},\"functions\":[],"
    "\"lines\":[\n"
    "   {\"lineno\":8,\"line\":\"\\n\",\"n_cpu_percent_python\":0,\"start_function_line\":0,"
    "\"end_function_line\":0},\n"
    "   {\"lineno\":9,\"line\":\"if 1 \\\\u003c 2 \\\\u0026 3: run(\\\"\\u00e9\\\")\\n\","
    "\"n_cpu_percent_python\":20,\n"
    "    \"n_cpu_percent_c\":5,\"n_sys_percent\":0,\"start_function_line\":0,"
    "\"end_function_line\":0}]},\n"
    "  \"/p/my lib/util.py\":{\"percent_cpu_time\":75,\"leaks\":{\"4\":{\"likelihood\":0.97,"
    "\"velocity_mb_s\":1.5}},\n"
    "   \"functions\":[{\"line\":\"Box.fill\",\"lineno\":2,\"n_cpu_percent_python\":1}],"
    "\"lines\":[\n"
    "   {\"lineno\":1,\"line\":\"class Box:\\n\",\"start_function_line\":1,"
    "\"end_function_line\":4},\n"
    "   {\"lineno\":2,\"line\":\"    def fill(self):\\n\",\"n_cpu_percent_python\":10,"
    "\"start_function_line\":2,\n"
    "    \"end_function_line\":4},\n"
    "   {\"lineno\":3,\"line\":\"        for i in self:\\n\",\"n_cpu_percent_c\":40,"
    "\"n_sys_percent\":5,\n"
    "    \"start_function_line\":2,\"end_function_line\":4,\"start_outermost_loop\":3,"
    "\"end_outermost_loop\":4},\n"
    "   {\"lineno\":4,\"line\":\"            self.x.append(i)\\n\",\"n_cpu_percent_python\":15,"
    "\"n_cpu_percent_c\":5,\n"
    "    \"n_malloc_mb\":70.5,\"n_peak_mb\":60.25,\"n_copy_mb_s\":1.5,\"start_function_line\":2,\n"
    "    \"end_function_line\":4,\"memory_samples\":[[1,2]],\"async_task_names\":[\"t\"]}]}}}\n";

const char *const fixture_names[] = {
	"alloc_memory", "asyncio_cpu", "decorated_memory", "hot_loop_cpu", "leak_log_memory",
	    "legacy_1_5_55", "orders_after",
	"orders_before", "shop_multifile", NULL,
};

char *
fixture_text(const char *name, size_t *ret_len)
{
	char path[4096];
	FILE *f;
	char *text;
	long size;

	snprintf(path, sizeof(path), "%s/%s.json", FIXTURES_DIR, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	assert_true(size > 0);
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	*ret_len = fread(text, 1, (size_t)size, f);
	assert_int_equal(*ret_len, (size_t)size);
	fclose(f);
	return text;
}

struct value
value_from_json(const char *text, struct value_writer *w)
{
	struct json_limits limits = { 32, 10000 };
	cJSON *json;

	value_writer_init(w);
	assert_int_equal(json_parse(text, strlen(text), &limits, &json), OK);
	assert_int_equal(json_to_value(json, w), OK);
	cJSON_Delete(json);
	return value_done(w);
}

cJSON *
json_of(struct value v)
{
	struct json_limits limits = { 64, 1000000 };
	char *text = json_from_value(v);
	cJSON *json;

	assert_non_null(text);
	assert_int_equal(json_parse(text, strlen(text), &limits, &json), OK);
	free(text);
	return json;
}

cJSON *
view_of(const char *text, const char *facts, struct view_query q, enum err *ret_error,
    struct view_problem *ret_problem)
{
	struct value_writer encoded, answer;
	struct view_problem problem;
	struct reading r;
	cJSON *json = NULL;
	enum err e;

	assert_int_equal(reading_make(text_of("ok"), text, strlen(text), &r), OK);
	assert_true(r.has_model);
	value_writer_init(&answer);
	e = analysis_view(value_done(&r.model), value_from_json(facts, &encoded), q, &answer,
	    &problem);
	if (e == OK)
		json = json_of(value_done(&answer));
	if (ret_error == NULL)
		assert_int_equal(e, OK);
	else
		*ret_error = e;
	if (ret_problem != NULL)
		*ret_problem = problem;
	value_writer_fini(&answer);
	value_writer_fini(&encoded);
	reading_fini(&r);
	return json;
}

cJSON *
summary_of(const char *text)
{
	struct reading r;
	cJSON *json;

	assert_int_equal(reading_make(text_of("ok"), text, text == NULL ? 0 : strlen(text), &r),
	    OK);
	json = json_of(value_done(&r.summary));
	reading_fini(&r);
	return json;
}

double
number_at(const cJSON *object, const char *key)
{
	const cJSON *item = json_get(object, key);

	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

const char *
string_at(const cJSON *object, const char *key)
{
	const cJSON *item = json_get(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

int
has_warning(const cJSON *answer, const char *part)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(answer, "warnings"))
		if (cJSON_IsString(item) && strstr(item->valuestring, part) != NULL)
			return 1;
	return 0;
}

char *
replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	size_t before, size = strlen(text) + strlen(to) + 1;
	char *made;

	assert_non_null(at);
	before = (size_t)(at - text);
	made = malloc(size);
	assert_non_null(made);
	memcpy(made, text, before);
	snprintf(made + before, size - before, "%s%s", to, at + strlen(from));
	return made;
}

uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}
