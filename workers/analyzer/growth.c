#include "workers/analyzer/growth.h"

#include <math.h>

/* NaN when no point lies in (from, to]. */
static double
mean_between(const struct profile *p, double from_s, double to_s)
{
	double sum = 0;
	uint32_t count = 0;

	for (uint32_t i = 0; i < p->timeline_count; i++) {
		if (p->timeline[i].at_s <= from_s || p->timeline[i].at_s > to_s)
			continue;
		sum += p->timeline[i].memory_mb;
		count++;
	}
	return count == 0 ? NAN : sum / count;
}

double
growth_late_mb(const struct profile *p)
{
	double end = 0;

	for (uint32_t i = 0; i < p->timeline_count; i++)
		if (p->timeline[i].at_s > end)
			end = p->timeline[i].at_s;
	return mean_between(p, end * 0.75, end) - mean_between(p, end * 0.5, end * 0.75);
}

enum growth
growth_of(const struct profile *p)
{
	double late = growth_late_mb(p);
	bool kept, rises;

	if (!p->has_memory || isnan(late))
		return GROWTH_UNKNOWN;
	kept = p->growth_percent >= GROWTH_RATE_PERCENT;
	rises = late >= p->peak_mb * GROWTH_LATE_PERCENT / 100;
	if (kept && rises)
		return GROWTH_BOTH;
	return kept || rises ? GROWTH_ONE_SIGN : GROWTH_NONE;
}

const char *
growth_text(enum growth g)
{
	static const char *const texts[] = {
		[GROWTH_UNKNOWN] = "unknown",
		[GROWTH_NONE] = "most memory was freed and the footprint did not rise towards the "
		    "end: probably no leak",
		[GROWTH_ONE_SIGN] = "either most memory was kept or the footprint still rose "
		    "towards the end, not both: undecided",
		[GROWTH_BOTH] = "most memory was kept and the footprint still rose towards the "
		    "end: a leak, or data that is still needed",
	};

	return texts[g];
}
