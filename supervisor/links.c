#include "supervisor/links.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/log.h"
#include "supervisor/supervisor.h"

static struct control_record
about(enum control_type type, const struct child *c)
{
	struct control_record r = { .type = type, .role = c->spec->role, .index = c->index,
		.incarnation = c->incarnation, .pid = (int32_t)c->pid };

	return r;
}

static void
send_down(struct child *to, const struct child *gone, enum control_type type, int64_t delay_ms)
{
	struct control_record r = about(type, gone);

	r.pid = 0;
	r.value_ms = delay_ms;
	snprintf(r.text, sizeof(r.text), "%s", gone->last_death);
	child_send(to, &r);
}

static void
front_spawned(struct supervisor *s, struct child *front)
{
	struct control_record up = about(CONTROL_UP, front);

	for (struct child *c = s->children; c < s->children + s->child_count; c++) {
		if (c == front)
			continue;
		c->listens_for = 0;
		child_send(c, &up);
		if (c->state == CHILD_DEGRADED)
			send_down(front, c, CONTROL_DEGRADED, BACKOFF_CEILING_MS);
	}
}

void
links_spawned(struct supervisor *s, struct child *c)
{
	struct child *front = supervisor_front(s);
	struct control_record up;

	if (c == front) {
		front_spawned(s, front);
		return;
	}
	if (!child_is_open(front))
		return;
	up = about(CONTROL_UP, front);
	child_send(c, &up);
}

void
links_listening(struct supervisor *s, struct child *c, uint32_t front_incarnation)
{
	struct child *front = supervisor_front(s);
	struct control_record up = about(CONTROL_UP, c);

	if (!child_is_open(front) || front->incarnation != front_incarnation) {
		log_line(LOG_DEBUG, "%s listens for front %u, which is gone", child_name(c),
		    front_incarnation);
		return;
	}
	c->listens_for = front_incarnation;
	up.count = c->channel;
	child_send(front, &up);
}

/* Sockets are named "<role>.<index>.<worker incarnation>-<channel>-<front incarnation>". */
static bool
socket_is_of(const char *name, const char *prefix, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	if (strncmp(name, prefix, strlen(prefix)) != 0 || len < tail)
		return false;
	return strcmp(name + len - tail, suffix) == 0;
}

static void
unlink_sockets(const char *runtime_dir, const char *prefix, const char *suffix)
{
	DIR *dir = opendir(runtime_dir);
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, "lock") != 0 &&
		    socket_is_of(entry->d_name, prefix, suffix))
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

static void
unlink_of(const struct supervisor *s, const struct child *c)
{
	char prefix[64] = "", suffix[16] = "";

	if (c->spec->role == ROLE_FRONT)
		snprintf(suffix, sizeof(suffix), "-%u", c->incarnation);
	else
		snprintf(prefix, sizeof(prefix), "%s.%u.%u-", role_name(c->spec->role), c->index,
		    c->incarnation);
	unlink_sockets(s->instance.runtime.path, prefix, suffix);
}

static void
front_gone(struct supervisor *s, struct child *front, int64_t delay_ms)
{
	for (struct child *c = s->children; c < s->children + s->child_count; c++) {
		if (c == front)
			continue;
		c->listens_for = 0;
		send_down(c, front, CONTROL_DOWN, delay_ms);
	}
}

void
links_gone(struct supervisor *s, struct child *c, int64_t delay_ms)
{
	struct child *front = supervisor_front(s);

	unlink_of(s, c);
	if (c == front) {
		front_gone(s, front, delay_ms);
		return;
	}
	send_down(front, c, CONTROL_DOWN, delay_ms);
	if (c->state == CHILD_DEGRADED)
		send_down(front, c, CONTROL_DEGRADED, delay_ms);
}
