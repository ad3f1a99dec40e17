#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/analyzer/help.h"
#include "workers/runtime/json.h"

/* A program of one file, and the figures of one of its lines and of its remaining one. */
struct program {
	const char *source;         /* lines end with \n */
	int hot;                    /* the line that has them */
	double python, native, wait;        /* percent of all samples; line 1 has what is left */
	double peak_mb, copy_mb_s;
	int samples;                /* 0: 400; -1: no counts */
	bool memory;
};

static void
add_line(cJSON *lines, const struct program *pr, int number, const char *at, size_t len)
{
	cJSON *line = cJSON_CreateObject();
	double rest = 100 - pr->python - pr->native - pr->wait;
	char text[500];

	snprintf(text, sizeof(text), "%.*s\n", (int)len, at);
	cJSON_AddNumberToObject(line, "lineno", number);
	cJSON_AddStringToObject(line, "line", text);
	if (number == 1)
		cJSON_AddNumberToObject(line, "n_cpu_percent_python", rest);
	if (number == pr->hot) {
		cJSON_AddNumberToObject(line, "n_cpu_percent_python", pr->python);
		cJSON_AddNumberToObject(line, "n_cpu_percent_c", pr->native);
		cJSON_AddNumberToObject(line, "n_sys_percent", pr->wait);
		cJSON_AddNumberToObject(line, "n_peak_mb", pr->peak_mb);
		cJSON_AddNumberToObject(line, "n_malloc_mb", pr->peak_mb);
		cJSON_AddNumberToObject(line, "n_copy_mb_s", pr->copy_mb_s);
	}
	cJSON_AddItemToArray(lines, line);
}

static void
add_lines(cJSON *lines, const struct program *pr)
{
	const char *at = pr->source, *end;

	for (int number = 1; (end = strchr(at, '\n')) != NULL; number++, at = end + 1)
		add_line(lines, pr, number, at, (size_t)(end - at));
}

static char *
profile_text(const struct program *pr)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *file = cJSON_AddObjectToObject(cJSON_AddObjectToObject(json, "files"), "/p/a.py");
	char *text;

	cJSON_AddStringToObject(json, "filename", "/p");
	cJSON_AddNumberToObject(json, "elapsed_time_sec", 4);
	cJSON_AddNumberToObject(json, "max_footprint_mb", 100);
	cJSON_AddBoolToObject(json, "memory", pr->memory);
	if (pr->samples >= 0) {
		char stacks[100];

		snprintf(stacks, sizeof(stacks), "[[[\"/p/a.py <module>:1;\"],{\"count\":%d}]]",
		    pr->samples == 0 ? 400 : pr->samples);
		cJSON_AddItemToObject(json, "stacks", cJSON_Parse(stacks));
	}
	add_lines(cJSON_AddArrayToObject(file, "lines"), pr);
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	assert_non_null(text);
	return text;
}

static cJSON *
recommendations(const struct program *pr)
{
	struct view_query q = { .view = text_of("recommendations"), .top_n = 100,
	    .cpu_threshold = NAN, .memory_threshold_mb = NAN };
	char *text = profile_text(pr);
	cJSON *answer = view_of(text, "{}", q, NULL, NULL);

	free(text);
	return answer;
}

static const cJSON *
by_rule(const cJSON *answer, const char *rule)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(answer, "recommendations"))
		if (strcmp(string_at(item, "rule"), rule) == 0)
			return item;
	return NULL;
}

#define HEAD "import x\n\n\ndef f(rows):\n    out = []\n    for row in rows:\n"     /* 6 lines */

#define TIMED(s, h, p, n, w) { .source = s, .hot = h, .python = p, .native = n, .wait = w }
#define SAMPLED(s, h, p, n) { .source = s, .hot = h, .python = p, .samples = n }
#define HOLDS(s, h, n, mb, mb_s) { .source = s, .hot = h, .native = n, .peak_mb = mb, \
	.copy_mb_s = mb_s, .memory = true }

