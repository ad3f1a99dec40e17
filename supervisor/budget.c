#include "supervisor/budget.h"

#include <string.h>

void
budget_init(struct restart_budget *b, uint32_t max, int64_t window_ms)
{
	memset(b, 0, sizeof(*b));
	b->max = max < BUDGET_MAX ? max : BUDGET_MAX;
	b->window_ms = window_ms;
}

bool
budget_allows(struct restart_budget *b, int64_t now_ms)
{
	if (b->max == 0)
		return false;
	if (b->count == b->max && now_ms - b->at_ms[b->next] <= b->window_ms)
		return false;
	b->at_ms[b->next] = now_ms;
	b->next = (b->next + 1) % b->max;
	b->count += b->count < b->max;
	return true;
}

int64_t
backoff_delay_ms(unsigned tries)
{
	int64_t delay_ms = BACKOFF_FIRST_MS;

	if (tries == 0)
		return 0;
	while (--tries > 0 && delay_ms < BACKOFF_CEILING_MS)
		delay_ms *= 2;
	return delay_ms < BACKOFF_CEILING_MS ? delay_ms : BACKOFF_CEILING_MS;
}
