/* Which scripts and folders are accepted, and with which error others are refused. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "workers/profiler/paths.h"
#include "workers/profiler/sweep.h"

static char base[] = "/tmp/profiler-paths-XXXXXX";

static void
put(const char *name, const char *bytes, size_t len)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", base, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static int
make_files(void **state)
{
	static const char *const folders[] = { "in", "in/sub", "out", "in/folder.py", "in-beside" };
	char path[256], target[256];

	(void)state;
	assert_non_null(mkdtemp(base));
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		snprintf(path, sizeof path, "%s/%s", base, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	put("in/good.py", "x = 1\n", 6);
	put("in/sub/a \xc3\xa9.py", "x = 1\n", 6);
	put("in/empty.py", "", 0);
	put("in/bom.py", "\xef\xbb\xbfx = 1\n", 9);
	put("in/latin1.py", "# -*- coding: latin-1 -*-\ns = '\xe9'\n", 32);
	put("in/nul.py", "x\0y", 3);
	put("in/noext", "x = 1\n", 6);
	put("in/bad\xff.py", "x = 1\n", 6);
	put("in/new\nline.py", "x = 1\n", 6);
	put("out/other.py", "x = 1\n", 6);
	put("in-beside/near.py", "x = 1\n", 6);
	snprintf(path, sizeof path, "%s/in/fifo.py", base);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/in/away.py", base);
	snprintf(target, sizeof target, "%s/out/other.py", base);
	assert_int_equal(symlink(target, path), 0);
	snprintf(path, sizeof path, "%s/in/loop.py", base);
	assert_int_equal(symlink(path, path), 0);
	return 0;
}

static int
remove_files(void **state)
{
	(void)state;
	sweep_folder(AT_FDCWD, base);
	return 0;
}

/* Paths are below base, or as they are when they start with '='. */
static const struct {
	const char *script, *module, *cwd, *root;
	enum err expected;
	const char *program, *folder, *project;  /* below base; NULL: not looked at */
	const char *said;                        /* part of the message */
} cases[] = {
	{ "in/good.py", NULL, NULL, NULL, OK, "in/good.py", "in", "in", NULL },
	{ "in/good.py", NULL, "out", NULL, OK, "in/good.py", "out", "in", NULL },
	{ "=good.py", NULL, "in", NULL, OK, "in/good.py", "in", "in", NULL },
	{ "in/sub/../good.py", NULL, NULL, "in", OK, "in/good.py", "in", "in", NULL },
	{ "in/sub/a \xc3\xa9.py", NULL, NULL, "in", OK, "in/sub/a \xc3\xa9.py", "in/sub", "in/sub",
	    NULL },
	{ "in/empty.py", NULL, NULL, NULL, OK, "in/empty.py", "in", "in", NULL },
	{ "in/away.py", NULL, NULL, NULL, OK, "out/other.py", "out", "out", NULL },
	{ NULL, "m", "in", "in", OK, NULL, "in", "in", NULL },
	{ "in/missing.py", NULL, NULL, NULL, ERR_NOT_FOUND, NULL, NULL, NULL, "in/missing.py" },
	{ "in/good.py/x.py", NULL, NULL, NULL, ERR_NOT_FOUND, NULL, NULL, NULL, "x.py" },
	{ "in/folder.py", NULL, NULL, NULL, ERR_INVALID_ARGUMENT, NULL, NULL, NULL, "is a directory"
	    },
	{ "in", NULL, NULL, NULL, ERR_INVALID_ARGUMENT, NULL, NULL, NULL, "is a directory" },
	{ "in/fifo.py", NULL, NULL, NULL, ERR_INVALID_ARGUMENT, NULL, NULL, NULL, "regular file" },
	{ "in/loop.py", NULL, NULL, NULL, ERR_INVALID_ARGUMENT, NULL, NULL, NULL, "loop.py" },
	{ "in/noext", NULL, NULL, NULL, ERR_INVALID_ARGUMENT, NULL, NULL, NULL,
	    "does not end in .py" },
	{ "in/bom.py", NULL, NULL, NULL, ERR_INVALID_ARGUMENT, NULL, NULL, NULL, "byte order mark"
	    },
	{ "in/latin1.py", NULL, NULL, NULL, ERR_INVALID_ARGUMENT, NULL, NULL, NULL,
	    "not UTF-8 (line 2" },
	{ "in/nul.py", NULL, NULL, NULL, ERR_INVALID_ARGUMENT, NULL, NULL, NULL, "NUL" },
	{ "in/new\nline.py", NULL, NULL, NULL, ERR_INVALID_ARGUMENT, NULL, NULL, NULL,
	    "control characters" },
	{ "out/other.py", NULL, NULL, "in", ERR_OUTSIDE_ROOT, NULL, NULL, NULL, "out/other.py" },
	{ "in-beside/near.py", NULL, NULL, "in", ERR_OUTSIDE_ROOT, NULL, NULL, NULL, "near.py" },
	{ "in/../out/other.py", NULL, NULL, "in", ERR_OUTSIDE_ROOT, NULL, NULL, NULL, "outside" },
	{ "in/away.py", NULL, NULL, "in", ERR_OUTSIDE_ROOT, NULL, NULL, NULL, "away.py" },
	{ "in/good.py", NULL, NULL, "nowhere", ERR_OUTSIDE_ROOT, NULL, NULL, NULL, "good.py" },
	{ "in/good.py", NULL, "out", "in", ERR_OUTSIDE_ROOT, NULL, NULL, NULL, "out" },
	{ "in/good.py", NULL, "missing", NULL, ERR_NOT_FOUND, NULL, NULL, NULL, "cwd" },
	{ "in/good.py", NULL, "in/good.py", NULL, ERR_INVALID_ARGUMENT, NULL, NULL, NULL,
	    "not a directory" },
	{ NULL, "m", NULL, "in", ERR_OUTSIDE_ROOT, NULL, NULL, NULL, "working folder" },
};

