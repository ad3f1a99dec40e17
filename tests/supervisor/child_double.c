/*
 * Stands in for any worker. Its role is the end of its own name (scalene-mcp-ROLE), and
 * DOUBLE_<ROLE> in the environment says how it behaves: the name of a behaviour, with "@N" behind
 * it only in incarnations up to N, after that it behaves well.
 *
 * As the front it tells its client, in lines, what the supervisor tells it, and does what the
 * client says: done, tree, die, exit N, fill N (bytes to the client), hold (a request that is
 * answered by whichever incarnation leaves in order).
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/control.h"
#include "protocol/inherit.h"

#define BEAT_MS 200

static struct {
	enum role role;
	unsigned index;
	uint32_t incarnation;
	const char *runtime_dir;
	bool beats, drains;
} self = { .beats = true, .drains = true };

static void
say(enum control_type type, uint32_t peer, int64_t value_ms, const char *text)
{
	struct control_record r = { .type = type,
		.role = self.role,
		.index = self.index,
		.incarnation = self.incarnation,
		.peer_incarnation = peer,
		.pid = getpid(),
		.value_ms = value_ms };

	snprintf(r.text, sizeof(r.text), "%s", text);
	control_send(INHERIT_CONTROL, &r);
}

static void
tell_client(const char *format, const struct control_record *r)
{
	char line[256];
	int n =
	    snprintf(line, sizeof(line), "%s %s %u %u %d state=%s restarts=%u value=%lld text=%s\n",
		format, role_name(r->role), r->index, r->incarnation, (int)r->pid,
		child_state_name((enum child_state)r->peer_incarnation), r->count,
		(long long)r->value_ms, r->text);

	if (write(INHERIT_CLIENT_OUT, line, (size_t)n) != n)
		_exit(1);
}

/* ---- held requests: a byte each, in a file that the incarnations share ---- */

static void
hold(void)
{
	if (write(INHERIT_LEDGER_RECORD, "h", 1) != 1)
		_exit(1);
}

static _Noreturn void
leave(void)
{
	struct control_record r = { .role = self.role, .incarnation = self.incarnation,
		.pid = getpid() };
	off_t held = self.role == ROLE_FRONT ? lseek(INHERIT_LEDGER_RECORD, 0, SEEK_END) : 0;

	for (off_t i = 0; i < held; i++)
		tell_client("answer", &r);
	exit(0);
}

/* ---- behaviours ---- */

static void
behave_well(void)
{
	say(CONTROL_READY, 0, 0, "");
}

static void
crash(void)
{
	abort();
}

static void
refuse_to_start(void)
{
	_exit(4);
}

static void
stay_mute(void)
{
	self.beats = false;
}

static void
stop_itself(void)
{
	behave_well();
	raise(SIGSTOP);
}

static void
stop_itself_when_started_again(void)
{
	if (self.incarnation > 1)
		stop_itself();
	else
		behave_well();
}

static void
be_busy_for_too_long(void)
{
	behave_well();
	say(CONTROL_BUSY, 0, 100, "PROFILE_RUN");
	self.beats = false;
}

static void
flood(void)
{
	struct control_record r = { .type = CONTROL_BEAT, .role = self.role, .index = self.index,
		.incarnation = self.incarnation };

	behave_well();
	for (;;)
		control_send(INHERIT_CONTROL, &r);
}

static void
send_garbage(void)
{
	behave_well();
	for (int i = 0; i < 200; i++)
		if (send(INHERIT_CONTROL, "garbage", (size_t)(i % 7 + 1), 0) < 0)
			return;
}

static void
claim_to_be_another(void)
{
	behave_well();
	self.incarnation += 5;
	say(CONTROL_DONE, 0, 0, "");
	self.incarnation -= 5;
}

static void
resist(void)
{
	behave_well();
	signal(SIGTERM, SIG_IGN);
	self.drains = false;
}

static void
close_its_channel(void)
{
	behave_well();
	close(INHERIT_CONTROL);
	for (;;)
		pause();
}

/* Descendants in sessions of their own, with a dead parent, ignoring SIGTERM. */
static void
leave_a_tree(void)
{
	if (fork() == 0) {
		setsid();
		signal(SIGTERM, SIG_IGN);
		for (int i = 0; i < 3; i++)
			if (fork() == 0) {
				setsid();
				for (;;)
					pause();
			}
		_exit(0);
	}
	wait(NULL);
	behave_well();
}

static const struct {
	const char *name;
	void (*run)(void);
} behaviours[] = {
	{ "well", behave_well },
	{ "crash", crash },
	{ "refuse", refuse_to_start },
	{ "mute", stay_mute },
	{ "stop", stop_itself },
	{ "again", stop_itself_when_started_again },
	{ "busy", be_busy_for_too_long },
	{ "flood", flood },
	{ "garbage", send_garbage },
	{ "claim", claim_to_be_another },
	{ "resist", resist },
	{ "close", close_its_channel },
	{ "tree", leave_a_tree },
};