static const struct {
	const char *name;
	struct program program;
	const char *rule;           /* NULL: none but "none" */
} cases[] = {
	{ "only appends",
	  TIMED(HEAD "        out.append(row + 1)\n    return out\n", 7, 60, 5, 0), "R5" },
	{ "mostly native",
	  TIMED(HEAD "        out.append(row + 1)\n    return out\n", 7, 20, 50, 0),
	  NULL },
	{ "appends and more", TIMED(HEAD "        out.append(row)\n        g(row)\n", 7, 60, 0, 0),
	  NULL },
	{ "grows a text", TIMED(HEAD "        text = text + \"%d\" % row\n", 7, 5, 60, 0), "R6" },
	{ "grows a number", TIMED(HEAD "        total = total + row\n", 7, 5, 60, 0), NULL },
	{ "list membership",
	  TIMED(HEAD "        if row in out:\n            continue\n", 7, 40, 5, 0),
	  "R7" },
	{ "membership without figures of its own",
	  TIMED(HEAD "        if row not in out:\n            out.append(row)\n", 4, 30, 20, 0),
	  "R7" },
	{ "membership in a literal",
	  TIMED(HEAD "        if row in [1, 2]:\n            g()\n", 7, 40, 5, 0), "R7" },
	{ "membership in what is no list here",
	  TIMED(HEAD "        if row in table:\n            g()\n", 7, 40, 5, 0), NULL },
	{ "iteration is no membership",
	  TIMED(HEAD "        g(y for y in out)\n        g()\n", 7, 40, 5, 0), NULL },
	{ "in a string", TIMED(HEAD "        g(\"x in out\")\n        g()\n", 7, 40, 5, 0), NULL },
	{ "in a comment",
	  TIMED(HEAD "        g()  # row in out\n        g()\n", 7, 40, 5, 0), NULL },
	{ "pops the front", TIMED(HEAD "        g(out.pop(0))\n", 7, 5, 40, 0), "R8" },
	{ "pops the front outside a loop",
	  TIMED("import x\ndef f(a):\n    return a.pop(0)\n", 3, 5, 40, 0), NULL },
	{ "pops the front in Python time",
	  TIMED(HEAD "        g(out.pop(0))\n", 7, 60, 0, 0), NULL },
	{ "sorts in a loop", TIMED(HEAD "        g(sorted(row))\n", 7, 0, 50, 0), "R10" },
	{ "searches patterns",
	  TIMED(HEAD "        g(re.search(\"a\", row))\n", 7, 30, 10, 0), "R11" },
	{ "in a while loop",
	  TIMED("import x\ndef f(a):\n    while a:\n        re.match(\"a\", a)\n", 4, 30, 10, 0),
	  "R11" },
	{ "after the loop",
	  TIMED(HEAD "        g()\n    re.match(\"a\", row)\n", 8, 30, 10, 0), NULL },
	{ "in an inner function",
	  TIMED(HEAD "        g()\n    def h():\n        re.match(\"a\", row)\n", 9, 30, 10, 0),
	  NULL },
	{ "rows one by one",
	  TIMED(HEAD "        for i, r in df.iterrows():\n            g(r)\n", 7, 40, 0, 0),
	  "R14" },
	{ "array appends", TIMED(HEAD "        a = np.append(a, row)\n", 7, 0, 40, 0), "R15" },
	{ "parses each item", TIMED(HEAD "        g(json.loads(row))\n", 7, 0, 40, 0), "R17" },
	{ "deep copies", TIMED("import x\ndef f(a):\n    return copy.deepcopy(a)\n", 3, 40, 0, 0),
	  "R19" },
	{ "prints", TIMED(HEAD "        print(row)\n", 7, 5, 5, 40), "R20" },
	{ "prints fast", TIMED(HEAD "        print(row)\n", 7, 25, 25, 0), NULL },
	{ "reads in a loop", TIMED(HEAD "        g(sock.recv(10))\n", 7, 5, 5, 50), "R21" },
	{ "sleeps", TIMED("import x\ndef f(a):\n    time.sleep(a)\n", 3, 0, 0, 50), "R22" },
	{ "waits everywhere", TIMED(HEAD "        g(row)\n", 7, 5, 5, 50), NULL },
	{ "blocks the event loop",
	  TIMED("import x\nasync def f(a):\n    requests.get(a)\n", 3, 0, 10, 20), "R33" },
	{ "blocks no event loop",
	  TIMED("import x\ndef f(a):\n    urlopen(a)\n", 3, 0, 10, 20), NULL },
	{ "copies", HOLDS("import x\ndef f(a):\n    return a.copy()\n", 3, 3, 1, 150),
	  "R16" },
	{ "copies little", HOLDS("import x\ndef f(a):\n    return a.copy()\n", 3, 3, 1, 50), NULL },
	{ "holds everything",
	  HOLDS("import x\ndef f(a):\n    return [y for y in a]\n", 3, 3, 40, 0), "R24" },
	{ "holds little",
	  HOLDS("import x\ndef f(a):\n    return [y for y in a]\n", 3, 3, 20, 0), NULL },
	{ "too small a share", TIMED(HEAD "        g(re.search(\"a\", row))\n", 7, 4, 0, 0), NULL },
	{ "not surely any share",
	  SAMPLED(HEAD "        g(re.search(\"a\", row))\n", 7, 6, 100), NULL },
	{ "too few samples", SAMPLED(HEAD "        g(re.search(\"a\", row))\n", 7, 60, 99), NULL },
	{ "no sample counts", SAMPLED(HEAD "        g(re.search(\"a\", row))\n", 7, 60, -1), NULL },
	{ "enough samples", SAMPLED(HEAD "        g(re.search(\"a\", row))\n", 7, 60, 100), "R11" },
};

