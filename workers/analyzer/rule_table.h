/* The rules as data. A rule is one row; a pattern that is more than words is one function. */
#ifndef WORKERS_ANALYZER_RULE_TABLE_H
#define WORKERS_ANALYZER_RULE_TABLE_H

#include "workers/analyzer/body.h"
#include "workers/analyzer/rules.h"

/* Where a pattern has to stand, and so what the region is. */
enum rule_place {
	PLACE_LOOP,                 /* in a loop: the outermost one is the region */
	PLACE_LINE,                 /* anywhere: the line is */
	PLACE_ASYNC                 /* in an async function: the line is */
};

/* Whether the row has the rule's pattern. */
typedef bool rule_match_fn(const struct body *b, const struct body_row *row);

struct rule {
	const char *name;
	enum rule_place place;
	double least_percent;       /* of the CPU time, what the region takes at least */
	enum rule_metric metric;    /* and of it, this part */
	double least_part;          /* percent of the region, MiB/s, percent of the peak */
	enum confidence confidence; /* at best */
	rule_match_fn *match;       /* NULL: words alone */
	const char *const words[10];    /* one of them in the code, up to a NULL */
	const char *advice, *reason;
};

extern const struct rule rule_table[];
extern const size_t rule_count;

/* Whether its metric is memory, so that it needs no samples and bounds no speed. */
bool rule_is_about_memory(const struct rule *r);

#endif
