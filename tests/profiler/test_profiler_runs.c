/* Real programs under real Scalene, through the real executable: how each ends, and that nothing of
 * it is left. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/profiler/run_case.h"

#define SPIN \
	"import os, sys, time\nprint('pid', os.getpid(), flush=True)\n" \
	"def spin(s):\n    end = time.process_time() + s\n    x = 0\n" \
	"    while time.process_time() < end:\n        x += 1\n"

#define GRANDCHILD \
	"if os.fork() == 0:\n    os.setsid()\n" \
	"    if os.fork() == 0:\n        time.sleep(1000)\n    os._exit(0)\n"
/* Three levels, each process in a session of its own with shells that are deaf to signals. */
#define BOMB \
	"import subprocess\n" \
	"deaf = 'trap \"\" INT TERM HUP; setsid sleep 1000 & sleep 1000 & wait'\n" \
	"def bomb(depth):\n    for i in range(3):\n" \
	"        subprocess.Popen(['/bin/sh', '-c', deaf])\n" \
	"        if depth > 0 and os.fork() == 0:\n" \
	"            os.setsid()\n            bomb(depth - 1)\n            time.sleep(1000)\n" \
	"bomb(2)\n"

static const struct expectation {
	const char *name, *source;
	const char *outcome;
	int64_t exit_code;           /* INT64_MIN: a signal */
	int profile;                 /* 1 there is one, 0 there is none, -1 either */
	const char *key, *part;      /* a text of `run` that holds a part; NULL: not looked at */
	const char *warning;
} cases[] = {
	{ "ok.py", SPIN "spin(0.5)\nprint('done')\n",
	    "ok", 0, 1, "stdout_tail", "done", NULL },
	{ "raises.py", SPIN "spin(0.4)\nraise ValueError('no such luck')\n",
	    "nonzero_exit", 1, 1, "stderr_tail", "ValueError: no such luck", NULL },
	{ "exits.py", SPIN "spin(0.4)\nsys.exit(3)\n",
	    "nonzero_exit", 3, 1, NULL, NULL, NULL },
	{ "segv.py", SPIN "spin(0.2)\nimport ctypes\nctypes.string_at(0)\n",
	    "signal", INT64_MIN, 0, "signal", "SIGSEGV", "dies of a signal" },
	{ "syntax.py", "def broken(:\n    pass\n",
	    "nonzero_exit", 1, 0, "stderr_tail", "SyntaxError", NULL },
	{ "short.py", "x = 1\n",
	    "ok", 0, -1, NULL, NULL, "no sample" },
	{ "stdin.py", SPIN "spin(0.3)\nprint(repr(sys.stdin.read()))\n",
	    "ok", 0, 1, "stdout_tail", "''", NULL },
	{ "a b\xc3\xa9 \xe6\xbc\xa2.py", SPIN "spin(0.3)\n",
	    "ok", 0, 1, NULL, NULL, NULL },
	{ "grandchild.py", SPIN GRANDCHILD "spin(0.4)\n",
	    "ok", 0, -1, NULL, NULL, "still running" },
	{ "bomb.py", SPIN BOMB "spin(0.4)\n",
	    "ok", 0, -1, NULL, NULL, "still running" },
	{ "bytes.py", SPIN "spin(0.3)\nos.write(1, b'bad \\xff\\xfe end\\n')\n",
	    "ok", 0, 1, "stdout_tail", "bad \xef\xbf\xbd\xef\xbf\xbd end", NULL },
};

static void
check_ran(struct front_double *f, const struct expectation *x)
{
	assert_int_equal(f->answer, MSG_PROFILE_RAN);
	if (!text_is(f->ran.run_outcome, x->outcome))
		fail_msg("%s: outcome %.*s", x->name, (int)f->ran.run_outcome.len,
		    f->ran.run_outcome.at);
	assert_int_equal(ran_int(f, "exit_code"), x->exit_code);
	if (x->profile >= 0)
		assert_int_equal(f->ran.profile.file.at != NULL, x->profile);
	if (x->key != NULL)
		assert_true(ran_text_has(f, x->key, x->part));
	if (x->warning != NULL)
		assert_true(ran_warns(f, x->warning));
	assert_false(ran_text_has(f, "stderr_tail", "Scalene: profile saved"));
	assert_true(ran_real(f, "wall_s") > 0);
	assert_true(ran_real(f, "max_rss_mb") > 5);
}

static void
outcomes(void **state)
{
	struct front_double front;

	(void)state;
	test_python();
	front_start(&front, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct run_case c;
		case_init(&c, &front, cases[i].name, cases[i].source);
		case_run(&c);
		check_ran(&front, &cases[i]);
		case_check_clean(&c);
		case_fini(&c);
	}
	front_stop(&front);
}

