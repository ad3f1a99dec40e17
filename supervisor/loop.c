#include "supervisor/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "supervisor/clock.h"
#include "supervisor/log.h"
#include "supervisor/reports.h"
#include "supervisor/steps.h"
#include "supervisor/stop.h"
#include "supervisor/supervisor.h"

#define SWEEP_AGAIN_MS 20        /* doubling while there is still somebody */
#define SWEEP_CEILING_MS 1000    /* there, the end waits no longer for what SIGKILL does not end */
#define TURN_MS 1000             /* the longest poll, so that an absence shows */
#define ABSENCE_MS 500           /* a poll that returns so much too late was not in our hands */

enum slot { SLOT_SIGNALS, SLOT_STDIO, SLOT_CHILDREN = SLOT_STDIO + STDIO_SLOTS,
	SLOT_COUNT = SLOT_CHILDREN + LIMIT_CHILDREN };

static void
on_terminate(struct supervisor *s, int number, int64_t now_ms)
{
	(void)now_ms;
	stop_begin(s, EXIT_CODE_OK, number == SIGHUP ? "SIGHUP" : "SIGTERM");
}

static void
on_interrupt(struct supervisor *s, int number, int64_t now_ms)
{
	(void)number;
	stop_begin(s, EXIT_CODE_INTERRUPTED, "SIGINT");
	if (++s->interrupts > 1)
		stop_now(s, now_ms);
}

typedef void signal_fn(struct supervisor *s, int number, int64_t now_ms);

static signal_fn *const on_signal[] = {
	[SIGTERM] = on_terminate,
	[SIGHUP] = on_terminate,
	[SIGINT] = on_interrupt,
	[SIGCHLD] = NULL,                /* reaping happens every turn */
};

#define SIGNALS (sizeof(on_signal) / sizeof(on_signal[0]))

static void
read_signals(struct supervisor *s, int64_t now_ms)
{
	struct signalfd_siginfo info;
	signal_fn *run;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		run = info.ssi_signo < SIGNALS ? on_signal[info.ssi_signo] : NULL;
		if (run != NULL)
			run(s, (int)info.ssi_signo, now_ms);
	}
}

static struct child *
child_by_pid(struct supervisor *s, pid_t pid)
{
	for (struct child *c = s->children; c < s->children + s->child_count; c++)
		if (c->pid == pid)
			return c;
	return NULL;
}

static void
reap(struct supervisor *s, int64_t now_ms)
{
	struct happening h = { .event = EVENT_EXIT, .now_ms = now_ms };
	struct child *c;
	pid_t pid;

	while ((pid = waitpid(-1, &h.wait_status, WNOHANG)) > 0) {
		s->sweep_ms = now_ms;
		c = child_by_pid(s, pid);
		if (c == NULL)
			continue;
		reports_read_last(s, c, now_ms);
		step_take(s, c, &h);
	}
}

static void
fire_deadlines(struct supervisor *s, int64_t now_ms)
{
	struct happening h = { .event = EVENT_TIMEOUT, .now_ms = now_ms };

	for (struct child *c = s->children; c < s->children + s->child_count; c++)
		if (c->deadline_ms <= now_ms)
			step_take(s, c, &h);
}

/* When the whole tree was frozen, nobody was silent: whoever lives gets its time anew. */
static void
forgive_absence(struct supervisor *s, int64_t now_ms)
{
	int64_t fresh_ms;

	if (now_ms - s->planned_ms < ABSENCE_MS)
		return;
	log_line(LOG_WARN, "was not running for %lld ms; deadlines are moved",
	    (long long)(now_ms - s->planned_ms));
	if (s->stop_by_ms != CLOCK_NEVER)
		s->stop_by_ms += now_ms - s->planned_ms;
	for (struct child *c = s->children; c < s->children + s->child_count; c++) {
		c->heard_ms = now_ms;
		fresh_ms = now_ms;
		fresh_ms += c->state == CHILD_STOPPING ? c->spec->stop_ms : c->spec->silence_ms;
		if (c->pid > 0 && c->deadline_ms < fresh_ms)
			c->deadline_ms = fresh_ms;
	}
}

static int64_t
next_sweep_wait_ms(int64_t wait_ms)
{
	if (wait_ms == 0)
		return SWEEP_AGAIN_MS;
	return 2 * wait_ms < SWEEP_CEILING_MS ? 2 * wait_ms : SWEEP_CEILING_MS;
}

static void
sweep(struct supervisor *s, int64_t now_ms)
{
	pid_t known[LIMIT_CHILDREN];
	unsigned killed;

	if (now_ms < s->sweep_ms)
		return;
	for (unsigned i = 0; i < s->child_count; i++)
		known[i] = s->children[i].pid;
	killed = orphans_kill(&s->bystanders, known, s->child_count);
	if (killed == 0) {
		s->sweep_ms = CLOCK_NEVER;
		s->sweep_wait_ms = 0;
		return;
	}
	if (s->sweep_wait_ms == 0)
		log_line(LOG_INFO, "killed %u processes that a dead child had left", killed);
	s->sweep_wait_ms = next_sweep_wait_ms(s->sweep_wait_ms);
	s->sweep_ms = now_ms + s->sweep_wait_ms;
}

