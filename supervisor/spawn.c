#include "supervisor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/inherit.h"
#include "supervisor/log.h"
#include "supervisor/process.h"
#include "supervisor/supervisor.h"

_Static_assert(INHERIT_CONTROL == PROCESS_FD_FIRST, "the control channel comes first");
_Static_assert(
    INHERIT_END == PROCESS_FD_FIRST + PROCESS_FD_COUNT, "process.c hands on what inherit.h names");

static void
add(struct worker_argv *a, const char *word)
{
	if (a->count + 1 >= WORKER_ARGV_MAX)
		log_panic("a child has more than %d arguments", WORKER_ARGV_MAX - 1);
	a->at[a->count++] = word;
	a->at[a->count] = NULL;
}

static void
add_option(struct worker_argv *a, const char *name, const char *value)
{
	add(a, name);
	add(a, value);
}

static void
add_front_options(const struct supervisor *s, struct worker_argv *a)
{
	add_option(a, "--profilers", a->profilers);
	add_option(a, "--analyzers", a->analyzers);
	add_option(a, "--toolset", s->options.toolset);
	if (s->options.read_only)
		add(a, "--read-only");
	if (s->options.stdio)
		add(a, "--stdio");
	if (s->options.http_path != NULL)
		add(a, "--http");
}

static void
add_profiler_options(const struct supervisor *s, struct worker_argv *a)
{
	for (unsigned i = 0; i < s->options.root_count; i++)
		add_option(a, "--root", s->options.roots[i]);
	add_option(a, "--profilers", a->profilers);
}

void
worker_argv(const struct supervisor *s, const struct child *c, struct worker_argv *ret_argv)
{
	struct worker_argv *a = ret_argv;
	enum role role = c->spec->role;

	a->count = 0;
	if (snprintf(a->path, sizeof(a->path), "%s/scalene-mcp-%s", s->options.libexec,
		role_name(role)) >= (int)sizeof(a->path))
		log_panic("the path of the %s's executable is too long", role_name(role));
	snprintf(a->index, sizeof(a->index), "%u", c->index);
	snprintf(a->incarnation, sizeof(a->incarnation), "%u", c->incarnation);
	snprintf(a->profilers, sizeof(a->profilers), "%u", s->options.profilers);
	snprintf(a->analyzers, sizeof(a->analyzers), "%u", s->options.analyzers);
	add(a, a->path);
	add_option(a, "--index", a->index);
	add_option(a, "--incarnation", a->incarnation);
	add_option(a, "--instance", s->instance.id);
	add_option(a, "--state", s->instance.state_dir);
	add_option(a, "--runtime", s->instance.runtime.path);
	add_option(a, "--log-level", s->options.log_level);
	if (role == ROLE_FRONT)
		add_front_options(s, a);
	if (role == ROLE_PROFILER)
		add_profiler_options(s, a);
}

static void
add_descriptors(const struct supervisor *s, enum role role, struct launch *l)
{
	if (role != ROLE_FRONT)
		return;
	l->fds[INHERIT_LISTEN - PROCESS_FD_FIRST] = s->listener.fd;
	if (!s->options.stdio)
		return;
	l->fds[INHERIT_CLIENT_IN - PROCESS_FD_FIRST] = s->stdio.front_in;
	l->fds[INHERIT_CLIENT_OUT - PROCESS_FD_FIRST] = s->stdio.front_out;
	l->fds[INHERIT_LEDGER_IN - PROCESS_FD_FIRST] = s->stdio.ledger_in;
	l->fds[INHERIT_LEDGER_OUT - PROCESS_FD_FIRST] = s->stdio.ledger_out;
	l->fds[INHERIT_LEDGER_RECORD - PROCESS_FD_FIRST] = s->stdio.ledger_record;
}

bool
spawn_child(const struct supervisor *s, struct child *c)
{
	struct launch l = { .fds = { -1, -1, -1, -1, -1, -1, -1 } };
	struct worker_argv argv;
	int pair[2], number;
	bool launched;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	worker_argv(s, c, &argv);
	l.path = argv.path;
	l.argv = (char *const *)argv.at;
	l.fds[INHERIT_CONTROL - PROCESS_FD_FIRST] = pair[1];
	add_descriptors(s, c->spec->role, &l);
	launched = process_launch(&l, &c->pid, &c->report);
	number = errno;
	close(pair[1]);
	if (launched)
		c->control = pair[0];
	else
		close(pair[0]);
	errno = number;
	return launched;
}
