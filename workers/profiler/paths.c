#include "workers/profiler/paths.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workers/profiler/source.h"
#include "workers/profiler/utf8.h"
#include "workers/runtime/spool.h"

_Static_assert(LIMIT_PATH >= PATH_MAX, "realpath writes PATH_MAX bytes");

static bool
below(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (len == 1 && root[0] == '/')
		return true;
	return strncmp(path, root, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

bool
roots_contain(const struct roots *roots, const char *path)
{
	char root[PATH_MAX];

	for (unsigned i = 0; i < roots->count; i++) {
		if (realpath(roots->at[i], root) != NULL && below(path, root))
			return true;
	}
	return roots->count == 0;
}

static enum err
check_roots(const struct roots *roots, const char *path, const char *name, struct refusal *why)
{
	if (roots_contain(roots, path))
		return OK;
	refuse(why, ERR_OUTSIDE_ROOT, "%s lies outside the permitted roots", name);
	refusal_hint(why,
	    "This server was started with --root %s%s; give a path below it or start it with "
	    "another --root.",
	    roots->at[0], roots->count > 1 ? " (and others)" : "");
	return why->code;
}

static bool
printable(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f)
			return false;
	}
	return utf8_valid_prefix(path, len) == len;
}

/* ---- the working folder ---- */

static enum err
refuse_cwd(int number, const char *given, struct refusal *why)
{
	if (number == ENOENT)
		refuse(why, ERR_NOT_FOUND, "cwd %s does not exist", given);
	else if (number == ENOTDIR)
		refuse(why, ERR_INVALID_ARGUMENT, "cwd %s is not a directory", given);
	else if (number == EACCES || number == EPERM)
		refuse(why, ERR_NOT_READABLE, "cwd %s cannot be entered: %s", given,
		    strerror(number));
	else
		refuse(why, ERR_INVALID_ARGUMENT, "cwd %s cannot be used: %s", given,
		    strerror(number));
	refusal_hint(why, "Give the absolute path of an existing folder, or leave `cwd` out.");
	return why->code;
}

static enum err
resolve_cwd(const char *given, const struct roots *roots, char ret_cwd[LIMIT_PATH],
    struct refusal *why)
{
	char path[PATH_MAX];
	struct stat st;

	if (realpath(given, path) == NULL || stat(path, &st) != 0)
		return refuse_cwd(errno, given, why);
	if (!S_ISDIR(st.st_mode))
		return refuse_cwd(ENOTDIR, given, why);
	if (access(path, X_OK) != 0)
		return refuse_cwd(errno, given, why);
	if (!printable(path))
		return refuse(why, ERR_INVALID_ARGUMENT,
		    "cwd has a name that is not UTF-8 or has control characters");
	enum err e = check_roots(roots, path, given, why);
	if (e == OK)
		memcpy(ret_cwd, path, strlen(path) + 1);
	return e;
}

static enum err
given_cwd(const struct run_request *r, const struct roots *roots, char ret_cwd[LIMIT_PATH],
    struct refusal *why)
{
	char given[LIMIT_PATH];

	if (r->body.cwd.at == NULL)
		return OK;
	if (!text_copy(r->body.cwd, given, sizeof given))
		return refuse(why, ERR_INVALID_ARGUMENT, "cwd is too long");
	return resolve_cwd(given, roots, ret_cwd, why);
}

/* ---- the script ---- */

static bool
ends_in_py(const char *path)
{
	size_t len = strlen(path);

	return len > 3 && strcmp(path + len - 3, ".py") == 0 && path[len - 4] != '/';
}