static void
behave(void)
{
	char variable[32], name[32] = "well";
	const char *value;
	unsigned until = 1000000;

	snprintf(variable, sizeof(variable), "DOUBLE_%s", role_name(self.role));
	value = getenv(variable);
	if (value != NULL)
		sscanf(value, "%31[a-z]@%u", name, &until);
	if (self.incarnation > until)
		strcpy(name, "well");
	for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
		if (strcmp(behaviours[i].name, name) == 0)
			behaviours[i].run();
}

/* ---- the ordinary life ---- */

/* A file in the socket's place: the supervisor must unlink it. */
static void
listen_for(uint32_t front)
{
	char path[128];
	int fd;

	if (channel_path(path, sizeof(path), self.runtime_dir, self.role, self.index,
		self.incarnation, front, 0) != OK)
		_exit(1);
	fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0600);
	if (fd < 0)
		_exit(1);
	close(fd);
	say(CONTROL_READY, front, 0, "");
}

static void
take_as_front(const struct control_record *r)
{
	static const char *const words[CONTROL_TYPES] = { [CONTROL_UP] = "up",
		[CONTROL_DOWN] = "down",
		[CONTROL_DEGRADED] = "degraded",
		[CONTROL_CHILD] = "child",
		[CONTROL_TREE_END] = "end" };

	if (words[r->type] != NULL)
		tell_client(words[r->type], r);
}

static void
take(const struct control_record *r)
{
	if (r->type == CONTROL_DRAIN && self.drains)
		leave();
	if (self.role == ROLE_FRONT)
		take_as_front(r);
	else if (r->type == CONTROL_UP && r->role == ROLE_FRONT)
		listen_for(r->incarnation);
}

static void
fill(int bytes)
{
	static char page[4096];

	memset(page, '.', sizeof(page) - 1);
	page[sizeof(page) - 1] = '\n';
	for (; bytes > 0; bytes -= (int)sizeof(page))
		if (write(INHERIT_CLIENT_OUT, page, sizeof(page)) != (ssize_t)sizeof(page))
			_exit(1);
}

static void
obey(char *command)
{
	command[strcspn(command, "\n")] = '\0';
	if (strcmp(command, "done") == 0)
		say(CONTROL_DONE, 0, 0, "");
	else if (strcmp(command, "tree") == 0)
		say(CONTROL_ASK_TREE, 0, 0, "");
	else if (strcmp(command, "hold") == 0)
		hold();
	else if (strncmp(command, "fill ", 5) == 0)
		fill(atoi(command + 5));
	else if (strcmp(command, "die") == 0)
		kill(getpid(), SIGKILL);
	else if (strncmp(command, "exit ", 5) == 0)
		exit(atoi(command + 5));
	tell_client("obeyed",
	    &(struct control_record){
		.role = self.role, .incarnation = self.incarnation, .pid = getpid() });
}

static void
hear_client(void)
{
	char command[64];
	ssize_t n = 0;

	while (n < (ssize_t)sizeof(command) - 1) {
		if (read(INHERIT_CLIENT_IN, command + n, 1) <= 0)
			leave();
		if (command[n++] == '\n')
			break;
	}
	command[n] = '\0';
	obey(command);
}

static void
live(void)
{
	struct pollfd fds[2] = { { INHERIT_CONTROL, POLLIN, 0 },
		{ self.role == ROLE_FRONT ? INHERIT_CLIENT_IN : -1, POLLIN, 0 } };
	struct control_record r;

	for (;;) {
		if (poll(fds, 2, BEAT_MS) == 0 && self.beats)
			say(CONTROL_BEAT, 0, 0, "");
		if (fds[0].revents & POLLHUP)
			exit(6);
		if ((fds[0].revents & POLLIN) && control_receive(INHERIT_CONTROL, &r) == OK)
			take(&r);
		if (fds[1].revents != 0)
			hear_client();
	}
}

static enum role
role_of(const char *path)
{
	const char *dash = strrchr(path, '-');

	for (int role = ROLE_STORE; role < ROLE_COUNT && dash != NULL; role++)
		if (strcmp(role_name((enum role)role), dash + 1) == 0)
			return (enum role)role;
	exit(2);
}

int
main(int argc, char **argv)
{
	self.role = role_of(argv[0]);
	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--index") == 0)
			self.index = (unsigned)atoi(argv[i + 1]);
		if (strcmp(argv[i], "--incarnation") == 0)
			self.incarnation = (uint32_t)atoi(argv[i + 1]);
		if (strcmp(argv[i], "--runtime") == 0)
			self.runtime_dir = argv[i + 1];
	}
	behave();
	live();
	return 0;
}
