#include "workers/profiler/interpreter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARENTS_MAX 64
#define TRIED_MAX 900

struct search {
	const struct strings *environment;
	const char *cwd, *project;
	char tried[TRIED_MAX];
	char found[LIMIT_PATH];
};

static bool
executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static void
note_tried(struct search *s, const char *what)
{
	size_t len = strlen(s->tried);

	snprintf(s->tried + len, sizeof s->tried - len, "%s%s", len > 0 ? ", " : "", what);
}

static bool
try_path(struct search *s, const char *path)
{
	note_tried(s, path);
	if (strlen(path) >= sizeof s->found || !executable(path))
		return false;
	strcpy(s->found, path);
	return true;
}

static bool
try_on_path(struct search *s, const char *name)
{
	const char *folders = strings_value(s->environment, "PATH");
	char path[2 * LIMIT_PATH];

	for (const char *at = folders; at != NULL && *at != '\0';) {
		size_t len = strcspn(at, ":");
		if (len > 0 && len < LIMIT_PATH && *at == '/') {
			snprintf(path, sizeof path, "%.*s/%s", (int)len, at, name);
			if (executable(path))
				return try_path(s, path);
		}
		at += len + (at[len] == ':');
	}
	char what[LIMIT_PATH + 32];
	snprintf(what, sizeof what, "%s on PATH", name);
	note_tried(s, what);
	return false;
}

static bool
try_name(struct search *s, const char *name)
{
	char path[2 * LIMIT_PATH];

	if (strchr(name, '/') == NULL)
		return try_on_path(s, name);
	if (name[0] == '/')
		return try_path(s, name);
	snprintf(path, sizeof path, "%s/%s", s->cwd, name);
	return try_path(s, path);
}

/* ---- the project's own ---- */

