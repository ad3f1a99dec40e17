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

#define SWEEP_AGAIN_MS 20
#define ABSENCE_MS 1000          /* a poll that returns later than this was not in our hands */

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

static void
read_signals(struct supervisor *s, int64_t now_ms)
{
	struct signalfd_siginfo info;
	signal_fn *run;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		run = info.ssi_signo < sizeof(on_signal) / sizeof(on_signal[0]) ? on_signal[info.ssi_signo] : NULL;
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

/* When the whole tree was frozen, nobody was silent. */
static void
forgive_absence(struct supervisor *s, int64_t now_ms)
{
	int64_t late_ms = now_ms - s->planned_ms;

	if (late_ms < ABSENCE_MS)
		return;
	log_line(LOG_WARN, "not running for %lld ms; deadlines are moved", (long long)late_ms);
	for (struct child *c = s->children; c < s->children + s->child_count; c++)
		if (c->pid > 0 && c->deadline_ms != CLOCK_NEVER)
			c->deadline_ms += late_ms;
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
	if (killed > 0)
		log_line(LOG_INFO, "killed %u processes that a dead child had left", killed);
	s->sweep_ms = killed > 0 ? now_ms + SWEEP_AGAIN_MS : CLOCK_NEVER;
}

static void
say_ready(struct supervisor *s)
{
	char status[128];

	if (s->announced || s->stopping)
		return;
	for (unsigned i = 0; i < s->child_count; i++)
		if (!s->children[i].was_ready)
			return;
	s->announced = true;
	snprintf(status, sizeof(status), "serving with %u processes", s->child_count);
	notify_ready(&s->notify, status);
	log_line(LOG_INFO, "ready after %lld ms: instance %s, state directory %s",
	    (long long)(clock_now_ms() - s->started_ms), s->instance.id, s->instance.state_dir);
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

	for (unsigned i = 0; i < s->child_count; i++)
		if (s->children[i].deadline_ms < next_ms)
			next_ms = s->children[i].deadline_ms;
	if (next_ms == CLOCK_NEVER || next_ms - now_ms > 60000)
		return 60000;
	return next_ms > now_ms ? (int)(next_ms - now_ms) : 0;
}

static void
prepare(struct supervisor *s, struct pollfd fds[SLOT_COUNT])
{
	fds[SLOT_SIGNALS] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	stdio_prepare(&s->stdio, fds + SLOT_STDIO);
	for (unsigned i = 0; i < s->child_count; i++)
		fds[SLOT_CHILDREN + i] = (struct pollfd){ .fd = s->children[i].control,
			.events = (short)(POLLIN | (s->children[i].queue_count > 0 ? POLLOUT : 0)) };
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
	return stop_is_complete(s) && s->sweep_ms == CLOCK_NEVER;
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
		say_ready(s);
		feed_watchdog(s, now_ms);
	}
	return s->exit_code;
}

struct child *
supervisor_front(struct supervisor *s)
{
	return &s->children[s->child_count - 1];
}
