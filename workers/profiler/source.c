#include "workers/profiler/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workers/profiler/utf8.h"
#include "workers/runtime/spool.h"

static enum err
refuse_open(int number, const char *name, struct refusal *why)
{
	if (number == ENOENT || number == ENOTDIR) {
		refuse(why, ERR_NOT_FOUND, "%s does not exist", name);
		refusal_hint(why, "Give an absolute path, or `cwd` and a path relative to it.");
		return why->code;
	}
	if (number == EACCES || number == EPERM) {
		refuse(why, ERR_NOT_READABLE, "%s cannot be read: %s", name, strerror(number));
		refusal_hint(why,
		    "Let the user that runs this server read the file and enter its folders.");
		return why->code;
	}
	if (number == ELOOP || number == ENAMETOOLONG || number == ENXIO)
		return refuse(why, ERR_INVALID_ARGUMENT, "%s cannot be opened: %s", name,
		    strerror(number));
	return refuse(why, ERR_SYSTEM, "%s cannot be opened: %s", name, strerror(number));
}

static enum err
check_kind(const struct stat *st, const char *name, struct refusal *why)
{
	if (S_ISDIR(st->st_mode)) {
		refuse(why, ERR_INVALID_ARGUMENT, "%s is a directory", name);
		refusal_hint(why,
		    "Give the .py file to run; for a package give `module` and `cwd`.");
		return why->code;
	}
	if (!S_ISREG(st->st_mode))
		return refuse(why, ERR_INVALID_ARGUMENT, "%s is not a regular file", name);
	if (st->st_size > (off_t)SOURCE_MAX)
		return refuse(why, ERR_TOO_LARGE, "%s is larger than %u MiB", name,
		    SOURCE_MAX >> 20);
	return OK;
}

static enum err
read_all(int fd, const char *name, size_t size, char **ret_at, size_t *ret_len, struct refusal *why)
{
	char *at = malloc(size + 1);
	size_t len = 0;

	if (at == NULL)
		return refuse(why, ERR_NO_MEMORY, "out of memory");
	while (len < size) {
		ssize_t n = read(fd, at + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int number = errno;
			free(at);
			return refuse(why, ERR_NOT_READABLE, "%s cannot be read: %s", name,
			    strerror(number));
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_at = at;
	*ret_len = len;
	return OK;
}

static size_t
line_of(const char *at, size_t offset)
{
	size_t line = 1;

	for (size_t i = 0; i < offset; i++)
		line += at[i] == '\n';
	return line;
}

enum err
source_check_text(const char *at, size_t len, const char *name, struct refusal *why)
{
	if (len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
		refuse(why, ERR_INVALID_ARGUMENT,
		    "%s starts with a byte order mark, over which Scalene loses the whole profile",
		    name);
		refusal_hint(why,
		    "Save it as UTF-8 without byte order mark; `sed -i '1s/^\\xef\\xbb\\xbf//' "
		    "FILE` "
		    "takes it out.");
		return why->code;
	}
	size_t valid = utf8_valid_prefix(at, len);
	if (valid < len) {
		refuse(why, ERR_INVALID_ARGUMENT,
		    "%s is not UTF-8 (line %zu, byte 0x%02x), and Scalene reads nothing else",
		    name, line_of(at, valid), (unsigned char)at[valid]);
		refusal_hint(why, "Save it as UTF-8, and change its coding line if it has one; "
		    "`iconv -f latin1 -t utf-8` converts from Latin-1.");
		return why->code;
	}
	if (memchr(at, '\0', len) != NULL)
		return refuse(why, ERR_INVALID_ARGUMENT,
		    "%s holds NUL bytes, so it is not Python source", name);
	return OK;
}

enum err
source_check(const char *path, const char *name, uint8_t ret_sha256[SHA256_SIZE],
    struct refusal *why)
{
	struct stat st;
	char *at = NULL;
	size_t len = 0;
	enum err e;

	/* O_NONBLOCK: a pipe by that name must not stop us */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return refuse_open(errno, name, why);
	if (fstat(fd, &st) != 0) {
		e = refuse_open(errno, name, why);
		goto out;
	}
	if ((e = check_kind(&st, name, why)) != OK)
		goto out;
	if ((e = read_all(fd, name, (size_t)st.st_size, &at, &len, why)) != OK)
		goto out;
	if ((e = source_check_text(at, len, name, why)) != OK)
		goto out;
	sha256_of(at, len, ret_sha256);
out:
	free(at);
	close(fd);
	return e;
}