/* Memory mode, once to a good end and once not. */
static void
memory_leaves_no_files(void **state)
{
	static const struct {
		const char *last, *outcome;
		bool profile;
	} ends[] = {
		{ "", "ok", true },
		{ "import ctypes\nctypes.string_at(0)\n", "signal", false },
	};
	struct front_double front;
	struct run_case c;
	char source[1024];

	(void)state;
	test_python();
	front_start(&front, NULL);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		snprintf(source, sizeof source, "%s%s%s",
		    SPIN "keep = [bytearray(1 << 20) for i in range(80)]\n", "spin(0.4)\n",
		    ends[i].last);
		case_init(&c, &front, "memory.py", source);
		c.body.memory = true;
		c.body.stacks = true;
		case_run(&c);
		assert_true(text_is(front.ran.run_outcome, ends[i].outcome));
		assert_int_equal(front.ran.profile.file.at != NULL, ends[i].profile);
		assert_int_equal(strncmp(front.first_output, "pid ", 4), 0);
		case_check_clean(&c);
		case_fini(&c);
	}
	front_stop(&front);
}

static void
code_gets_stdin_and_arguments(void **state)
{
	struct front_double front;
	struct run_case c;

	(void)state;
	test_python();
	front_start(&front, NULL);
	case_init(&c, &front, NULL, NULL);
	c.body.code =
	    text_of(SPIN "spin(0.3)\nprint(sys.argv[1:], sys.stdin.read(), "
	    "os.path.basename(os.getcwd()))\n");
	c.body.stdin = text_of("from the caller");
	case_set_args(&c, (const char *const[]){ "--json", "-o", "x y", "", NULL });
	case_run(&c);
	assert_true(text_is(front.ran.run_outcome, "ok"));
	assert_true(text_is(front.ran.program, "<code>"));
	assert_true(ran_text_has(&front, "stdout_tail",
	    "['--json', '-o', 'x y', ''] from the caller work"));
	case_check_clean(&c);
	case_fini(&c);
	front_stop(&front);
}

static void
module_runs_in_cwd(void **state)
{
	struct front_double front;
	struct run_case c;

	(void)state;
	test_python();
	front_start(&front, NULL);
	case_init(&c, &front, "tool.py", SPIN "spin(0.4)\nprint('module', sys.argv[1:])\n");
	c.body.script_path = text_of(NULL);
	c.body.module = text_of("tool");
	c.body.cwd = text_of(front.folder);
	case_set_args(&c, (const char *const[]){ "--help", NULL });
	case_run(&c);
	assert_true(text_is(front.ran.run_outcome, "ok"));
	assert_true(text_is(front.ran.program, "-m tool"));
	assert_true(ran_text_has(&front, "stdout_tail", "module ['--help']"));
	case_check_clean(&c);
	case_fini(&c);
	case_init(&c, &front, NULL, NULL);
	c.body.module = text_of("no_such_module_anywhere");
	c.body.cwd = text_of(front.folder);
	case_run(&c);
	assert_true(text_is(front.ran.run_outcome, "scalene_error"));
	case_fini(&c);
	front_stop(&front);
}

static void
much_output_in_bounded_memory(void **state)
{
	struct front_double front;
	struct run_case c;

	(void)state;
	test_python();
	front_start(&front, NULL);
	case_init(&c, &front, "flood.py",
	    SPIN "b = b'x' * 999 + b'\\n'\nfor i in range(60000):\n    "
	    "sys.stdout.buffer.write(b)\nprint('last line')\n");
	case_send(&c);
	front.taking = false;
	front_wait_output(&front, 200000);
	while (front.progress < 2 && front.answer == MSG_NONE)
		loop_run(front.loop);
	assert_int_equal(front.answer, MSG_NONE);
	assert_in_range(front.output[1], 200000, (256 << 10) + (64 << 10));
	front.taking = true;
	front_take_all(&front);
	front_wait(&front);
	assert_true(text_is(front.ran.run_outcome, "ok"));
	assert_true(ran_int(&front, "stdout_bytes") > 60000000);
	assert_true(front.output[1] > 60000000);
	assert_true(ran_text_has(&front, "stdout_tail", "last line\n"));
	case_check_clean(&c);
	case_fini(&c);
	front_stop(&front);
}

static void
out_of_memory_under_a_limit(void **state)
{
	struct front_double front;
	struct run_case c;

	(void)state;
	test_python();
	front_start(&front, NULL);
	case_init(&c, &front, "eater.py",
	    SPIN "spin(0.2)\nkeep = []\nwhile True:\n    keep.append(bytearray(16 << 20))\n");
	c.body.max_memory_mb = 700;
	case_run(&c);
	assert_true(text_is(front.ran.run_outcome, "oom"));
	case_check_clean(&c);
	case_fini(&c);
	front_stop(&front);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(memory_leaves_no_files),
		cmocka_unit_test(code_gets_stdin_and_arguments),
		cmocka_unit_test(module_runs_in_cwd),
		cmocka_unit_test(much_output_in_bounded_memory),
		cmocka_unit_test(out_of_memory_under_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