static unsigned
count_degraded(const struct supervisor *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->child_count; i++)
		n += s->children[i].state == CHILD_DEGRADED;
	return n;
}

/* Everybody has been ready once, or is known to have failed: the front always has. */
static bool
is_serving(const struct supervisor *s)
{
	for (unsigned i = 0; i < s->child_count; i++)
		if (!s->children[i].was_ready && s->children[i].state != CHILD_DEGRADED)
			return false;
	return true;
}

static void
announce(struct supervisor *s, const char *status)
{
	s->announced = true;
	notify_ready(&s->notify, status);
	log_line(LOG_INFO, "ready after %lld ms: instance %s, state directory %s",
	    (long long)(clock_now_ms() - s->started_ms), s->instance.id, s->instance.state_dir);
}

static void
tell_manager(struct supervisor *s)
{
	unsigned degraded = count_degraded(s);
	char status[128];

	if (s->stopping || (s->announced && degraded == s->said_degraded))
		return;
	snprintf(status, sizeof(status), "serving with %u processes, %u degraded", s->child_count,
	    degraded);
	if (s->announced)
		notify_status(&s->notify, status);
	else if (is_serving(s))
		announce(s, status);
	s->said_degraded = degraded;
}

static void
feed_watchdog(struct supervisor *s, int64_t now_ms)
{
	for (unsigned i = 0; i < s->child_count; i++)
		if (s->children[i].state < 0 || s->children[i].state >= CHILD_STATES)
			return;
	notify_alive(&s->notify, now_ms);
}

static int
timeout_ms(const struct supervisor *s, int64_t now_ms)
{
	int64_t next_ms = s->sweep_ms < s->notify.next_ms ? s->sweep_ms : s->notify.next_ms;

	if (!s->killed_all && s->stop_by_ms < next_ms)
		next_ms = s->stop_by_ms;
	for (unsigned i = 0; i < s->child_count; i++)
		if (s->children[i].deadline_ms < next_ms)
			next_ms = s->children[i].deadline_ms;
	if (next_ms == CLOCK_NEVER || next_ms - now_ms > TURN_MS)
		return TURN_MS;
	return next_ms > now_ms ? (int)(next_ms - now_ms) : 0;
}

static void
prepare(struct supervisor *s, struct pollfd fds[SLOT_COUNT])
{
	fds[SLOT_SIGNALS] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	stdio_prepare(&s->stdio, fds + SLOT_STDIO);
	for (unsigned i = 0; i < s->child_count; i++) {
		fds[SLOT_CHILDREN + i].fd = s->children[i].control;
		fds[SLOT_CHILDREN + i].events =
		    s->children[i].queue_count > 0 ? POLLIN | POLLOUT : POLLIN;
		fds[SLOT_CHILDREN + i].revents = 0;
	}
}

static void
turn_children(struct supervisor *s, const struct pollfd *fds, int64_t now_ms)
{
	for (unsigned i = 0; i < s->child_count; i++) {
		if (fds[i].revents & POLLOUT)
			child_flush(&s->children[i]);
		reports_turn(s, &s->children[i], fds[i].revents, now_ms);
	}
}

static void
start_children(struct supervisor *s)
{
	struct happening h = { .event = EVENT_START, .now_ms = clock_now_ms() };

	for (unsigned i = 0; i < s->child_count && !s->stopping; i++)
		step_take(s, &s->children[i], &h);
}

/* The last orphans may need a few rounds more. */
static bool
is_finished(const struct supervisor *s)
{
	return stop_is_complete(s) &&
	    (s->sweep_ms == CLOCK_NEVER || s->sweep_wait_ms == SWEEP_CEILING_MS);
}

int
loop_run(struct supervisor *s)
{
	struct pollfd fds[SLOT_COUNT];
	int64_t now_ms;
	int wait_ms;

	start_children(s);
	while (!is_finished(s)) {
		prepare(s, fds);
		wait_ms = timeout_ms(s, clock_now_ms());
		s->planned_ms = clock_now_ms() + wait_ms;
		if (poll(fds, SLOT_CHILDREN + s->child_count, wait_ms) < 0) {
			if (errno == EINTR)
				continue;
			log_panic("poll: %s", strerror(errno));
		}
		now_ms = clock_now_ms();
		forgive_absence(s, now_ms);
		if (fds[SLOT_SIGNALS].revents & POLLIN)
			read_signals(s, now_ms);
		stdio_turn(&s->stdio, fds + SLOT_STDIO);
		turn_children(s, fds + SLOT_CHILDREN, now_ms);
		reap(s, now_ms);
		stop_advance(s, now_ms);
		fire_deadlines(s, now_ms);
		sweep(s, now_ms);
		tell_manager(s);
		feed_watchdog(s, now_ms);
	}
	return s->exit_code;
}

struct child *
supervisor_front(struct supervisor *s)
{
	return &s->children[s->child_count - 1];
}
