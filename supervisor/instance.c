#include "supervisor/instance.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/inherit.h"
#include "protocol/ulid.h"
#include "supervisor/log.h"

/* mkdir -p, 0700 for what is new. */
static bool
make_folders(const char *path)
{
	char part[LIMIT_PATH];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST && (i == len || errno != EROFS))
			return false;
	}
	return true;
}

/* NULL when it is a directory of ours that we may use, else what is wrong. */
static const char *
objection(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return strerror(errno);
	if (!S_ISDIR(st.st_mode))
		return strerror(ENOTDIR);
	if (st.st_uid != geteuid())
		return "it belongs to another user";
	if (access(path, W_OK | X_OK) != 0)
		return strerror(errno);
	return NULL;
}

/* The first of a colon-separated list, as systemd hands its directories over; NULL when unset or
 * empty. */
static const char *
first_directory(const char *variable, char *buf, size_t size)
{
	const char *value = getenv(variable);
	size_t len = value != NULL ? strcspn(value, ":") : 0;

	if (len == 0 || len >= size)
		return NULL;
	memcpy(buf, value, len);
	buf[len] = '\0';
	return buf;
}

static const char *
home_directory(void)
{
	const char *home = getenv("HOME");
	const struct passwd *user;

	if (home != NULL && home[0] == '/')
		return home;
	user = getpwuid(geteuid());
	return user != NULL ? user->pw_dir : NULL;
}

static bool
choose_state(const char *option, char *buf, size_t size)
{
	const char *base;
	int n;

	if (option != NULL)
		n = snprintf(buf, size, "%s", option);
	else if (first_directory("STATE_DIRECTORY", buf, size) != NULL)
		return true;
	else if ((base = getenv("XDG_STATE_HOME")) != NULL && base[0] == '/')
		n = snprintf(buf, size, "%s/scalene-mcp", base);
	else if ((base = home_directory()) != NULL)
		n = snprintf(buf, size, "%s/.local/state/scalene-mcp", base);
	else
		n = -1;
	return n > 0 && (size_t)n < size;
}

static bool
refuse(char *why, size_t size, const char *path, const char *what)
{
	snprintf(why, size,
	    "the state directory %s cannot be used: %s; choose another one with --state DIR", path,
	    what);
	return false;
}

static bool
open_state(struct instance *i, const char *option, char *why, size_t why_size)
{
	char chosen[LIMIT_PATH], parent[LIMIT_PATH + 16];
	const char *what;

	if (!choose_state(option, chosen, sizeof(chosen)))
		return refuse(why, why_size, "of this user",
		    "there is no home directory, or its path is too long");
	if (!make_folders(chosen))
		return refuse(why, why_size, chosen, strerror(errno));
	what = objection(chosen);
	if (what == NULL && realpath(chosen, i->state_dir) == NULL)
		what = strerror(errno);
	if (what != NULL)
		return refuse(why, why_size, chosen, what);
	snprintf(parent, sizeof(parent), "%s/instances", i->state_dir);
	if (mkdir(parent, 0700) != 0 && errno != EEXIST)
		return refuse(why, why_size, i->state_dir, strerror(errno));
	if (lockdir_make(parent, i->id, &i->own) != OK)
		return refuse(why, why_size, i->state_dir, strerror(errno));
	lockdir_sweep(parent);
	return true;
}

#define CHANNELS_FORESEEN 9999   /* of one pair of incarnations; more than one is rare */

static bool
fits_sockets(const char *parent, const char *id)
{
	char folder[LIMIT_PATH + LIMIT_ULID + 2], path[LIMIT_PATH];

	snprintf(folder, sizeof(folder), "%s/%s", parent, id);
	return channel_path(path, sizeof(path), folder, ROLE_PROFILER, LIMIT_CHILDREN, UINT32_MAX,
		   UINT32_MAX, CHANNELS_FORESEEN) == OK;
}

/* A folder below /tmp could have been put there by anybody. */
static const char *
shared_objection(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return strerror(errno);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return "it belongs to another user";
	if ((st.st_mode & 077) != 0)
		return "others may enter it";
	return NULL;
}

static bool
try_runtime(struct instance *i, const char *parent, bool shared, bool asked_for)
{
	char absolute[LIMIT_PATH];
	const char *what = NULL;

	if (!make_folders(parent))
		what = strerror(errno);
	else if ((what = shared ? shared_objection(parent) : objection(parent)) != NULL)
		;
	else if (realpath(parent, absolute) == NULL)
		what = strerror(errno);
	else if (!fits_sockets(absolute, i->id))
		what = "its path is too long for sockets";
	else if (lockdir_make(absolute, i->id, &i->runtime) != OK)
		what = strerror(errno);
	if (what == NULL)
		lockdir_sweep(absolute);
	else
		log_line(asked_for ? LOG_WARN : LOG_DEBUG,
		    "the runtime directory %s is not used: %s", parent, what);
	return what == NULL;
}

static bool
open_runtime(struct instance *i, const char *option, char *why, size_t why_size)
{
	char parent[LIMIT_PATH];
	const char *base = getenv("XDG_RUNTIME_DIR");

	if (option != NULL && try_runtime(i, option, false, true))
		return true;
	if (option == NULL &&
	    first_directory("RUNTIME_DIRECTORY", parent, sizeof(parent)) != NULL &&
	    try_runtime(i, parent, false, true))
		return true;
	if (base != NULL && base[0] == '/' &&
	    snprintf(parent, sizeof(parent), "%s/scalene-mcp", base) < (int)sizeof(parent) &&
	    try_runtime(i, parent, false, false))
		return true;
	snprintf(parent, sizeof(parent), "/tmp/scalene-mcp-%u", (unsigned)geteuid());
	if (try_runtime(i, parent, true, true))
		return true;
	snprintf(why, why_size,
	    "no runtime directory can be used, not even %s; name one with --runtime DIR, "
	    "short and writable",
	    parent);
	return false;
}

bool
instance_open(const char *state, const char *runtime, struct instance *ret_instance, char *why,
    size_t why_size)
{
	struct instance *i = ret_instance;

	ulid_make(i->id);
	lockdir_init(&i->own);
	lockdir_init(&i->runtime);
	if (open_state(i, state, why, why_size) && open_runtime(i, runtime, why, why_size))
		return true;
	instance_close(i);
	return false;
}

void
instance_close(struct instance *i)
{
	lockdir_remove(&i->runtime);
	lockdir_remove(&i->own);
}