static void
check_item(const cJSON *item, const char *name)
{
	static const char *const texts[] = { "file", "function", "advice", "confidence", "source",
	    "evidence", "reason", "verify" };
	static const char *const confidences[] = { "low", "medium", "high" };
	double share = number_at(item, "cpu_percent");
	bool known = false;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (string_at(item, texts[i])[0] == '\0')
			fail_msg("%s: no %s", name, texts[i]);
	for (size_t i = 0; i < 3; i++)
		known = known || strcmp(string_at(item, "confidence"), confidences[i]) == 0;
	assert_true(known);
	assert_true(number_at(item, "start_line") <= number_at(item, "line"));
	assert_true(number_at(item, "line") <= number_at(item, "end_line"));
	if (json_get(item, "speedup_at_most") != NULL)
		assert_true(fabs(number_at(item, "speedup_at_most") - 1 / (1 - share / 100))
		    < 0.006);
}

static void
test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *answer = recommendations(&cases[i].program);
		const cJSON *item;

		if (cases[i].rule != NULL && by_rule(answer, cases[i].rule) == NULL)
			fail_msg("%s: no %s", cases[i].name, cases[i].rule);
		cJSON_ArrayForEach(item, json_get(answer, "recommendations")) {
			const char *rule = string_at(item, "rule");

			if (strcmp(rule, "none") == 0)
				continue;
			if (cases[i].rule == NULL || strcmp(rule, cases[i].rule) != 0)
				fail_msg("%s: %s speaks", cases[i].name, rule);
			check_item(item, cases[i].name);
		}
		cJSON_Delete(answer);
	}
}

/* Every rule of the table is met by a case. */
static void
test_all_rules_are_tested(void **state)
{
	static const char *const rules[] = { "R5", "R6", "R7", "R8", "R10", "R11", "R14", "R15",
	    "R16", "R17", "R19", "R20", "R21", "R22", "R24", "R33" };

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		bool met = false;

		for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
			met = met || (cases[k].rule != NULL && !strcmp(cases[k].rule, rules[i]));
		assert_true(met);
	}
}

static void
test_hot_without_pattern(void **state)
{
	struct program pr = TIMED(HEAD "        g(row)\n", 7, 40, 5, 0);
	cJSON *answer = recommendations(&pr);
	const cJSON *item = by_rule(answer, "none");

	(void)state;
	assert_non_null(item);
	assert_string_equal(string_at(item, "advice"), "hot, no known pattern");
	assert_null(json_get(item, "speedup_at_most"));
	assert_non_null(strstr(string_at(answer, "focus"), "<module> takes 55.0 %"));
	cJSON_Delete(answer);
}

/* What is not said is said to be withheld, and why. */
static void
test_withheld(void **state)
{
	static const struct { int samples; double wait; const char *says; } rows[] = {
		{ 50, 0, "needs 100 samples, there are 50: run about 3 times" },
		{ -1, 0, "needs sample counts" },
		{ 400, 60, "probably busy" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct program pr = { .source = HEAD "        g(row)\n", .hot = 7, .python = 20,
		    .wait = rows[i].wait, .samples = rows[i].samples };
		cJSON *answer = recommendations(&pr);
		const cJSON *first = cJSON_GetArrayItem(json_get(answer, "withheld"), 0);

		assert_int_equal(cJSON_GetArraySize(json_get(answer, "withheld")), 1);
		assert_non_null(strstr(first->valuestring, rows[i].says));
		cJSON_Delete(answer);
	}
}

/* The pattern's line has no figures, so the claim is weaker; memory profiling that copies, too. */
static void
test_confidence(void **state)
{
	struct program pr = TIMED(HEAD "        if row in out:\n            g()\n", 7, 40, 5, 0);
	cJSON *answer = recommendations(&pr);

	(void)state;
	assert_string_equal(string_at(by_rule(answer, "R7"), "confidence"), "high");
	cJSON_Delete(answer);
	pr.hot = 8;
	answer = recommendations(&pr);
	assert_string_equal(string_at(by_rule(answer, "R7"), "confidence"), "medium");
	cJSON_Delete(answer);
	pr.memory = true;
	pr.copy_mb_s = 200;
	answer = recommendations(&pr);
	assert_string_equal(string_at(by_rule(answer, "R7"), "confidence"), "low");
	cJSON_Delete(answer);
}

/* The region is the outermost loop; a pattern on several of its lines is said once. */
static void
test_region(void **state)
{
	struct program pr = TIMED("import x\ndef f(a):\n    for b in a:\n        for c in b:\n"
	    "            re.match(\"a\", c)\n            re.sub(\"a\", c)\n    return a\n", 6, 40,
	    0, 0);
	cJSON *answer = recommendations(&pr);
	const cJSON *item = by_rule(answer, "R11");

	(void)state;
	/* the other one is the module, which is hot without a pattern */
	assert_int_equal(cJSON_GetArraySize(json_get(answer, "recommendations")), 2);
	assert_true(number_at(item, "start_line") == 3 && number_at(item, "end_line") == 6);
	assert_true(number_at(item, "line") == 6 && number_at(item, "cpu_percent") == 40);
	cJSON_Delete(answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_all_rules_are_tested),
		cmocka_unit_test(test_hot_without_pattern),
		cmocka_unit_test(test_withheld),
		cmocka_unit_test(test_confidence),
		cmocka_unit_test(test_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