static bool
holds(const char *folder, const char *name)
{
	char path[2 * LIMIT_PATH];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static bool
parent_of(char *folder)
{
	char *slash = strrchr(folder, '/');

	if (slash == NULL || slash[1] == '\0')
		return false;
	slash[slash == folder ? 1 : 0] = '\0';
	return true;
}

/* How many folders up the project ends: 0 when nothing marks it. */
static int
project_depth(const char *project)
{
	char folder[LIMIT_PATH];

	snprintf(folder, sizeof folder, "%s", project);
	for (int depth = 0; depth < PARENTS_MAX; depth++) {
		if (holds(folder, "pyproject.toml") || holds(folder, ".git"))
			return depth;
		if (!parent_of(folder))
			break;
	}
	return 0;
}

static bool
trusted(const char *folder, const char *project)
{
	struct stat venv, own;
	char path[2 * LIMIT_PATH];

	snprintf(path, sizeof path, "%s/.venv", folder);
	if (lstat(path, &venv) != 0 || stat(project, &own) != 0)
		return false;
	return venv.st_uid == geteuid() || venv.st_uid == 0 || venv.st_uid == own.st_uid;
}

static bool
try_project(struct search *s)
{
	char folder[LIMIT_PATH], path[2 * LIMIT_PATH];
	int depth = project_depth(s->project);

	snprintf(folder, sizeof folder, "%s", s->project);
	for (int i = 0; i <= depth; i++) {
		snprintf(path, sizeof path, "%s/.venv/bin/python",
		    strcmp(folder, "/") != 0 ? folder : "");
		if (trusted(folder, s->project) && try_path(s, path))
			return true;
		if (!parent_of(folder))
			break;
	}
	snprintf(path, sizeof path, "%s/.venv/bin/python", s->project);
	if (!holds(s->project, ".venv"))
		note_tried(s, path);
	return false;
}

static bool
try_virtual_env(struct search *s)
{
	const char *folder = strings_value(s->environment, "VIRTUAL_ENV");
	char path[2 * LIMIT_PATH];

	if (folder == NULL || folder[0] != '/' || strlen(folder) >= LIMIT_PATH)
		return false;
	snprintf(path, sizeof path, "%s/bin/python", folder);
	return try_path(s, path);
}

enum err
interpreter_find(const char *argument, const struct strings *environment, const char *cwd,
    const char *project, char ret_path[LIMIT_PATH], struct refusal *why)
{
	struct search s = { .environment = environment, .cwd = cwd, .project = project };
	const char *setting = strings_value(environment, "SCALENE_PYTHON_EXECUTABLE");
	bool found;

	if (argument != NULL)
		found = try_name(&s, argument);
	else if (setting != NULL && setting[0] != '\0')
		found = try_name(&s, setting);
	else
		found = try_project(&s) || try_virtual_env(&s) || try_on_path(&s, "python3");
	if (found) {
		strcpy(ret_path, s.found);
		return OK;
	}
	refuse(why, ERR_NO_PYTHON, "no Python interpreter was found; tried: %s", s.tried);
	if (argument != NULL)
		refusal_hint(why, "Correct `python`, or leave it out.");
	else if (setting != NULL && setting[0] != '\0')
		refusal_hint(why,
		    "Correct the variable SCALENE_PYTHON_EXECUTABLE, or give `python`.");
	else
		refusal_hint(why, "Give `python`, the interpreter that runs this program.");
	return why->code;
}

/* ---- asking it ---- */

const char interpreter_question[] =
    "import os, re, sys\n"
    "import importlib.util as u\n"
    "d = v = ''\n"
    "try:\n"
    "    s = u.find_spec('scalene')\n"
    "    d = s.submodule_search_locations[0]\n"
    "except Exception:\n"
    "    pass\n"
    "for f in ('scalene_config.py', 'scalene_version.py'):\n"
    "    try:\n"
    "        with open(os.path.join(d, f), encoding='utf-8') as h:\n"
    "            m = re.search('scalene_version *= *\"([0-9a-zA-Z.+-]+)\"', h.read())\n"
    "            v = v or m.group(1)\n"
    "    except Exception:\n"
    "        pass\n"
    "t = 't' if 't' in getattr(sys, 'abiflags', '') else '-'\n"
    "p = '%d.%d.%d' % sys.version_info[:3]\n"
    "os.write(1, os.fsencode('\\x1epython\\x1f' + '\\x1f'.join((p, t, v, d)) + '\\x1f\\x1e'))\n";

static const char marker[] = "\x1epython\x1f";

/* One field that ends in \x1f, with a NUL. Returns what follows it, NULL when it does not fit. */
static const char *
take_field(const char *at, const char *end, char *ret_field, size_t size)
{
	const char *stop = at != NULL ? memchr(at, '\x1f', (size_t)(end - at)) : NULL;

	if (stop == NULL || (size_t)(stop - at) >= size)
		return NULL;
	memcpy(ret_field, at, (size_t)(stop - at));
	ret_field[stop - at] = '\0';
	return stop + 1;
}

static enum err
check_scalene(struct interpreter *i, struct refusal *why)
{
	bool known = sscanf(i->scalene_version, "%d.%d.%d", &i->major, &i->minor, &i->patch) >= 2;
	bool old = known && (i->major < 1 || (i->major == 1 && i->minor < 5));

	if (known && !old)
		return OK;
	if (old)
		refuse(why, ERR_NO_SCALENE,
		    "%s (Python %s) has Scalene %s, which is older than 1.5", i->path,
		    i->python_version, i->scalene_version);
	else
		refuse(why, ERR_NO_SCALENE, "Scalene is not installed for %s (Python %s)", i->path,
		    i->python_version);
	refusal_hint(why, "%s -m pip install %sscalene", i->path, old ? "--upgrade " : "");
	return why->code;
}

enum err
interpreter_parse(const char *path, const char *printed, size_t len,
    struct interpreter *ret_interpreter,
    struct refusal *why)
{
	struct interpreter i = { 0 };
	char threads[8];
	const char *end = printed + len;
	const char *at = memmem(printed, len, marker, sizeof marker - 1);

	at = at != NULL ? at + sizeof marker - 1 : NULL;
	at = take_field(at, end, i.python_version, sizeof i.python_version);
	at = take_field(at, end, threads, sizeof threads);
	at = take_field(at, end, i.scalene_version, sizeof i.scalene_version);
	at = take_field(at, end, i.scalene_dir, sizeof i.scalene_dir);
	if (at == NULL || strlen(path) >= sizeof i.path) {
		refuse(why, ERR_NO_PYTHON, "%s did not run as a Python 3 interpreter", path);
		refusal_hint(why,
		    "Give `python`, the path of the interpreter that runs this program.");
		return why->code;
	}
	strcpy(i.path, path);
	i.free_threaded = threads[0] == 't';
	enum err e = check_scalene(&i, why);
	if (e == OK)
		*ret_interpreter = i;
	return e;
}

/* ---- remembering the answer ---- */

#define MEMORY 8

struct identity {
	dev_t device;
	ino_t inode;
	struct timespec changed;
};

static struct {
	struct interpreter interpreter;
	struct identity python, scalene;
} memory[MEMORY];
static unsigned next_memory;

static bool
identify(const char *path, struct identity *ret_identity)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	ret_identity->device = st.st_dev;
	ret_identity->inode = st.st_ino;
	ret_identity->changed = st.st_mtim;
	return true;
}

static bool
same(const struct identity *one, const struct identity *other)
{
	return one->device == other->device && one->inode == other->inode &&
	    one->changed.tv_sec == other->changed.tv_sec &&
	    one->changed.tv_nsec == other->changed.tv_nsec;
}

static bool
identify_scalene(const struct interpreter *i, struct identity *ret_identity)
{
	char path[LIMIT_PATH + 32];

	snprintf(path, sizeof path, "%s/scalene_config.py", i->scalene_dir);
	if (identify(path, ret_identity))
		return true;
	snprintf(path, sizeof path, "%s/scalene_version.py", i->scalene_dir);
	return identify(path, ret_identity);
}

bool
interpreter_recall(const char *path, struct interpreter *ret_interpreter)
{
	struct identity python, scalene;

	for (unsigned i = 0; i < MEMORY; i++) {
		if (strcmp(memory[i].interpreter.path, path) != 0)
			continue;
		if (!identify(path, &python) || !same(&python, &memory[i].python) ||
		    !identify_scalene(&memory[i].interpreter, &scalene) ||
		    !same(&scalene, &memory[i].scalene)) {
			memory[i].interpreter.path[0] = '\0';
			continue;
		}
		*ret_interpreter = memory[i].interpreter;
		return true;
	}
	return false;
}

void
interpreter_remember(const struct interpreter *interpreter)
{
	struct identity python, scalene;

	if (!identify(interpreter->path, &python) || !identify_scalene(interpreter, &scalene))
		return;
	memory[next_memory].interpreter = *interpreter;
	memory[next_memory].python = python;
	memory[next_memory].scalene = scalene;
	next_memory = (next_memory + 1) % MEMORY;
}
