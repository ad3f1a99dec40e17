#include "workers/front/ledger_output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "workers/front/ledger_space.h"

#define GIVE_SIZE ((size_t)1 << 30)

enum err
ledger_output_init(struct ledger_output *out, int client, int file, uint64_t *ret_written)
{
	off_t given = lseek(file, 0, SEEK_CUR);
	struct stat st;

	if (given < 0 || fstat(file, &st) < 0)
		return err_from_errno(errno);
	*out = (struct ledger_output){ .client = client, .file = file, .given = (uint64_t)given };
	*ret_written = (uint64_t)st.st_size;
	return OK;
}

enum err
ledger_output_write(const struct ledger_output *out, uint64_t offset, const char *at, size_t len)
{
	struct iovec parts[2] = {
		{ .iov_base = (void *)(uintptr_t)at, .iov_len = len },
		{ .iov_base = (void *)(uintptr_t)"\n", .iov_len = 1 },
	};
	ssize_t n;

	do
		n = pwritev(out->file, parts, 2, (off_t)offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_from_errno(errno);
	return (size_t)n == len + 1 ? OK : ERR_NO_MEMORY;
}

/*
 * Only what has left the pipe, see ledger_flush. From the start each time: of a large page nothing
 * is given back before all of it is punched at once.
 */
static void
free_what_was_read(struct ledger_output *out)
{
	int in_pipe = 0;
	uint64_t read;

	if (out->given - out->freed < LEDGER_DEAD_BYTES)
		return;
	if (ioctl(out->client, FIONREAD, &in_pipe) < 0)
		return;
	read = out->given - (uint64_t)in_pipe;
	if (read < out->freed + LEDGER_DEAD_BYTES)
		return;
	ledger_space_free(out->file, 0, read);
	out->freed = read;
}

static ssize_t
splice_to_client(const struct ledger_output *out, uint64_t left)
{
	size_t len = left < GIVE_SIZE ? (size_t)left : GIVE_SIZE;
	ssize_t n;

	do
		n = splice(out->file, NULL, out->client, NULL, len, SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	return n;
}

static enum err
give_all(struct ledger_output *out, uint64_t committed)
{
	while (out->given < committed) {
		ssize_t n = splice_to_client(out, committed - out->given);

		if (n == 0)
			return ERR_SYSTEM;
		if (n < 0 && errno == EPIPE)
			return ERR_WORKER_LOST;
		if (n < 0)
			return errno == EAGAIN ? ERR_BUSY : err_from_errno(errno);
		out->given += (uint64_t)n;
	}
	return OK;
}

/*
 * A pipe that nobody reads raises SIGPIPE in this thread; it is taken back, unless one was pending
 * before.
 */
enum err
ledger_output_give(struct ledger_output *out, uint64_t committed)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t pipe_only, before, pending;
	bool was_pending;
	enum err e;

	if (out->given == committed)
		return OK;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
	e = give_all(out, committed);
	if (e == ERR_WORKER_LOST && !was_pending)
		sigtimedwait(&pipe_only, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	free_what_was_read(out);
	return e;
}
