/*
 * One poll(2) loop per process: descriptors and timers, on the main thread. Callbacks run one at a time
 * and may add and remove watches and timers, their own included. Clocks are monotonic.
 */
#ifndef WORKERS_RUNTIME_LOOP_H
#define WORKERS_RUNTIME_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/error.h"

struct loop;
struct watch;
struct timer;

typedef void watch_fn(void *arg, short revents);
typedef void timer_fn(void *arg);

/* NULL when out of memory. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t loop_now_ms(void);

/* Calls `run` when poll says one of `events` (POLLIN, POLLOUT), POLLHUP or POLLERR for fd. The caller keeps
 * the descriptor open while it is watched. NULL when out of memory. */
struct watch *loop_watch(struct loop *loop, int fd, short events, watch_fn *run, void *arg);
/* With events 0 the descriptor is left out of poll until changed again. */
void watch_events(struct watch *watch, short events);
/* Sets *watch to NULL; NULL inside is fine. */
void watch_close(struct watch **watch);

/* A timer that is not running. NULL when out of memory. */
struct timer *loop_timer(struct loop *loop, timer_fn *run, void *arg);
/* Fires once, delay_ms from now (0: on the next turn); a running timer is moved. Those that are due
 * fire in the order of their time, and of their starts. */
void timer_start(struct timer *timer, int64_t delay_ms);
void timer_stop(struct timer *timer);
bool timer_running(const struct timer *timer);
void timer_close(struct timer **timer);

/* Turns until loop_stop; ERR_SYSTEM when poll itself fails. */
enum err loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
