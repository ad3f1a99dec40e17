/*
 * Scalene's own lines among a program's output. Scalene prints them to the program's standard error
 * and output, so they are recognised at the start of a line, remembered, and, where they would only
 * confuse, left out. Texts are those of Scalene 1.5.16 to 2.4.0 (scalene_profiler.py,
 * scalene_preload.py, scalene_parseargs.py).
 */
#ifndef WORKERS_PROFILER_PHRASES_H
#define WORKERS_PROFILER_PHRASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum phrase {
	PHRASE_SAVED,            /* the profile is complete on disk */
	PHRASE_TOO_SHORT,        /* no sample fell into the traced files */
	PHRASE_INTERRUPTED,
	PHRASE_RAISED,           /* the program ended with an exception */
	PHRASE_TIMER_SIGNAL,     /* the program uses the signal that Scalene samples with */
	PHRASE_WRAPPER_SIGNAL,   /* the process below Scalene's wrapper died of a signal */
	PHRASE_NOISE,            /* says nothing about this run */
	PHRASE_INITIALIZE,       /* from here on: Scalene failed */
	PHRASE_EXCEPTION,
	PHRASE_NO_INPUT,
	PHRASE_MEMORY_PROFILING,
	PHRASE_INTERNAL,
	PHRASE_OPTIONS,
	PHRASE_COUNT
};

#define PHRASE_FIRST_FAILURE PHRASE_INITIALIZE

/* Why the profile is missing, for `warnings`; NULL for phrases that are no failure of Scalene's. */
const char *phrase_reason(enum phrase phrase);

#define PHRASE_MAX 96            /* bytes of the longest text that is looked for */

/* One stream's filter; zero is the start of a stream. */
struct phrase_filter {
	char held[PHRASE_MAX];   /* the start of a line that may still become a phrase */
	size_t held_len;
	bool inside_line;        /* this line is none of ours */
	unsigned drop_lines;     /* newlines to swallow yet */
	uint32_t seen;           /* one bit per phrase */
};

/* Filters a piece into `out`, which has room for `len` + PHRASE_MAX bytes. Returns the bytes
 * written. */
size_t phrase_filter_feed(struct phrase_filter *f, const char *in, size_t len, char *out);

/* The stream has ended: what is still held belongs to the program. `out` has room for
 * PHRASE_MAX. */
size_t phrase_filter_end(struct phrase_filter *f, char *out);

static inline bool
phrase_seen(uint32_t seen, enum phrase phrase)
{
	return (seen >> phrase) & 1u;
}

#endif