static enum err
refuse_script(int number, const char *given, struct refusal *why)
{
	if (number == EACCES || number == EPERM) {
		refuse(why, ERR_NOT_READABLE, "script_path %s cannot be reached: %s", given,
		    strerror(number));
		refusal_hint(why,
		    "Let the user that runs this server read the file and enter its folders.");
	} else if (number == ENOENT || number == ENOTDIR) {
		refuse(why, ERR_NOT_FOUND, "script_path %s does not exist", given);
		refusal_hint(why, "Give an absolute path, or `cwd` and a path relative to it.");
	} else
		refuse(why, ERR_INVALID_ARGUMENT, "script_path %s cannot be used: %s", given,
		    strerror(number));
	return why->code;
}

static enum err
absolute_script(const struct run_request *r, const char *cwd, char ret_path[2 * LIMIT_PATH],
    struct refusal *why)
{
	char given[LIMIT_PATH];

	if (!text_copy(r->body.script_path, given, sizeof given))
		return refuse(why, ERR_INVALID_ARGUMENT, "script_path is too long");
	snprintf(ret_path, 2 * LIMIT_PATH, "%s%s%s", given[0] != '/' ? cwd : "",
	    given[0] != '/' && cwd[0] != '\0' ? "/" : "", given);
	return OK;
}

static enum err
check_script_name(const char *path, const char *given, struct refusal *why)
{
	struct stat st;

	if (!printable(path))
		return refuse(why, ERR_INVALID_ARGUMENT,
		    "script_path has a name that is not UTF-8 or has control characters, which "
		    "Scalene cannot handle");
	if (ends_in_py(path) || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		return OK;
	refuse(why, ERR_INVALID_ARGUMENT,
	    "script_path %s does not end in .py, so Scalene would not take it for the program",
	    given);
	refusal_hint(why,
	    "Give it (or a copy) a name that ends in .py; profile an installed command by its "
	    "`module`.");
	return why->code;
}

static enum err
resolve_script(const struct run_request *r, const struct roots *roots, struct run_paths *p,
    struct refusal *why)
{
	char given[2 * LIMIT_PATH], path[PATH_MAX];
	enum err e = absolute_script(r, p->cwd, given, why);

	if (e != OK)
		return e;
	if (realpath(given, path) == NULL)
		return refuse_script(errno, given, why);
	if ((e = check_roots(roots, path, given, why)) != OK ||
	    (e = check_script_name(path, given, why)) != OK ||
	    (e = source_check(path, given, p->sha256, why)) != OK)
		return e;
	memcpy(p->program, path, strlen(path) + 1);
	memcpy(p->project, path, strlen(path) + 1);
	char *slash = strrchr(p->project, '/');
	slash[slash == p->project ? 1 : 0] = '\0';
	if (p->cwd[0] == '\0')
		memcpy(p->cwd, p->project, sizeof p->cwd);
	return OK;
}

static enum err
resolve_module(const struct roots *roots, struct run_paths *p, struct refusal *why)
{
	enum err e = p->cwd[0] != '\0' ? OK : resolve_cwd(".", roots, p->cwd, why);

	if (e == ERR_OUTSIDE_ROOT) {
		refuse(why, e,
		    "a module runs in this server's working folder, which lies outside the "
		    "permitted roots");
		refusal_hint(why, "Give `cwd`, the folder of the project, below %s.", roots->at[0]);
	}
	if (e == OK)
		memcpy(p->project, p->cwd, sizeof p->project);
	return e;
}

enum err
paths_resolve(const struct run_request *request, const struct roots *roots,
    struct run_paths *ret_paths,
    struct refusal *why)
{
	struct run_paths p = { 0 };
	struct text code = request->body.code;
	enum err e = given_cwd(request, roots, p.cwd, why);

	if (e != OK)
		return e;
	switch (request->kind) {
	case PROGRAM_SCRIPT:
		e = resolve_script(request, roots, &p, why);
		break;
	case PROGRAM_MODULE:
		e = resolve_module(roots, &p, why);
		break;
	case PROGRAM_CODE:
		e = source_check_text(code.at, code.len, "code", why);
		sha256_of(code.at, code.len, p.sha256);
		break;
	}
	if (e == OK)
		*ret_paths = p;
	return e;
}