static struct text
below_base(const char *name, char *buf, size_t size)
{
	if (name == NULL)
		return text_of(NULL);
	if (name[0] == '=')
		return text_of(name + 1);
	snprintf(buf, size, "%s/%s", base, name);
	return text_of(buf);
}

static void
check(const char *what, const char *expected, const char *got)
{
	char buf[512];

	if (expected != NULL && strcmp(got, below_base(expected, buf, sizeof buf).at) != 0)
		fail_msg("%s is %s", what, got);
}

static void
scripts_and_folders(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char script[512], cwd[512], root[512];
		struct run_request r = { .kind = cases[i].module != NULL ? PROGRAM_MODULE
		    : PROGRAM_SCRIPT };
		struct roots roots = { .count = cases[i].root != NULL };
		struct run_paths paths;
		struct refusal why = { 0 };
		r.body.script_path = below_base(cases[i].script, script, sizeof script);
		r.body.module = text_of(cases[i].module);
		r.body.cwd = below_base(cases[i].cwd, cwd, sizeof cwd);
		roots.at[0] = below_base(cases[i].root, root, sizeof root).at;
		enum err e = paths_resolve(&r, &roots, &paths, &why);
		if (e != cases[i].expected)
			fail_msg("case %zu (%s): %d, %s", i, script, e, why.message);
		if (e != OK) {
			assert_int_equal(why.code, e);
			if (strstr(why.message, cases[i].said) == NULL)
				fail_msg("case %zu: %s", i, why.message);
			continue;
		}
		check("program", cases[i].program, paths.program);
		check("cwd", cases[i].folder, paths.cwd);
		check("project", cases[i].project, paths.project);
	}
}

static void
a_name_that_is_not_utf8(void **state)
{
	struct run_request r = { .kind = PROGRAM_SCRIPT };
	struct roots roots = { 0 };
	struct run_paths paths;
	struct refusal why;
	char link[256], target[256];

	(void)state;
	snprintf(link, sizeof link, "%s/in/link.py", base);
	snprintf(target, sizeof target, "%s/in/bad\xff.py", base);
	assert_int_equal(symlink(target, link), 0);
	r.body.script_path = text_of(link);
	assert_int_equal(paths_resolve(&r, &roots, &paths, &why), ERR_INVALID_ARGUMENT);
	assert_non_null(strstr(why.message, "not UTF-8"));
}

static void
containment(void **state)
{
	static const struct {
		const char *root, *path;
		bool inside;
	} pairs[] = {
		{ "/", "/anything", true },
		{ "/tmp", "/tmp", true },
		{ "/tmp", "/tmp/x", true },
		{ "/tmp", "/tmpx", false },
		{ "/tmp/../tmp/.", "/tmp/x", true },
		{ "/tmp", "/", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct roots roots = { .at = { pairs[i].root }, .count = 1 };
		assert_int_equal(roots_contain(&roots, pairs[i].path), pairs[i].inside);
	}
	assert_true(roots_contain(&(struct roots){ 0 }, "/anything"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_and_folders),
		cmocka_unit_test(a_name_that_is_not_utf8),
		cmocka_unit_test(containment),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
