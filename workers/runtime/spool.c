#include "workers/runtime/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/limits.h"
#include "protocol/ulid.h"

struct spool {
	int dir_fd;                      /* the state directory */
	char prefix[64];                 /* "instances/<ULID>/spool/" */
};

_Static_assert(SHA256_SIZE == SHA256_DIGEST_LENGTH, "one size of hash");

enum err
spool_open(const char *state_dir, const char *instance, struct spool **ret_spool)
{
	struct spool *s = calloc(1, sizeof(*s));
	char path[64];
	enum err e;

	if (s == NULL)
		return ERR_NO_MEMORY;
	snprintf(s->prefix, sizeof(s->prefix), "instances/%s/spool/", instance);
	s->dir_fd = open(state_dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (s->dir_fd < 0)
		goto failed;
	mkdirat(s->dir_fd, "instances", 0700);
	snprintf(path, sizeof(path), "instances/%s", instance);
	mkdirat(s->dir_fd, path, 0700);
	if (mkdirat(s->dir_fd, s->prefix, 0700) < 0 && errno != EEXIST)
		goto failed;
	*ret_spool = s;
	return OK;
failed:
	e = err_from_errno(errno);
	spool_close(&s);
	return e;
}

void
spool_close(struct spool **spool)
{
	if (*spool == NULL)
		return;
	if ((*spool)->dir_fd >= 0)
		close((*spool)->dir_fd);
	free(*spool);
	*spool = NULL;
}

int
spool_dir_fd(const struct spool *spool)
{
	return spool->dir_fd;
}

static bool
plain_name(const char *at, size_t len)
{
	if (len == 0 || at[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (at[i] <= ' ' || at[i] == '/' || at[i] >= 0x7f)
			return false;
	return true;
}

/* After `folder`, a ULID, then `middle`, then one plain name. */
static bool
has_shape(struct text name, const char *folder, const char *middle)
{
	size_t before = strlen(folder), between = strlen(middle);
	size_t head = before + LIMIT_ULID + between;

	return name.len > head && memcmp(name.at, folder, before) == 0 && ulid_valid(name.at + before, LIMIT_ULID) &&
	       memcmp(name.at + before + LIMIT_ULID, middle, between) == 0 &&
	       plain_name(name.at + head, name.len - head);
}

bool
spool_name_valid(struct text name)
{
	if (name.at == NULL || name.len > SPOOL_NAME_MAX)
		return false;
	return has_shape(name, "instances/", "/spool/") || has_shape(name, "jobs/", "/");
}

void
spool_sweep(struct spool *spool)
{
	int fd = openat(spool->dir_fd, spool->prefix, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (ulid_valid(entry->d_name, strlen(entry->d_name)))
			unlinkat(fd, entry->d_name, 0);
	closedir(dir);
}

void
sha256_of(const void *at, size_t len, uint8_t ret_hash[SHA256_SIZE])
{
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, at, len);
	SHA256Final(ret_hash, &context);
}

void
sha256_hex(const uint8_t hash[SHA256_SIZE], char ret_hex[2 * SHA256_SIZE + 1])
{
	for (int i = 0; i < SHA256_SIZE; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", hash[i]);
}

static enum err
write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_from_errno(errno);
		at += n;
		len -= (size_t)n;
	}
	return OK;
}

static enum err
write_file(const struct spool *spool, const char *name, const void *bytes, size_t len)
{
	int fd = openat(spool->dir_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
	enum err e;

	if (fd < 0)
		return err_from_errno(errno);
	e = write_all(fd, bytes, len);
	if (close(fd) < 0 && e == OK)
		e = err_from_errno(errno);
	if (e != OK)
		unlinkat(spool->dir_fd, name, 0);
	return e;
}

enum err
spool_put(struct spool *spool, const void *bytes, size_t len, char name_buf[SPOOL_NAME_MAX + 1],
    struct blob *ret_blob)
{
	char id[LIMIT_ULID + 1];
	enum err e;

	if (len <= LIMIT_INLINE / 4) {
		/* an empty blob is not nil */
		*ret_blob = (struct blob){ .bytes = { len == 0 ? (const uint8_t *)"" : bytes, len } };
		return OK;
	}
	if (len > LIMIT_SPOOL_FILE)
		return ERR_TOO_LARGE;
	ulid_make(id);
	snprintf(name_buf, SPOOL_NAME_MAX + 1, "%s%s", spool->prefix, id);
	e = write_file(spool, name_buf, bytes, len);
	if (e != OK)
		return e;
	*ret_blob = (struct blob){ .file = text_of(name_buf), .size = len };
	sha256_of(bytes, len, ret_blob->sha256);
	return OK;
}

/* A regular file of ours, mapped for reading. An empty file has no mapping. */
static enum err
map_file(const struct spool *spool, struct text name, struct spool_bytes *ret_bytes)
{
	char path[SPOOL_NAME_MAX + 1];
	struct stat st;
	enum err e = OK;
	void *at = NULL;
	int fd;

	if (!spool_name_valid(name) || !text_copy(name, path, sizeof(path)))
		return ERR_MALFORMED;
	fd = openat(spool->dir_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? ERR_NOT_READABLE : err_from_errno(errno);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		e = ERR_NOT_READABLE;
	else if (st.st_size > (off_t)LIMIT_SPOOL_FILE)
		e = ERR_TOO_LARGE;
	else if (st.st_size > 0 &&
	    (at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED)
		e = err_from_errno(errno);
	close(fd);
	if (e == OK)
		*ret_bytes = (struct spool_bytes){ st.st_size > 0 ? at : "", (size_t)st.st_size, at };
	return e;
}

enum err
spool_describe(struct spool *spool, const char *name, char name_buf[SPOOL_NAME_MAX + 1], struct blob *ret_blob)
{
	struct spool_bytes bytes;
	enum err e = map_file(spool, text_of(name), &bytes);

	if (e != OK)
		return e;
	snprintf(name_buf, SPOOL_NAME_MAX + 1, "%s", name);
	*ret_blob = (struct blob){ .file = text_of(name_buf), .size = bytes.len };
	sha256_of(bytes.at, bytes.len, ret_blob->sha256);
	spool_bytes_fini(&bytes);
	return OK;
}

enum err
spool_get(struct spool *spool, const struct blob *blob, struct spool_bytes *ret_bytes)
{
	uint8_t hash[SHA256_SIZE];
	struct spool_bytes bytes;
	enum err e;

	if (blob->bytes.at != NULL) {
		*ret_bytes = (struct spool_bytes){ blob->bytes.at, blob->bytes.len, NULL };
		return OK;
	}
	e = map_file(spool, blob->file, &bytes);
	if (e != OK)
		return e;
	sha256_of(bytes.at, bytes.len, hash);
	if (bytes.len != blob->size || memcmp(hash, blob->sha256, sizeof(hash)) != 0) {
		spool_bytes_fini(&bytes);
		return ERR_CORRUPT;
	}
	*ret_bytes = bytes;
	return OK;
}

void
spool_bytes_fini(struct spool_bytes *bytes)
{
	if (bytes->mapping != NULL)
		munmap(bytes->mapping, bytes->len);
	*bytes = (struct spool_bytes){ NULL, 0, NULL };
}

void
spool_drop(struct spool *spool, struct text name)
{
	char path[SPOOL_NAME_MAX + 1];
	size_t prefix = strlen(spool->prefix);

	if (!spool_name_valid(name) || !text_copy(name, path, sizeof(path)))
		return;
	if (strncmp(path, spool->prefix, prefix) == 0)
		unlinkat(spool->dir_fd, path, 0);
}
