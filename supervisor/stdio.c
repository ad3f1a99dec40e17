#include "supervisor/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/clock.h"

enum err
stdio_sanitize(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return ERR_SYSTEM;
	return OK;
}

/* Only a pipe that is open in the right direction can be spliced by the front. */
static bool
is_pipe(int fd, int access)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
		return false;
	return (flags & O_ACCMODE) == access || (flags & O_ACCMODE) == O_RDWR;
}

static enum err
take_input(struct stdio *s, int client)
{
	int ends[2];

	if (is_pipe(client, O_RDONLY)) {
		s->front_in = client;
		return OK;
	}
	if (pipe2(ends, O_CLOEXEC) != 0)
		return ERR_SYSTEM;
	fcntl(ends[1], F_SETFL, O_WRONLY | O_NONBLOCK);
	s->front_in = ends[0];
	pump_init(&s->in, client, ends[1]);
	s->pumps_in = true;
	return OK;
}

static enum err
take_output(struct stdio *s, int client)
{
	int ends[2];

	if (is_pipe(client, O_WRONLY)) {
		s->front_out = client;
		return OK;
	}
	if (pipe2(ends, O_CLOEXEC) != 0)
		return ERR_SYSTEM;
	fcntl(ends[0], F_SETFL, O_RDONLY | O_NONBLOCK);
	s->front_out = ends[1];
	pump_init(&s->out, ends[0], client);
	return OK;
}

static enum err
make_ledger(struct stdio *s)
{
	s->ledger_in = memfd_create("in", MFD_CLOEXEC);
	s->ledger_out = memfd_create("out", MFD_CLOEXEC);
	s->ledger_record = memfd_create("record", MFD_CLOEXEC);
	return s->ledger_in < 0 || s->ledger_out < 0 || s->ledger_record < 0 ? ERR_SYSTEM : OK;
}

static enum err
occupy_standard(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0)
		return ERR_SYSTEM;
	if (dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		close(null);
		return ERR_SYSTEM;
	}
	close(null);
	return OK;
}

static void
init(struct stdio *s)
{
	s->pumps_in = s->client_left = false;
	s->front_in = s->front_out = -1;
	s->ledger_in = s->ledger_out = s->ledger_record = -1;
	pump_init_idle(&s->in);
	pump_init_idle(&s->out);
}

enum err
stdio_open(bool serve, struct stdio *ret_stdio)
{
	int in, out;

	init(ret_stdio);
	if (!serve)
		return occupy_standard();
	in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (in < 0 || out < 0 || occupy_standard() != OK)
		return ERR_SYSTEM;
	if (take_input(ret_stdio, in) != OK || take_output(ret_stdio, out) != OK)
		return ERR_SYSTEM;
	return make_ledger(ret_stdio);
}

/* The front's own pipe is looked at for nothing but its hanging up, which needs to be seen once. */
static int
watched_input(const struct stdio *s)
{
	return s->pumps_in || s->client_left ? -1 : s->front_in;
}

void
stdio_prepare(const struct stdio *s, struct pollfd slots[STDIO_SLOTS])
{
	pump_prepare(&s->in, slots);
	pump_prepare(&s->out, slots + PUMP_SLOTS);
	slots[2 * PUMP_SLOTS] = (struct pollfd){ .fd = watched_input(s), .events = 0 };
}

void
stdio_turn(struct stdio *s, const struct pollfd slots[STDIO_SLOTS])
{
	pump_turn(&s->in, slots);
	pump_turn(&s->out, slots + PUMP_SLOTS);
	if (s->pumps_in ? s->in.from.fd < 0 : slots[2 * PUMP_SLOTS].revents != 0)
		s->client_left = true;
}

static void
descriptor_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
stdio_drain(struct stdio *s, int64_t limit_ms)
{
	int64_t end_ms = clock_now_ms() + limit_ms, left_ms;
	struct pollfd slots[PUMP_SLOTS];

	descriptor_close(&s->front_out);
	while (!pump_is_done(&s->out) && (left_ms = end_ms - clock_now_ms()) > 0) {
		pump_prepare(&s->out, slots);
		if (poll(slots, PUMP_SLOTS, (int)left_ms) < 0 && errno != EINTR)
			return;
		pump_turn(&s->out, slots);
	}
}

void
stdio_close(struct stdio *s)
{
	descriptor_close(&s->front_in);
	descriptor_close(&s->front_out);
	descriptor_close(&s->ledger_in);
	descriptor_close(&s->ledger_out);
	descriptor_close(&s->ledger_record);
	pump_close(&s->in);
	pump_close(&s->out);
}
