#include "supervisor/death.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "protocol/exit.h"

bool
death_is_early(bool answered, int64_t age_ms, int64_t window_ms)
{
	return !answered && age_ms < window_ms;
}

static bool
exited_with(const struct death *d, int code)
{
	return d->wait_status >= 0 && WIFEXITED(d->wait_status) &&
	    WEXITSTATUS(d->wait_status) == code;
}

static bool
is_permanent(const struct death *d)
{
	const struct exit_info *info;

	if (d->wait_status < 0 || !WIFEXITED(d->wait_status))
		return false;
	info = exit_info(WEXITSTATUS(d->wait_status));
	return info != NULL && info->permanent;
}

static struct verdict
ends_all(int code, const char *what_next)
{
	return (struct verdict){ CHILD_DOWN, 0, code, what_next };
}

static struct verdict
degraded(const char *what_next)
{
	return (struct verdict){ CHILD_DEGRADED, BACKOFF_CEILING_MS, -1, what_next };
}

/* The front has the rule that the others do not: without it the server is nothing. */
static bool
front_ends_all(const struct death *d, struct verdict *ret_verdict)
{
	if (d->role != ROLE_FRONT)
		return false;
	if (d->stdio && exited_with(d, EXIT_CODE_OK))
		*ret_verdict = ends_all(EXIT_CODE_OK, "its client is gone; the server stops");
	else if (is_permanent(d))
		*ret_verdict = ends_all(
		    WEXITSTATUS(d->wait_status), "it would end like this again; the server stops");
	else
		return false;
	return true;
}

static struct verdict
judge_last(const struct death *d)
{
	if (d->returns && !exited_with(d, EXIT_CODE_OK) && !is_permanent(d))
		return (struct verdict){ CHILD_BACKOFF, 0, -1,
			"starts once more to answer what is open" };
	return (struct verdict){ CHILD_DOWN, 0, -1, "the server is stopping" };
}

struct verdict
death_judge(const struct death *d, struct restart_budget *budget, int64_t now_ms)
{
	struct verdict v;

	if (d->stopping)
		return judge_last(d);
	if (front_ends_all(d, &v))
		return v;
	if (is_permanent(d))
		return degraded("it would end like this again; degraded, next try");
	if (!d->early)
		return (struct verdict){ CHILD_BACKOFF, 0, -1, "starts again" };
	if (d->rests)
		return degraded("still degraded, next try");
	if (budget_allows(budget, now_ms))
		return (struct verdict){ CHILD_BACKOFF, backoff_delay_ms(d->tries), -1,
			"starts again" };
	if (d->role == ROLE_FRONT)
		return ends_all(EXIT_CODE_FRONT_FAILED, "over its restart limit; the server stops");
	return degraded("over its restart limit; degraded, next try");
}

static void
describe_exit(int code, char *buf, size_t size)
{
	const struct exit_info *info = exit_info(code);

	if (info != NULL)
		snprintf(buf, size, "exit %d %s", code, info->name);
	else
		snprintf(buf, size, "exit %d", code);
}

void
death_describe(int wait_status, char *buf, size_t size)
{
	const char *name;

	if (wait_status < 0) {
		snprintf(buf, size, "could not be started");
		return;
	}
	if (WIFEXITED(wait_status)) {
		describe_exit(WEXITSTATUS(wait_status), buf, size);
		return;
	}
	name = sigabbrev_np(WTERMSIG(wait_status));
	if (name != NULL)
		snprintf(
		    buf, size, "SIG%s%s", name, WCOREDUMP(wait_status) ? " (core dumped)" : "");
	else
		snprintf(buf, size, "signal %d", WTERMSIG(wait_status));
}
