/* The command line and environment for every Scalene that is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "workers/profiler/command.h"

#define OUT "/j/profile.json"
#define COMMON " --cpu-sampling-rate 0.01 --allocation-sampling-window 1048576"
#define END " --program-path=/p --- /p/s.py a --json"

struct flags {
	bool memory, gpu, stacks, profile_all, virtual_time;
	const char *only, *exclude;
};

static const struct {
	int major, minor, patch;
	struct flags flags;
	const char *expected;        /* after the interpreter */
} lines[] = {
	{ 2, 4, 0, { .stacks = true }, "-m scalene run -o " OUT " --cpu-only" COMMON END },
	{ 2, 4, 0, { .stacks = false }, "-m scalene run -o " OUT " --cpu-only --no-stacks"
	    COMMON END },
	{ 2, 4, 0, { .memory = true, .stacks = true }, "-m scalene run -o " OUT " --memory"
	    COMMON END },
	{ 2, 4, 0, { .memory = true, .gpu = true, .stacks = true },
	    "-m scalene run -o " OUT " --memory --gpu" COMMON END },
	{ 2, 4, 0, { .gpu = true, .stacks = true }, "-m scalene run -o " OUT " --gpu" COMMON END },
	{ 2, 4, 0, { .stacks = true, .profile_all = true, .virtual_time = true, .only = "a,b",
	    .exclude = "c d" },
	    "-m scalene run -o " OUT " --cpu-only" COMMON
	    " --profile-only=a,b --profile-exclude=c d --profile-all --use-virtual-time" END },
	{ 2, 3, 0, { .stacks = false }, "-m scalene run -o " OUT " --cpu-only --no-stacks"
	    COMMON END },
	{ 2, 2, 1, { .stacks = false }, "-m scalene run -o " OUT " --cpu-only" COMMON END },
	{ 2, 0, 1, { .stacks = true }, "-m scalene run -o " OUT " --cpu-only --stacks" COMMON END },
	{ 3, 0, 0, { .stacks = false }, "-m scalene run -o " OUT " --cpu-only --no-stacks"
	    COMMON END },
	{ 1, 5, 55, { .memory = true, .stacks = true },
	    "-m scalene --json --cli --outfile " OUT " --memory --stacks" COMMON END },
	{ 1, 5, 16, { .stacks = true }, "-m scalene --json --cli --outfile " OUT " --cpu-only"
	    COMMON END },
};

static struct run_request
request_with(const struct flags *flags, char **args)
{
	struct run_request r = { .kind = PROGRAM_SCRIPT, .args = args };

	while (args[r.arg_count] != NULL)
		r.arg_count++;
	r.body = (struct body_profile_run){ .cpu = true, .memory = flags->memory, .gpu = flags->gpu,
		.stacks = flags->stacks, .profile_all = flags->profile_all,
		.use_virtual_time = flags->virtual_time, .profile_only = text_of(flags->only),
		.profile_exclude = text_of(flags->exclude), .cpu_sampling_rate = 0.01,
		.allocation_sampling_window = 1048576 };
	return r;
}

static void
join(const struct strings *argv, char *ret_line, size_t size)
{
	ret_line[0] = '\0';
	for (size_t i = 1; i < argv->count; i++) {
		size_t at = strlen(ret_line);
		snprintf(ret_line + at, size - at, "%s%s", i > 1 ? " " : "", argv->at[i]);
	}
}

static void
by_version(void **state)
{
	static const struct run_paths paths = { .program = "/p/s.py", .project = "/p", .cwd = "/p"
	    };
	char *args[] = { "a", "--json", NULL }, line[4096];
	struct strings environment = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct run_request r = request_with(&lines[i].flags, args);
		struct interpreter python = { .path = "/v/bin/python", .scalene_dir =
		    "/v/lib/scalene",
			.major = lines[i].major, .minor = lines[i].minor, .patch = lines[i].patch };
		struct command c;
		assert_int_equal(command_build(&r, &python, &paths, OUT, "/t", &environment, &c),
		    OK);
		join(&c.argv, line, sizeof line);
		assert_string_equal(c.argv.at[0], "/v/bin/python");
		assert_string_equal(line, lines[i].expected);
		command_fini(&c);
	}
}

