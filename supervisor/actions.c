#include "supervisor/actions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/clock.h"
#include "supervisor/death.h"
#include "supervisor/links.h"
#include "supervisor/log.h"
#include "supervisor/process.h"
#include "supervisor/spawn.h"
#include "supervisor/stop.h"
#include "supervisor/supervisor.h"

bool
action_spawn(struct supervisor *s, struct child *c, int64_t now_ms)
{
	c->incarnation++;
	c->restarts = c->incarnation - 1;
	c->started_ms = now_ms;
	c->heard_ms = now_ms;
	if (!spawn_child(s, c)) {
		log_line(LOG_ERROR, "%s cannot be forked: %s", child_name(c), strerror(errno));
		return false;
	}
	log_line(LOG_DEBUG, "%s pid %d started", child_name(c), (int)c->pid);
	links_spawned(s, c);
	return true;
}

void
action_kill(struct supervisor *s, struct child *c)
{
	(void)s;
	tree_kill(c->pid);
}

void
action_drain(struct supervisor *s, struct child *c, int64_t now_ms)
{
	int64_t left_ms = s->stop_by_ms - now_ms;
	struct control_record r = { .type = CONTROL_DRAIN, .role = c->spec->role, .index = c->index,
		.incarnation = c->incarnation, .value_ms = c->spec->stop_ms };

	if (left_ms < r.value_ms)
		r.value_ms = left_ms;
	child_send(c, &r);
}

/* How it died, for the obituary, the front and `status`. */
static void
describe(const struct supervisor *s, struct child *c, int wait_status)
{
	int number = process_exec_error(c->report);

	if (number != 0) {
		log_line(LOG_ERROR,
		    "%s/scalene-mcp-%s cannot be executed: %s; reinstall, or set "
		    "SCALENE_MCP_LIBEXEC",
		    s->options.libexec, role_name(c->spec->role), strerror(number));
		snprintf(c->last_death, sizeof(c->last_death), "exec: %s", strerror(number));
	} else if (c->state == CHILD_KILLED && c->killed_for != NULL) {
		snprintf(c->last_death, sizeof(c->last_death), "%s", c->killed_for);
	} else {
		death_describe(wait_status, c->last_death, sizeof(c->last_death));
	}
}

static const char *
occupation(const struct child *c)
{
	if (c->busy)
		return "busy with ";
	return c->busy_with[0] != '\0' ? "idle, last busy with " : "idle";
}

static void
say_obituary(const struct supervisor *s, const struct child *c, int wait_status,
    const struct verdict *v, int64_t age_ms)
{
	enum severity severity = s->stopping || v->exit_code == 0 ? LOG_INFO : LOG_WARN;
	char how[64], killed[96] = "", next[64] = "";

	death_describe(wait_status, how, sizeof(how));
	if (c->state == CHILD_KILLED && c->killed_for != NULL)
		snprintf(killed, sizeof(killed), " by us: it %s,", c->killed_for);
	if (v->next != CHILD_DOWN && v->delay_ms == 0)
		snprintf(next, sizeof(next), " at once");
	else if (v->next != CHILD_DOWN)
		snprintf(next, sizeof(next), " in %lld ms", (long long)v->delay_ms);
	log_line(severity, "%s pid %d ended: %s%s after %lld.%03lld s, %s%s; %s%s", child_name(c),
	    (int)c->pid, how, killed, (long long)(age_ms / 1000), (long long)(age_ms % 1000),
	    occupation(c), c->busy_with, v->what_next, next);
}

static void
count_death(struct child *c, bool early, const struct verdict *v)
{
	c->tries = early ? c->tries + 1 : 0;
	c->rests = v->next == CHILD_DEGRADED;
}

void
action_bury(struct supervisor *s, struct child *c, int wait_status, int64_t now_ms)
{
	int64_t age_ms = now_ms - c->started_ms;
	bool early = death_is_early(c->answered, age_ms, s->options.restart_window_ms);
	struct death d = { .role = c->spec->role,
		.wait_status = wait_status,
		.early = early,
		.rests = c->rests,
		.stopping = s->stopping,
		.stdio = s->options.stdio,
		.returns = c == supervisor_front(s) && s->front_may_return,
		.tries = c->tries };
	struct verdict v = death_judge(&d, &s->budgets[c->spec->role], now_ms);

	describe(s, c, wait_status);
	say_obituary(s, c, wait_status, &v, age_ms);
	count_death(c, early, &v);
	c->state = v.next;
	c->deadline_ms = v.next == CHILD_DOWN ? CLOCK_NEVER : now_ms + v.delay_ms;
	child_close(c);
	links_gone(s, c, v.delay_ms);
	if (v.exit_code >= 0)
		stop_begin(s, v.exit_code,
		    v.exit_code == 0 ? "the client is gone" : "the front cannot go on");
}

static struct control_record
tree_row(const struct child *c, int64_t now_ms)
{
	struct control_record r = { .type = CONTROL_CHILD,
		.role = c->spec->role,
		.index = c->index,
		.incarnation = c->incarnation,
		.peer_incarnation = (uint32_t)c->state,
		.count = c->restarts,
		.pid = (int32_t)c->pid,
		.value_ms = c->pid > 0 ? now_ms - c->started_ms : 0 };

	memcpy(r.text, c->last_death, sizeof(r.text));
	return r;
}

void
action_send_tree(struct supervisor *s, struct child *c, int64_t now_ms)
{
	struct control_record own = { .type = CONTROL_CHILD,
		.role = ROLE_SUPERVISOR,
		.incarnation = 1,
		.peer_incarnation = CHILD_READY,
		.pid = (int32_t)getpid(),
		.value_ms = now_ms - s->started_ms };
	struct control_record end = {
		.type = CONTROL_TREE_END, .role = ROLE_SUPERVISOR, .incarnation = 1
	};
	struct control_record row;

	if (c != supervisor_front(s)) {
		log_line(LOG_WARN, "%s asks for the tree, which only the front may", child_name(c));
		return;
	}
	child_send(c, &own);
	for (unsigned i = 0; i < s->child_count; i++) {
		row = tree_row(&s->children[i], now_ms);
		child_send(c, &row);
	}
	child_send(c, &end);
}
