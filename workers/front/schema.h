/*
 * The arguments of a call against the inputSchema of its tool: one check and one way to fill in
 * defaults for every tool, and messages that say what would have been right.
 *
 * Known: type (one or several), properties, required, additionalProperties, enum and const
 * (scalars), minimum, maximum, exclusiveMinimum, minLength and maxLength (code points), items,
 * minItems, maxItems, maxProperties, and "x-ulid": true (the text is an id, protocol/ulid.h). They
 * mean what JSON Schema 2020-12 means by them, but for this:
 *   - null for a member that is not required counts as not given;
 *   - a declared member that is there twice is refused;
 *   - integers lie within 2^53 either way, because cJSON holds doubles; 3.0 is an integer.
 * Other keywords are ignored by the check; schema_supported finds them.
 */
#ifndef WORKERS_FRONT_SCHEMA_H
#define WORKERS_FRONT_SCHEMA_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "protocol/error.h"

/* "argument 'top_n' must be between 1 and 1000, not -1": names the argument and what is allowed.
 * What came from the caller is cut and quoted; UTF-8, no control characters. */
struct schema_problem {
	char text[512];
};

/*
 * OK, or ERR_INVALID_ARGUMENT and what the first problem is. `arguments` NULL counts as an empty
 * object. Recursion is as deep as the schema, which is ours; it follows no references.
 */
enum err schema_check(const cJSON *schema, const cJSON *arguments,
    struct schema_problem *ret_problem);

/*
 * Adds the defaults of the schema for members that are missing or null, at every level, and
 * removes the nulls that count as not given. For arguments that passed schema_check. ERR_NO_MEMORY:
 * some of it was done.
 */
enum err schema_fill(const cJSON *schema, cJSON *arguments);

/*
 * Whether the schema uses only what schema_check knows, in the form it expects: for a test over
 * the catalogue. Also asks that an object with properties says what becomes of others, that
 * required names are declared, and that each default passes its own schema. Otherwise *ret_problem
 * says where and what.
 */
bool schema_supported(const cJSON *schema, struct schema_problem *ret_problem);

#endif
