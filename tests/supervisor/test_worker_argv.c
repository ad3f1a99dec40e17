#include "tests/supervisor/test_support.h"

#include "supervisor/spawn.h"
#include "supervisor/supervisor.h"

#define ID "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define COMMON(role, index)                                                                        \
	"/l/scalene-mcp-" role " --index " index " --incarnation 3 --instance " ID                 \
	" --state /s --runtime /r --log-level info"

static struct supervisor s;

static void
fill(void)
{
	memset(&s, 0, sizeof(s));
	options_defaults(&s.options);
	strcpy(s.options.libexec, "/l");
	strcpy(s.instance.id, ID);
	strcpy(s.instance.state_dir, "/s");
	strcpy(s.instance.runtime.path, "/r");
	s.options.profilers = 2;
	s.options.stdio = true;
}

static void
expect(unsigned spec, unsigned index, const char *expected)
{
	struct worker_argv a;
	struct child c;
	char line[1024] = "";

	child_init(&c, &child_specs[spec], index);
	c.incarnation = 3;
	worker_argv(&s, &c, &a);
	assert_null(a.at[a.count]);
	for (unsigned i = 0; i < a.count; i++) {
		strcat(line, i > 0 ? " " : "");
		strcat(line, a.at[i]);
	}
	assert_string_equal(line, expected);
}

static void
is_as_documented(void **state)
{
	(void)state;
	fill();
	expect(0, 0, COMMON("store", "0"));
	expect(1, 1, COMMON("analyzer", "1"));
	expect(2, 1, COMMON("profiler", "1") " --profilers 2");
	expect(3, 0, COMMON("front", "0") " --profilers 2 --analyzers 1 --toolset default --stdio");
}

static void
passes_on_roots_and_flags(void **state)
{
	(void)state;
	fill();
	s.options.roots[0] = "/a";
	s.options.roots[1] = "/b c";
	s.options.root_count = 2;
	s.options.read_only = true;
	s.options.http_path = "/x";
	expect(2, 0, COMMON("profiler", "0") " --root /a --root /b c --profilers 2");
	expect(3, 0,
	    COMMON("front",
		"0") " --profilers 2 --analyzers 1 --toolset default --read-only --stdio --http");
}

static void
holds_the_most_there_can_be(void **state)
{
	struct worker_argv a;
	struct child c;

	(void)state;
	fill();
	for (s.options.root_count = 0; s.options.root_count < OPTION_ROOTS_MAX;
	     s.options.root_count++)
		s.options.roots[s.options.root_count] = "/";
	child_init(&c, &child_specs[2], 31);
	worker_argv(&s, &c, &a);
	assert_int_equal(a.count, 13 + 2 * OPTION_ROOTS_MAX + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_as_documented),
		cmocka_unit_test(passes_on_roots_and_flags),
		cmocka_unit_test(holds_the_most_there_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
