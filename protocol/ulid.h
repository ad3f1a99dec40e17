/*
 * Ids: ULIDs (48 bits of milliseconds since the epoch, 80 random bits, Crockford base 32, upper case;
 * github.com/ulid/spec). The random part is fresh each time, so that an id cannot be guessed from
 * another one.
 */
#ifndef PROTOCOL_ULID_H
#define PROTOCOL_ULID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/limits.h"

/* Writes 26 characters and a NUL. The time is CLOCK_REALTIME's; randomness is getrandom(2)'s. */
void ulid_make(char ret_id[LIMIT_ULID + 1]);

/* Exactly 26 characters of the alphabet, first one at most '7'; upper case only. */
bool ulid_valid(const char *s, size_t len);

#endif
