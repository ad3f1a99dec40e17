/*
 * Recommendations from one profile: a rule speaks only where its metric and its pattern in the
 * source both hold, never promises more than Amdahl's bound, and says nothing on too few samples.
 * Rules are numbered R1, R2, ...; the numbers are part of the answers.
 */
#ifndef WORKERS_ANALYZER_RULES_H
#define WORKERS_ANALYZER_RULES_H

#include "protocol/value.h"
#include "workers/analyzer/profile.h"

#define RULES_LEAST_PERCENT 2.0     /* G5: a region whose lower bound is below says nothing */
#define RULES_HOT_PERCENT 10.0      /* lower bound from which a region without pattern is listed */
#define RULES_SPLIT_SAMPLES 30.0    /* G4: below, the parts of a share are not trusted */
#define RULES_BUSY_PERCENT 20.0     /* G2: waiting elsewhere from which waiting is no evidence */

enum confidence { CONFIDENCE_NONE, CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

/* What a rule looks at: a part of the region's CPU time, or memory of the line. */
enum rule_metric { RULE_CPU, RULE_PYTHON, RULE_NATIVE, RULE_WAIT, RULE_COPY, RULE_PEAK };

struct rule;

struct finding {
	const struct rule *rule;        /* NULL: hot, without a known pattern */
	uint32_t function;
	uint32_t line;                  /* number; 0 without a rule */
	uint32_t start, end;            /* of the region: outermost loop, line, or function */
	double metric[METRIC_COUNT];    /* of the region */
	double line_cpu_percent;
	struct text source;             /* borrowed from the profile */
	enum confidence confidence;
	double weight;                  /* percent of the run's CPU time, or of its peak memory */
};

struct findings {
	struct finding *at;             /* largest weight first; those without a rule last */
	uint32_t count;
	bool too_few_samples;           /* so nothing about CPU time */
	bool busy;                      /* so nothing about waiting */
};

/* `wanted` as for rank_lines. ERR_NO_MEMORY. */
enum err rules_apply(const struct profile *p, const bool *wanted, struct findings *ret_findings);
void findings_fini(struct findings *f);

/*
 * { rule, file, function, start_line, end_line, line?, cpu_percent, plus_minus_percent, source?,
 *   evidence?, advice, reason?, confidence, speedup_at_most?, verify? }
 *
 * speedup_at_most is Amdahl's bound for the region: of the CPU time, if the region took none.
 * Brief: rule, file, function, line, cpu_percent, advice, confidence.
 */
void finding_write(struct value_writer *w, const struct profile *p, const struct finding *f,
    bool brief);

#endif
