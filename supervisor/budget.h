/*
 * Restart intensity (how many early deaths of one class within a period are put up with) and
 * back-off (how long one child waits before its next start). Intensity and period as in OTP's
 * supervisor, the delay between tries doubling.
 */
#ifndef SUPERVISOR_BUDGET_H
#define SUPERVISOR_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_MAX 1000              /* the largest --restarts N */
#define BACKOFF_FIRST_MS 100
#define BACKOFF_CEILING_MS 10000

struct restart_budget {
	uint32_t max;
	int64_t window_ms;
	uint32_t count;                  /* entries of at_ms in use */
	uint32_t next;                   /* the oldest once all are in use */
	int64_t at_ms[BUDGET_MAX];
};

/* max is at most BUDGET_MAX. */
void budget_init(struct restart_budget *b, uint32_t max, int64_t window_ms);

/* At most max early deaths of one class in any window_ms; past that the class is degraded. Counts
 * this one only when it is allowed. */
bool budget_allows(struct restart_budget *b, int64_t now_ms);

/* The delay before the next start after `tries` early deaths in a row before this one: 0, 100 ms,
 * 200 ms, ... up to the ceiling. */
int64_t backoff_delay_ms(unsigned tries);

#endif
