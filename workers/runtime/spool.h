/*
 * Bodies over LIMIT_INLINE travel as files: in the spool of this server's instance or in a job's folder,
 * both below the state directory, 0600 in 0700 folders. A file is complete and never changes once its
 * name was sent. Names are relative to the state directory: "instances/<ULID>/spool/<name>" or
 * "jobs/<ULID>/<name>"; a name of any other shape is refused by everybody who opens one.
 */
#ifndef WORKERS_RUNTIME_SPOOL_H
#define WORKERS_RUNTIME_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/message.h"

struct spool;

/* Opens the state directory `state_dir` (it must exist) and makes this instance's spool folder if missing. */
enum err spool_open(const char *state_dir, const char *instance, struct spool **ret_spool);
void spool_close(struct spool **spool);

/* The descriptor of the state directory, for openat; owned by the spool. */
int spool_dir_fd(const struct spool *spool);

/* Whether a name has one of the two shapes above. */
bool spool_name_valid(struct text name);

/*
 * A blob for `bytes`: inline when they fit LIMIT_INLINE/4 (several fit one message), else written to
 * a new spool file (write, fsync is not done: the spool need not survive the host). `name_buf` holds the file's name
 * and must live as long as the blob. The blob borrows `bytes` when inline.
 */
enum err spool_put(struct spool *spool, const void *bytes, size_t len, char name_buf[SPOOL_NAME_MAX + 1],
    struct blob *ret_blob);

/* Describes a file that is already there (a job's profile): reads it once for size and SHA-256. */
enum err spool_describe(struct spool *spool, const char *name, char name_buf[SPOOL_NAME_MAX + 1],
    struct blob *ret_blob);

/* What a blob holds, mapped or copied, size and hash checked. */
struct spool_bytes {
	const uint8_t *at;
	size_t len;
	void *mapping;           /* to be unmapped; NULL for inline bytes, which borrow */
};

/* ERR_CORRUPT when size or SHA-256 differ, ERR_NOT_FOUND, ERR_TOO_LARGE over LIMIT_SPOOL_FILE, ERR_MALFORMED for
 * a bad name. Files are opened without following links and must be regular and ours. */
enum err spool_get(struct spool *spool, const struct blob *blob, struct spool_bytes *ret_bytes);
void spool_bytes_fini(struct spool_bytes *bytes);

/* Removes a file of this instance's spool; job files are left alone. Missing is fine. */
void spool_drop(struct spool *spool, struct text name);

/* Removes every file of this instance's spool: for a new front, because what its predecessor was sent nobody reads any
 * more. */
void spool_sweep(struct spool *spool);

void sha256_of(const void *at, size_t len, uint8_t ret_hash[SHA256_SIZE]);
/* 64 hex digits and a NUL. */
void sha256_hex(const uint8_t hash[SHA256_SIZE], char ret_hex[2 * SHA256_SIZE + 1]);

#endif
