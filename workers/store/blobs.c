#include "workers/store/blobs.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "workers/store/statement.h"

#define BLOB_LEVEL 3

static bool
is_nil(const struct blob *b)
{
	return b->bytes.at == NULL && b->file.at == NULL;
}

static enum err
compress(struct store *s, const struct spool_bytes *bytes, struct packed_blob *packed)
{
	size_t room = ZSTD_compressBound(bytes->len), len;
	void *out = malloc(room), *fitted;

	if (out == NULL)
		return fault_set(&s->fault, ERR_NO_MEMORY, NULL, "out of memory for %zu bytes",
		    room);
	len = ZSTD_compress(out, room, bytes->at, bytes->len, BLOB_LEVEL);
	if (ZSTD_isError(len)) {
		free(out);
		return fault_set(&s->fault, ERR_NO_MEMORY, NULL, "cannot compress: %s",
		    ZSTD_getErrorName(len));
	}
	fitted = realloc(out, len);
	packed->zstd = fitted != NULL ? fitted : out;
	packed->zstd_len = len;
	packed->size = bytes->len;
	return OK;
}

enum err
blob_pack(struct store *s, const struct blob *in, struct packed_blob *ret_packed)
{
	struct spool_bytes bytes;
	enum err e;

	*ret_packed = (struct packed_blob){ .zstd = NULL };
	if (is_nil(in))
		return OK;
	e = spool_get(s->spool, in, &bytes);
	if (e != OK)
		return fault_set(&s->fault, e, NULL, "the bytes to save cannot be read: %s",
		    err_info(e)->text);
	if (in->bytes.at != NULL)
		sha256_of(bytes.at, bytes.len, ret_packed->sha256);
	else
		memcpy(ret_packed->sha256, in->sha256, SHA256_SIZE);
	e = compress(s, &bytes, ret_packed);
	spool_bytes_fini(&bytes);
	return e;
}

void
packed_blob_fini(struct packed_blob *packed)
{
	free(packed->zstd);
	packed->zstd = NULL;
}

enum err
blob_insert(struct store *s, const struct packed_blob *packed)
{
	if (packed->zstd == NULL)
		return OK;
	return statement_run(&s->database,
	    "INSERT INTO blobs (sha256, size, zstd) VALUES (?1, ?2, ?3)"
	    " ON CONFLICT (sha256) DO NOTHING",
	    PARAMS(param_bytes(packed->sha256, SHA256_SIZE), param_int((int64_t)packed->size),
		param_bytes(packed->zstd, packed->zstd_len)));
}

static enum err
damaged(struct store *s, const char *how)
{
	return fault_set(&s->fault, ERR_CORRUPT,
	    "This profile cannot be read any more, others can. Profile the program again.",
	    "the stored bytes of this profile are damaged: %s", how);
}

/* The size is believed only when table and compressed frame agree on it. */
static enum err
decompress(struct store *s, struct value zstd, int64_t size, uint8_t **ret_bytes)
{
	uint8_t *out;
	size_t len;

	if (size < 0 || size > (int64_t)LIMIT_SPOOL_FILE ||
	    ZSTD_getFrameContentSize(zstd.at, zstd.len) != (unsigned long long)size)
		return damaged(s, "their size is wrong");
	out = malloc((size_t)size + 1);
	if (out == NULL)
		return fault_set(&s->fault, ERR_NO_MEMORY, NULL,
		    "out of memory for a stored profile");
	len = ZSTD_decompress(out, (size_t)size, zstd.at, zstd.len);
	if (ZSTD_isError(len) || len != (size_t)size) {
		free(out);
		return damaged(s, "they do not decompress");
	}
	*ret_bytes = out;
	return OK;
}

static enum err
read_row(struct store *s, sqlite3_stmt *row, struct value sha256, uint8_t **ret_bytes,
    size_t *ret_len)
{
	uint8_t hash[SHA256_SIZE];
	uint8_t *bytes = NULL;
	int64_t size = sqlite3_column_int64(row, 0);
	enum err e = decompress(s, column_value(row, 1), size, &bytes);

	if (e != OK)
		return e;
	sha256_of(bytes, (size_t)size, hash);
	if (sha256.len != SHA256_SIZE || memcmp(hash, sha256.at, SHA256_SIZE) != 0) {
		free(bytes);
		return damaged(s, "their SHA-256 is wrong");
	}
	*ret_bytes = bytes;
	*ret_len = (size_t)size;
	return OK;
}

enum err
blob_read(struct store *s, struct value sha256, uint8_t **ret_bytes, size_t *ret_len)
{
	sqlite3_stmt *statement = NULL;
	bool row = false;
	enum err e = statement_open(&s->database, "SELECT size, zstd FROM blobs WHERE sha256 = ?1",
	    PARAMS(param_bytes(sha256.at, sha256.len)), &statement);

	if (e == OK)
		e = statement_step(&s->database, statement, &row);
	if (e == OK && !row)
		e = damaged(s, "they are missing");
	if (e == OK)
		e = read_row(s, statement, sha256, ret_bytes, ret_len);
	statement_close(&statement);
	return e;
}

enum err
blob_release(struct store *s, struct value sha256)
{
	return statement_run(&s->database,
	    "DELETE FROM blobs WHERE sha256 = ?1"
	    " AND NOT EXISTS (SELECT 1 FROM profiles WHERE raw_sha256 = ?1)"
	    " AND NOT EXISTS (SELECT 1 FROM profiles WHERE model_sha256 = ?1)",
	    PARAMS(param_bytes(sha256.at, sha256.len)));
}