static void
module(void **state)
{
	static const struct run_paths paths = { .project = "/p", .cwd = "/p" };
	struct run_request r = { .kind = PROGRAM_MODULE };
	struct interpreter python = { .path = "/python", .major = 2, .minor = 4 };
	struct strings environment = { 0 };
	struct command c;

	(void)state;
	r.body.module = text_of("pkg.tool");
	assert_int_equal(command_build(&r, &python, &paths, OUT, "/t", &environment, &c), OK);
	assert_string_equal(c.argv.at[c.argv.count - 4], "--program-path=/p");
	assert_string_equal(c.argv.at[c.argv.count - 3], "---");
	assert_string_equal(c.argv.at[c.argv.count - 2], "-m");
	assert_string_equal(c.argv.at[c.argv.count - 1], "pkg.tool");
	command_fini(&c);
}

static const struct {
	int minor;
	bool memory, free_threaded;
	char *inherited[4], *env[3];
	const char *key, *expected;      /* NULL: must not be there */
} variables[] = {
	{ 4, false, false, { "A=1", NULL }, { NULL }, "A", "1" },
	{ 4, false, false, { "A=1", NULL }, { "A=2", NULL }, "A", "2" },
	{ 4, false, false, { "PYTHONMALLOC=debug", NULL }, { NULL }, "PYTHONMALLOC", NULL },
	{ 4, false, false, { NULL }, { "PYTHONMALLOC=debug", NULL }, "PYTHONMALLOC", NULL },
	{ 4, false, false, { NULL }, { "PYTHONDEVMODE=1", "PYTHONTRACEMALLOC=1", NULL },
	    "PYTHONDEVMODE", NULL },
	{ 4, false, false, { NULL }, { "PYTHONDEVMODE=1", "PYTHONTRACEMALLOC=1", NULL },
	    "PYTHONTRACEMALLOC", NULL },
	{ 4, false, false, { "NOTIFY_SOCKET=/run/x", NULL }, { NULL }, "NOTIFY_SOCKET", NULL },
	{ 4, false, false, { "SCALENE_MCP_TOKEN=secret", NULL }, { NULL }, "SCALENE_MCP_TOKEN",
	    NULL },
	{ 4, false, false, { "TMPDIR=/elsewhere", NULL }, { "TMPDIR=/other", NULL }, "TMPDIR", "/t"
	    },
	{ 4, false, false, { NULL }, { NULL }, "SCALENE_ALLOCATION_SAMPLING_WINDOW", "4096" },
	{ 4, false, false, { NULL }, { NULL }, "LD_PRELOAD", NULL },
	{ 4, true, false, { NULL }, { NULL }, "LD_PRELOAD", "libscalene.so" },
	{ 4, true, false, { "LD_PRELOAD=libx.so", NULL }, { NULL }, "LD_PRELOAD",
	    "libscalene.so:libx.so" },
	{ 4, true, false, { "LD_LIBRARY_PATH=/x", NULL }, { NULL }, "LD_LIBRARY_PATH",
	    "/v/scalene:/x" },
	{ 4, true, true, { NULL }, { NULL }, "PYTHON_GIL", "1" },
	{ 4, true, false, { NULL }, { NULL }, "PYTHON_GIL", NULL },
	{ 0, false, false, { NULL }, { NULL }, "JAX_DISABLE_JIT", "1" },
	{ 0, false, false, { "PYTORCH_JIT=1", NULL }, { NULL }, "PYTORCH_JIT", "1" },
	{ 4, false, false, { NULL }, { NULL }, "JAX_DISABLE_JIT", NULL },
};

static void
environment(void **state)
{
	static const struct run_paths paths = { .program = "/p/s.py", .project = "/p", .cwd = "/p"
	    };

	(void)state;
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		char copies[2][64], *env[3] = { NULL };
		struct run_request r = { .kind = PROGRAM_SCRIPT, .env = env };
		for (; variables[i].env[r.env_count] != NULL; r.env_count++)
			env[r.env_count] = strcpy(copies[r.env_count],
			    variables[i].env[r.env_count]);
		r.body.memory = variables[i].memory;
		r.body.allocation_sampling_window = 4096;
		struct interpreter python = { .path = "/python", .scalene_dir = "/v/scalene",
		    .major = 2,
			.minor = variables[i].minor, .free_threaded = variables[i].free_threaded };
		struct strings built;
		struct command c;
		assert_int_equal(environment_build(variables[i].inherited, &r, &built), OK);
		assert_int_equal(command_build(&r, &python, &paths, OUT, "/t", &built, &c), OK);
		const char *value = strings_value(&c.envp, variables[i].key);
		if (variables[i].expected == NULL)
			assert_null(value);
		else
			assert_string_equal(value, variables[i].expected);
		command_fini(&c);
		strings_fini(&built);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_version),
		cmocka_unit_test(module),
		cmocka_unit_test(environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
