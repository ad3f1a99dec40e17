#include "workers/profiler/profile_file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/limits.h"

#define END_BYTES 16

/* Whether what is left of the text without white space around it is `wanted` characters or ends in
 * '}'. */
static enum profile_state
state_of_end(int fd, off_t size)
{
	char end[END_BYTES], first;
	size_t wanted = size < END_BYTES ? (size_t)size : END_BYTES;

	if (size == 0 || pread(fd, end, wanted, size - (off_t)wanted) != (ssize_t)wanted ||
	    pread(fd, &first, 1, 0) != 1)
		return PROFILE_TRUNCATED;
	while (wanted > 0 && strchr(" \n\r\t", end[wanted - 1]) != NULL)
		wanted--;
	if (first != '{' || wanted == 0 || end[wanted - 1] != '}')
		return PROFILE_TRUNCATED;
	return size < END_BYTES && wanted == 2 ? PROFILE_EMPTY : PROFILE_WHOLE;
}

static int
open_own(int folder_fd, const char *name, struct stat *ret_st)
{
	int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && (fstat(fd, ret_st) != 0 || !S_ISREG(ret_st->st_mode) ||
	    ret_st->st_uid != geteuid())) {
		close(fd);
		return -1;
	}
	return fd;
}

enum profile_state
profile_file_state(int folder_fd, const char *name)
{
	struct stat st;
	int fd = open_own(folder_fd, name, &st);

	if (fd < 0)
		return PROFILE_MISSING;
	enum profile_state state =
	    st.st_size > (off_t)LIMIT_SPOOL_FILE ? PROFILE_TOO_LARGE : state_of_end(fd, st.st_size);
	close(fd);
	return state;
}

void
profile_file_set_aside(int folder_fd)
{
	if (profile_file_state(folder_fd, PROFILE_NAME) == PROFILE_WHOLE)
		renameat(folder_fd, PROFILE_NAME, folder_fd, PROFILE_ASIDE_NAME);
}

enum profile_state
profile_file_settle(int folder_fd)
{
	struct stat st;
	enum profile_state state = profile_file_state(folder_fd, PROFILE_NAME);

	if (state != PROFILE_WHOLE && profile_file_state(folder_fd,
	    PROFILE_ASIDE_NAME) == PROFILE_WHOLE) {
		renameat(folder_fd, PROFILE_ASIDE_NAME, folder_fd, PROFILE_NAME);
		state = PROFILE_WHOLE;
	}
	unlinkat(folder_fd, PROFILE_ASIDE_NAME, 0);
	int fd = open_own(folder_fd, PROFILE_NAME, &st);
	if (fd >= 0) {
		fchmod(fd, 0600);
		close(fd);
	}
	return state;
}
