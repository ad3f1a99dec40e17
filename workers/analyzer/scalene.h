/*
 * Scalene's JSON, from 1.5.16 to 2.4, as a struct profile. The text is hostile: it is scanned once
 * as a whole, then walked member by member; every key is optional, unknown ones and `functions[]`'
 * figures, combined_stacks and memory_stacks are passed over, and figures out of range are clamped
 * with NOTE_NUMBERS.
 */
#ifndef WORKERS_ANALYZER_SCALENE_H
#define WORKERS_ANALYZER_SCALENE_H

#include "workers/analyzer/profile.h"

/*
 * ERR_BAD_PROFILE when the text is no JSON object, or one without any of a profile's keys;
 * ERR_NO_MEMORY. The empty object, which Scalene writes when it saw nothing, is a profile without
 * files. On failure *ret_why (may be NULL) is a static phrase and *ret_offset (may be NULL) the
 * byte, and *ret_profile is empty.
 */
enum err scalene_read(const char *text, size_t len, struct profile *ret_profile,
    const char **ret_why,
    size_t *ret_offset);

#endif
