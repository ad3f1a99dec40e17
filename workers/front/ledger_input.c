#include "workers/front/ledger_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WINDOW_SIZE ((size_t)2 * LIMIT_JSON_LINE)
#define FILL_SIZE ((size_t)1 << 20)

static uint64_t
page_floor(uint64_t offset)
{
	return offset & ~((uint64_t)sysconf(_SC_PAGESIZE) - 1);
}

enum err
ledger_input_init(struct ledger_input *in, int client, int file)
{
	off_t arrived = lseek(file, 0, SEEK_CUR);
	void *window;

	if (arrived < 0)
		return err_from_errno(errno);
	window = mmap(NULL, WINDOW_SIZE, PROT_READ, MAP_SHARED, file, 0);
	if (window == MAP_FAILED)
		return err_from_errno(errno);
	*in = (struct ledger_input){
		.client = client, .file = file, .arrived = (uint64_t)arrived, .window = window,
	};
	return OK;
}

static void
unmap_second(struct ledger_input *in)
{
	if (in->second != NULL)
		munmap(in->second, in->second_size);
	in->second = NULL;
}

void
ledger_input_fini(struct ledger_input *in)
{
	unmap_second(in);
	if (in->window != NULL)
		munmap(in->window, WINDOW_SIZE);
	in->window = NULL;
}

enum err
ledger_input_fill(struct ledger_input *in, uint64_t consumed)
{
	ssize_t n;

	if (in->arrived - consumed > LEDGER_BACKLOG_BYTES)
		return ERR_TOO_LARGE;
	do
		n = splice(in->client, NULL, in->file, NULL, FILL_SIZE, SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? ERR_BUSY : err_from_errno(errno);
	in->arrived += (uint64_t)n;
	in->ended = n == 0;
	return n == 0 ? ERR_NOT_FOUND : OK;
}

static void
move_window(struct ledger_input *in, uint64_t at)
{
	int flags = MAP_SHARED | MAP_FIXED;

	if (mmap(in->window, WINDOW_SIZE, PROT_READ, flags, in->file, (off_t)at) == MAP_FAILED)
		abort();
	in->window_at = at;
}

/* The window may reach beyond the end of the file; only bytes that have arrived are touched. */
const char *
ledger_input_text(struct ledger_input *in, uint64_t from, uint64_t to)
{
	if (from < in->window_at || to > in->window_at + WINDOW_SIZE)
		move_window(in, page_floor(from));
	return in->window + (from - in->window_at);
}

bool
ledger_input_newline(struct ledger_input *in, uint64_t from, uint64_t to, uint64_t *ret_at)
{
	uint64_t start = in->searched > from ? in->searched : from;
	const char *text, *newline;

	if (start >= to)
		return false;
	text = ledger_input_text(in, from, to);
	newline = memchr(text + (start - from), '\n', (size_t)(to - start));
	in->searched = newline == NULL ? to : from + (uint64_t)(newline - text);
	if (newline == NULL)
		return false;
	*ret_at = in->searched;
	return true;
}

enum err
ledger_input_map(struct ledger_input *in, uint64_t from, size_t len, const char **ret_at)
{
	uint64_t at = page_floor(from);
	size_t size = (size_t)(from - at) + len;
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, in->file, (off_t)at);

	if (map == MAP_FAILED)
		return err_from_errno(errno);
	unmap_second(in);
	in->second = map;
	in->second_size = size;
	*ret_at = in->second + (from - at);
	return OK;
}
