#include "supervisor/child.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/clock.h"

void
child_init(struct child *c, const struct child_spec *spec, unsigned index)
{
	memset(c, 0, sizeof(*c));
	c->spec = spec;
	c->index = index;
	c->state = CHILD_DOWN;
	c->control = -1;
	c->report = -1;
	c->deadline_ms = CLOCK_NEVER;
}

void
child_reset(struct child *c)
{
	c->answered = false;
	c->busy = false;
	c->busy_with[0] = '\0';
	c->listens_for = 0;
	c->killed_for = NULL;
	c->full_turns = 0;
	c->unasked_since_ms = 0;
	c->unasked = 0;
	c->malformed = 0;
	c->overflowed = false;
	c->queue_first = 0;
	c->queue_count = 0;
}

static void
descriptor_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
child_close(struct child *c)
{
	descriptor_close(&c->control);
	descriptor_close(&c->report);
	c->pid = 0;
	c->listens_for = 0;
	c->queue_count = 0;
}

bool
child_is_open(const struct child *c)
{
	return c->pid > 0 && c->control >= 0;
}

static void
queue_add(struct child *c, const struct control_record *r)
{
	if (c->queue_count == CHILD_QUEUE) {
		c->overflowed = true;
		return;
	}
	c->queue[(c->queue_first + c->queue_count) % CHILD_QUEUE] = *r;
	c->queue_count++;
}

void
child_send(struct child *c, const struct control_record *r)
{
	if (!child_is_open(c))
		return;
	if (c->queue_count > 0 || control_send(c->control, r) == ERR_BUSY)
		queue_add(c, r);
}

void
child_flush(struct child *c)
{
	while (c->queue_count > 0 && child_is_open(c)) {
		if (control_send(c->control, &c->queue[c->queue_first]) == ERR_BUSY)
			return;
		c->queue_first = (c->queue_first + 1) % CHILD_QUEUE;
		c->queue_count--;
	}
}

const char *
child_name(const struct child *c)
{
	static char name[48];

	snprintf(
	    name, sizeof(name), "%s.%u/%u", role_name(c->spec->role), c->index, c->incarnation);
	return name;
}
