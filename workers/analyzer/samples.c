#include "workers/analyzer/samples.h"

#include <math.h>
#include <stdlib.h>

#include "workers/analyzer/spans.h"

#define TIMES_MAX 2000000u

void
sample_times_fini(struct sample_times *t)
{
	free(t->at);
	*t = (struct sample_times){ .at = NULL };
}

enum err
sample_times_add(struct sample_times *t, struct json_span list)
{
	struct json_span value;
	size_t cursor = 0;

	if (!span_is_array(list))
		return OK;
	while (json_next_element(list.at, list.len, &cursor, &value)) {
		double time, *slot;

		if (!span_number(value, &time))
			continue;
		if (t->count == TIMES_MAX) {
			t->cut = true;
			return OK;
		}
		slot = profile_grow(&t->at, &t->count, sizeof(*slot));
		if (slot == NULL)
			return ERR_NO_MEMORY;
		*slot = time;
	}
	return OK;
}

static int
by_time(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint64_t
sample_times_distinct(struct sample_times *t)
{
	uint64_t distinct = t->count > 0;

	if (t->count > 1)
		qsort(t->at, t->count, sizeof(*t->at), by_time);
	for (uint32_t i = 1; i < t->count; i++)
		distinct += t->at[i] > t->at[i - 1];
	return distinct;
}

double
share_plus_minus(const struct profile *p, double share_percent)
{
	double share = share_percent / 100;

	if (!p->has_samples || p->samples == 0)
		return NAN;
	if (share <= 0 || share >= 1)
		return 0;
	return 200 * sqrt(2 * share * (1 - share) / (double)p->samples);
}
