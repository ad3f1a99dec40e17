#include "workers/runtime/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

struct watch {
	struct loop *loop;
	int fd;
	short events;
	watch_fn *run;
	void *arg;
	bool closed;             /* freed when the turn is over */
	struct watch *next;
};

struct timer {
	struct loop *loop;
	int64_t due_ms;
	uint64_t started;        /* number of its last start among all of the loop */
	timer_fn *run;
	void *arg;
	bool running, closed;
	struct timer *next;
};

struct loop {
	struct watch *watches;
	struct timer *timers;
	uint64_t starts;
	struct pollfd *fds;
	struct watch **polled;   /* polled[i] belongs to fds[i] */
	size_t room;
	bool stopping, swept;
};

int64_t
loop_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct loop *
loop_new(void)
{
	return calloc(1, sizeof(struct loop));
}

static void
sweep(struct loop *loop, bool all)
{
	for (struct watch **at = &loop->watches; *at != NULL;) {
		struct watch *w = *at;

		if (!all && !w->closed) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
	for (struct timer **at = &loop->timers; *at != NULL;) {
		struct timer *t = *at;

		if (!all && !t->closed) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		free(t);
	}
	loop->swept = true;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	sweep(loop, true);
	free(loop->fds);
	free(loop->polled);
	free(loop);
}

struct watch *
loop_watch(struct loop *loop, int fd, short events, watch_fn *run, void *arg)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	*w = (struct watch){ loop, fd, events, run, arg, false, loop->watches };
	loop->watches = w;
	return w;
}

void
watch_events(struct watch *watch, short events)
{
	watch->events = events;
}

void
watch_close(struct watch **watch)
{
	if (*watch == NULL)
		return;
	(*watch)->closed = true;
	(*watch)->loop->swept = false;
	*watch = NULL;
}

struct timer *
loop_timer(struct loop *loop, timer_fn *run, void *arg)
{
	struct timer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	*t = (struct timer){ .loop = loop, .run = run, .arg = arg, .next = loop->timers };
	loop->timers = t;
	return t;
}

void
timer_start(struct timer *timer, int64_t delay_ms)
{
	timer->due_ms = loop_now_ms() + (delay_ms > 0 ? delay_ms : 0);
	timer->started = ++timer->loop->starts;
	timer->running = true;
}

void
timer_stop(struct timer *timer)
{
	timer->running = false;
}

bool
timer_running(const struct timer *timer)
{
	return timer->running;
}

void
timer_close(struct timer **timer)
{
	if (*timer == NULL)
		return;
	(*timer)->running = false;
	(*timer)->closed = true;
	(*timer)->loop->swept = false;
	*timer = NULL;
}

static bool
grow(struct loop *loop, size_t need)
{
	struct pollfd *fds;
	struct watch **polled;

	if (need <= loop->room)
		return true;
	fds = realloc(loop->fds, 2 * need * sizeof(*fds));
	if (fds != NULL)
		loop->fds = fds;
	polled = realloc(loop->polled, 2 * need * sizeof(struct watch *));
	if (polled != NULL)
		loop->polled = polled;
	if (fds == NULL || polled == NULL)
		return false;
	loop->room = 2 * need;
	return true;
}

static size_t
collect(struct loop *loop)
{
	size_t n = 0;

	for (struct watch *w = loop->watches; w != NULL; w = w->next) {
		if (w->closed || w->events == 0 || !grow(loop, n + 1))
			continue;
		loop->fds[n] = (struct pollfd){ w->fd, w->events, 0 };
		loop->polled[n++] = w;
	}
	return n;
}

static int
next_timeout_ms(const struct loop *loop)
{
	int64_t now = loop_now_ms(), nearest = -1;

	for (const struct timer *t = loop->timers; t != NULL; t = t->next)
		if (t->running && (nearest < 0 || t->due_ms - now < nearest))
			nearest = t->due_ms > now ? t->due_ms - now : 0;
	return nearest > 60000 ? 60000 : (int)nearest;
}

/* The earliest that is due, of those that run since before start number `last`. */
static struct timer *
next_due(const struct loop *loop, int64_t now, uint64_t last)
{
	struct timer *found = NULL;

	for (struct timer *t = loop->timers; t != NULL; t = t->next) {
		if (!t->running || t->due_ms > now || t->started > last)
			continue;
		if (found == NULL || t->due_ms < found->due_ms ||
		    (t->due_ms == found->due_ms && t->started < found->started))
			found = t;
	}
	return found;
}

static void
fire_timers(struct loop *loop)
{
	int64_t now = loop_now_ms();
	uint64_t last = loop->starts;    /* what callbacks start has its turn later */
	struct timer *t;

	while (!loop->stopping && (t = next_due(loop, now, last)) != NULL) {
		t->running = false;
		t->run(t->arg);
	}
}

static void
run_watches(struct loop *loop, size_t n)
{
	for (size_t i = 0; i < n && !loop->stopping; i++) {
		struct watch *w = loop->polled[i];

		if (loop->fds[i].revents != 0 && !w->closed)
			w->run(w->arg, loop->fds[i].revents);
	}
}

enum err
loop_run(struct loop *loop)
{
	loop->stopping = false;
	while (!loop->stopping) {
		size_t n = collect(loop);

		if (poll(loop->fds, n, next_timeout_ms(loop)) < 0) {
			if (errno == EINTR)
				continue;
			return ERR_SYSTEM;
		}
		run_watches(loop, n);
		fire_timers(loop);
		if (!loop->swept)
			sweep(loop, false);
	}
	return OK;
}

void
loop_stop(struct loop *loop)
{
	loop->stopping = true;
}
