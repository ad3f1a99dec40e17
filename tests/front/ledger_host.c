#include "tests/front/ledger_host.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void
host_init(struct host *h)
{
	int to_front[2], to_client[2];

	assert_int_equal(pipe2(to_front, O_CLOEXEC), 0);
	assert_int_equal(pipe2(to_client, O_CLOEXEC), 0);
	*h = (struct host){
		.say = to_front[1], .client_in = to_front[0],
		.client_out = to_client[1], .hear = to_client[0],
		.in = memfd_create("in", MFD_CLOEXEC),
		.out = memfd_create("out", MFD_CLOEXEC),
		.record = memfd_create("record", MFD_CLOEXEC),
	};
	assert_true(h->in >= 0 && h->out >= 0 && h->record >= 0);
	assert_int_equal(fcntl(h->say, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(h->hear, F_SETFL, O_NONBLOCK), 0);
}

static void
take_up(struct host *h)
{
	enum err e = ledger_open(h->client_in, h->client_out, h->in, h->out, h->record, &h->l);

	assert_int_equal(e, OK);
}

void
host_open(struct host *h)
{
	host_init(h);
	take_up(h);
}

void
host_close(struct host *h)
{
	int fds[] = { h->say, h->client_in, h->client_out, h->hear, h->in, h->out, h->record };

	ledger_close(&h->l);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

void
host_reopen(struct host *h)
{
	ledger_close(&h->l);
	take_up(h);
}

void
host_say(struct host *h, const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(h->say, at, len);

		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			assert_int_equal(ledger_fill(h->l), OK);
			continue;
		}
		at += n;
		len -= (size_t)n;
	}
}

void
host_say_many(struct host *h, char byte, size_t count)
{
	static char block[1 << 16];

	memset(block, byte, sizeof(block));
	for (size_t left = count; left > 0;) {
		size_t n = left < sizeof(block) ? left : sizeof(block);

		host_say(h, block, n);
		left -= n;
	}
}

enum err
host_fill(struct host *h)
{
	enum err e;

	do
		e = ledger_fill(h->l);
	while (e == OK);
	return e;
}

void
host_hang_up(struct host *h)
{
	close(h->say);
	h->say = -1;
}

size_t
host_hear(struct host *h, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = read(h->hear, buf + len, size - len)) > 0)
		len += (size_t)n;
	return len;
}

void
host_expect_line(struct host *h, const char *text)
{
	struct ledger_line line;

	assert_true(ledger_next(h->l, &line));
	assert_int_equal(line.too_long, text[0] == '\0');
	assert_int_equal(line.len, strlen(text));
	assert_memory_equal(line.at, text, line.len);
}

void
host_consume(struct host *h)
{
	struct ledger_line line;

	assert_true(ledger_next(h->l, &line));
	ledger_consume(h->l);
	ledger_commit(h->l);
}

int
host_hold(struct host *h)
{
	struct ledger_line line;

	assert_true(ledger_next(h->l, &line));
	return ledger_hold(h->l);
}

void
host_append(struct host *h, const char *text)
{
	assert_int_equal(ledger_append(h->l, text, strlen(text)), OK);
}

uint64_t
host_memory(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

uint64_t
host_page(void)
{
	char words[128] = "";
	int fd = open("/sys/kernel/mm/transparent_hugepage/shmem_enabled", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!read(fd, words, sizeof(words) - 1);
		close(fd);
	}
	if (words[0] == '\0' || strstr(words, "[never]") != NULL || strstr(words, "[deny]") != NULL)
		return (uint64_t)sysconf(_SC_PAGESIZE);
	return 2 << 20;
}
