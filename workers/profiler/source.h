/*
 * A script as Scalene reads it. Scalene takes sources for UTF-8 whatever they declare, and loses
 * the whole profile, after the run, over a byte order mark or a byte that is none,
 * so both are found before.
 */
#ifndef WORKERS_PROFILER_SOURCE_H
#define WORKERS_PROFILER_SOURCE_H

#include "protocol/message.h"
#include "workers/profiler/refusal.h"

#define SOURCE_MAX (32u << 20)   /* bytes of a script */

/*
 * Opens and reads the script at `path`, which must be a regular file. ERR_NOT_FOUND,
 * ERR_NOT_READABLE, ERR_TOO_LARGE, ERR_INVALID_ARGUMENT (a directory, a device, not UTF-8). `name`
 * is what messages call it.
 */
enum err source_check(const char *path, const char *name, uint8_t ret_sha256[SHA256_SIZE],
    struct refusal *why);

/* The same for text that is here already. */
enum err source_check_text(const char *at, size_t len, const char *name, struct refusal *why);

#endif
