/* Where Python is looked for, and what its answer means. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "workers/profiler/interpreter.h"
#include "workers/profiler/sweep.h"

static char base[] = "/tmp/profiler-python-XXXXXX";

static void
make(const char *name, int mode)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", base, name);
	for (char *slash = path + strlen(base) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	int fd = open(path, O_CREAT | O_WRONLY, mode);
	assert_true(fd >= 0);
	close(fd);
}

static int
make_files(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(base));
	make("own/python", 0700);
	make("setting/python", 0700);
	make("project/.venv/bin/python", 0700);
	make("project/pyproject.toml", 0600);
	make("project/src/deep/s.py", 0600);
	make("loose/.venv/bin/python", 0700);
	make("loose/sub/s.py", 0600);
	make("venv/bin/python", 0700);
	make("path/python3", 0700);
	make("path/python3.9", 0700);
	make("plain/python3", 0600);
	make("broken/.venv/bin/python", 0600);
	return 0;
}

static int
remove_files(void **state)
{
	(void)state;
	sweep_folder(AT_FDCWD, base);
	return 0;
}

/* Paths are below base; "-" is a NULL. */
static const struct {
	const char *argument, *setting, *virtual_env, *path, *project;
	const char *found;           /* NULL: ERR_NO_PYTHON */
	const char *tried;           /* part of the message then */
} searches[] = {
	{ "own/python", "setting/python", "venv", "path", "project", "own/python", NULL },
	{ NULL, "setting/python", "venv", "path", "project", "setting/python", NULL },
	{ NULL, NULL, "venv", "path", "project", "project/.venv/bin/python", NULL },
	{ NULL, NULL, "venv", "path", "project/src/deep", "project/.venv/bin/python", NULL },
	/* no sign of a project above */
	{ NULL, NULL, "venv", "path", "loose/sub", "venv/bin/python", NULL },
	{ NULL, NULL, "venv", "path", "broken", "venv/bin/python", NULL },
	{ NULL, NULL, NULL, "path", "own", "path/python3", NULL },
	{ NULL, NULL, "nowhere", "path", "own", "path/python3", NULL },
	{ "=python3.9", NULL, NULL, "path", "own", "path/python3.9", NULL },
	{ "=own/python", NULL, NULL, "path", "=", "own/python", NULL },
	{ "missing", NULL, "venv", "path", "project", NULL, "missing" },
	{ NULL, "missing", "venv", "path", "project", NULL, "missing" },
	{ "=python4", NULL, "venv", "path", "project", NULL, "python4 on PATH" },
	{ NULL, NULL, NULL, "plain", "own", NULL, "python3 on PATH" },
	{ NULL, NULL, "nowhere", "plain", "own", NULL, "nowhere/bin/python" },
	{ "own", NULL, NULL, "path", "own", NULL, "own" },
};

static const char *
below_base(const char *name, char *buf, size_t size)
{
	if (name == NULL)
		return NULL;
	snprintf(buf, size, "%s%s%s", name[0] == '=' && name[1] ? "" : base, name[0] != '=' ? "/"
	    : "",
	    name[0] == '=' ? name + 1 : name);
	return buf;
}

static void
set(struct strings *environment, const char *key, const char *name)
{
	char buf[512];

	if (name != NULL)
		strings_set(environment, key, below_base(name, buf, sizeof buf));
}

static void
search_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
		char argument[512], project[512], expected[512], found[LIMIT_PATH];
		struct strings environment = { 0 };
		struct refusal why = { 0 };
		set(&environment, "SCALENE_PYTHON_EXECUTABLE", searches[i].setting);
		set(&environment, "VIRTUAL_ENV", searches[i].virtual_env);
		set(&environment, "PATH", searches[i].path);
		const char *at = below_base(searches[i].project, project, sizeof project);
		enum err e = interpreter_find(below_base(searches[i].argument, argument,
		    sizeof argument), &environment,
		    at, at, found, &why);
		strings_fini(&environment);
		if (searches[i].found == NULL) {
			if (e != ERR_NO_PYTHON || strstr(why.message, searches[i].tried) == NULL ||
			    why.hint[0] == '\0')
				fail_msg("search %zu: %d %s", i, e, why.message);
			continue;
		}
		if (e != OK)
			fail_msg("search %zu: %s", i, why.message);
		assert_string_equal(found, below_base(searches[i].found, expected,
		    sizeof expected));
	}
}

#define ANSWER(t, v, d) "\x1epython\x1f" "3.12.1\x1f" t "\x1f" v "\x1f" d "\x1f\x1e"

static const struct {
	const char *printed;
	enum err expected;
	int major, minor, patch;
	bool free_threaded;
} answers[] = {
	{ ANSWER("-", "2.4.0", "/p/scalene"), OK, 2, 4, 0, false },
	{ "noise of sitecustomize\n" ANSWER("t", "2.3.1", "/p q/scalene") "more\n", OK, 2, 3, 1,
	    true },
	{ ANSWER("-", "1.5.16", "/p"), OK, 1, 5, 16, false },
	{ ANSWER("-", "2.5.0rc1", "/p"), OK, 2, 5, 0, false },
	{ ANSWER("-", "1.4.9", "/p"), ERR_NO_SCALENE, 0, 0, 0, false },
	{ ANSWER("-", "", ""), ERR_NO_SCALENE, 0, 0, 0, false },
	{ "", ERR_NO_PYTHON, 0, 0, 0, false },
	{ "\x1epython\x1f" "3.12.1\x1f-\x1f" "2.4.0", ERR_NO_PYTHON, 0, 0, 0, false },
	{ "Usage: sh [OPTION]...\n", ERR_NO_PYTHON, 0, 0, 0, false },
};

static void
what_the_answer_means(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct interpreter found;
		struct refusal why;
		enum err e = interpreter_parse("/v/bin/python", answers[i].printed,
		    strlen(answers[i].printed), &found, &why);
		assert_int_equal(e, answers[i].expected);
		if (e == ERR_NO_SCALENE)
			assert_int_equal(strncmp(why.hint, "/v/bin/python -m pip install ", 29), 0);
		if (e != OK)
			continue;
		assert_string_equal(found.python_version, "3.12.1");
		assert_int_equal(found.major, answers[i].major);
		assert_int_equal(found.minor, answers[i].minor);
		assert_int_equal(found.patch, answers[i].patch);
		assert_int_equal(found.free_threaded, answers[i].free_threaded);
	}
}

static void
forgets_when_something_changed(void **state)
{
	struct interpreter i = { .python_version = "3.11.2", .scalene_version = "2.4.0" }, found;
	char file[256];

	(void)state;
	make("memory/python", 0700);
	make("memory/scalene/scalene_config.py", 0600);
	snprintf(i.path, sizeof i.path, "%s/memory/python", base);
	snprintf(i.scalene_dir, sizeof i.scalene_dir, "%s/memory/scalene", base);
	assert_false(interpreter_recall(i.path, &found));
	interpreter_remember(&i);
	assert_true(interpreter_recall(i.path, &found));
	assert_string_equal(found.scalene_version, "2.4.0");
	snprintf(file, sizeof file, "%s/memory/scalene/scalene_config.py", base);
	const struct timespec times[2] = { { 1000, 0 }, { 1000, 0 } };
	assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
	assert_false(interpreter_recall(i.path, &found));
	interpreter_remember(&i);
	assert_int_equal(unlink(file), 0);
	assert_false(interpreter_recall(i.path, &found));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search_order),
		cmocka_unit_test(what_the_answer_means),
		cmocka_unit_test(forgets_when_something_changed),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
