/* Which Python runs the program, and which Scalene it has. */
#ifndef WORKERS_PROFILER_INTERPRETER_H
#define WORKERS_PROFILER_INTERPRETER_H

#include <stdbool.h>

#include "protocol/limits.h"
#include "workers/profiler/refusal.h"
#include "workers/profiler/strings.h"

struct interpreter {
	/* as it is executed; a link of a virtual environment stays one */
	char path[LIMIT_PATH];
	char python_version[32];
	char scalene_dir[LIMIT_PATH];    /* the package's folder */
	char scalene_version[32];
	int major, minor, patch;         /* of Scalene */
	bool free_threaded;
};

/*
 * Finds the interpreter: `argument` (may be NULL), SCALENE_PYTHON_EXECUTABLE, .venv/bin/python of
 * the project, VIRTUAL_ENV/bin/python, python3 on PATH. The first two are what somebody asked for,
 * so nothing else is tried when they are wrong. A name without a slash is searched on PATH, a
 * relative path starts at cwd. The project's .venv is looked for in `project` and its parents up to
 * the one that holds .git or pyproject.toml, and used only when it belongs to this user, to root or
 * to the owner of `project`. `environment` is that of the run. ERR_NO_PYTHON names everything that
 * was tried.
 */
enum err interpreter_find(const char *argument, const struct strings *environment, const char *cwd,
    const char *project, char ret_path[LIMIT_PATH], struct refusal *why);

/* The program for `python -c` that prints what interpreter_parse reads: without importing Scalene,
 * which takes 20 times as long. */
extern const char interpreter_question[];

/* Reads what the question printed, which may stand among other output. ERR_NO_PYTHON: it is not
 * there; ERR_NO_SCALENE: there is no Scalene, or one before 1.5. */
enum err interpreter_parse(const char *path, const char *printed, size_t len,
    struct interpreter *ret_interpreter, struct refusal *why);

/*
 * What was learned lately about the interpreter at `path`, while neither it nor Scalene's version
 * file changed. The answer is for runs whose PYTHONPATH and PYTHONHOME are this process's own.
 */
bool interpreter_recall(const char *path, struct interpreter *ret_interpreter);
void interpreter_remember(const struct interpreter *interpreter);

#endif
