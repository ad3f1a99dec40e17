/*
 * Bytes kept for good: compressed (zstd, level 3: 18 times smaller and 350 MB/s on profiles),
 * addressed by the SHA-256 of what they hold, stored once however often they are saved.
 */
#ifndef WORKERS_STORE_BLOBS_H
#define WORKERS_STORE_BLOBS_H

#include "workers/store/store.h"

/* A blob made ready outside the transaction, so that the write lock is not held while
 * compressing. */
struct packed_blob {
	uint8_t sha256[SHA256_SIZE];
	size_t size;             /* of what it holds */
	void *zstd;              /* NULL: nothing */
	size_t zstd_len;
};

/* Reads (size and hash checked) and compresses what a message brought; a nil blob packs to
 * nothing. ERR_CORRUPT, ERR_NOT_FOUND, ERR_NO_MEMORY. Free with packed_blob_fini, also after
 * failure. */
enum err blob_pack(struct store *s, const struct blob *in, struct packed_blob *ret_packed);
void packed_blob_fini(struct packed_blob *packed);

/* Inside a transaction: inserts the blob unless an equal one is there. */
enum err blob_insert(struct store *s, const struct packed_blob *packed);

/* Reads a blob back. The caller frees *ret_bytes. ERR_CORRUPT when it is missing or is not what
 * its hash says. */
enum err blob_read(struct store *s, struct value sha256, uint8_t **ret_bytes, size_t *ret_len);

/* Inside a transaction: removes the blob if no profile refers to it any more. */
enum err blob_release(struct store *s, struct value sha256);

#endif
