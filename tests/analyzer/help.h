/* What the analyzer's unit tests share. */
#ifndef TESTS_ANALYZER_HELP_H
#define TESTS_ANALYZER_HELP_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "workers/analyzer/analysis.h"

/* A profile with two files, a method, a leak, stacks, a timeline and memory; about 4 kB. */
extern const char small_profile[];

/* The names of tests/fixtures/NAME.json; ends with NULL. */
extern const char *const fixture_names[];

/* The whole file; fails the test when it is missing. The caller frees. */
char *fixture_text(const char *name, size_t *ret_len);

/* A JSON text as a msgpack value in `w`, which is initialised here. */
struct value value_from_json(const char *text, struct value_writer *w);

/* The value as a cJSON tree; fails the test when it is not acceptable. The caller deletes it. */
cJSON *json_of(struct value v);

/* Reads `text`, which must be a profile, runs the view on its model and parses the answer. The
 * error is written to *ret_error when that is not NULL, else there must be none. NULL when the view
 * failed. */
cJSON *view_of(const char *text, const char *facts, struct view_query q, enum err *ret_error,
    struct view_problem *ret_problem);

/* The summary that reading `text` gives. text may be NULL. */
cJSON *summary_of(const char *text);

double number_at(const cJSON *object, const char *key);
const char *string_at(const cJSON *object, const char *key);

/* Whether the array of texts has one with `part` in it. */
int has_warning(const cJSON *answer, const char *part);

/* `text` with the first `from` in it replaced by `to`; there must be one. The caller frees. */
char *replaced(const char *text, const char *from, const char *to);

/* A reproducible sequence. */
uint32_t next_random(uint32_t *state);

#endif
