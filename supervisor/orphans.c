#include "supervisor/orphans.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define STOP_ROUNDS 200

struct process {
	pid_t pid, parent, session;
	uint64_t start;
	char state;
	bool marked;
};

struct processes {
	struct process *at;
	size_t count, size;
};

/* "PID (name) S PPID PGRP SESSION ... START"; the name may hold anything, so the last ')' ends it.
 */
static bool
parse_stat(const char *text, struct process *ret_process)
{
	const char *rest = strrchr(text, ')');
	unsigned long long start;
	int pid, parent, session;
	char state;

	if (rest == NULL || sscanf(text, "%d", &pid) != 1)
		return false;
	if (sscanf(rest,
		") %c %d %*d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
		&state, &parent, &session, &start) != 4)
		return false;
	*ret_process = (struct process){
		.pid = pid, .parent = parent, .session = session, .start = start, .state = state
	};
	return true;
}

static bool
read_process(int proc, const char *name, struct process *ret_process)
{
	char path[32], text[1024];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%.16s/stat", name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return parse_stat(text, ret_process);
}

static bool
add_process(struct processes *list, const struct process *p)
{
	struct process *grown;
	size_t size = list->size > 0 ? 2 * list->size : 512;

	if (list->count == list->size) {
		grown = realloc(list->at, size * sizeof(*grown));
		if (grown == NULL)
			return false;
		list->at = grown;
		list->size = size;
	}
	list->at[list->count++] = *p;
	return true;
}

static int
by_pid(const void *a, const void *b)
{
	pid_t x = ((const struct process *)a)->pid, y = ((const struct process *)b)->pid;

	return (x > y) - (x < y);
}

static void
snapshot(struct processes *list)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct process p;

	list->count = 0;
	if (proc == NULL)
		return;
	while ((entry = readdir(proc)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_process(dirfd(proc), entry->d_name, &p) && !add_process(list, &p))
			break;
	closedir(proc);
	if (list->count > 0)
		qsort(list->at, list->count, sizeof(list->at[0]), by_pid);
}

static bool
is_marked(const struct processes *list, pid_t pid)
{
	struct process key = { .pid = pid }, *found = NULL;

	if (list->count > 0)
		found = bsearch(&key, list->at, list->count, sizeof(key), by_pid);
	return found != NULL && found->marked;
}

/* A parent usually has the smaller number, so that one or two passes do. */
static void
mark_descendants(struct processes *list)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (struct process *p = list->at; p < list->at + list->count; p++) {
			if (p->marked || !is_marked(list, p->parent))
				continue;
			p->marked = true;
			changed = true;
		}
	}
}

/* What a tree grows from: one process, or whatever is our child and nobody's business. */
struct roots {
	pid_t root;                          /* 0: strangers */
	const struct bystanders *bystanders;
	const pid_t *known;
	unsigned count;
};

static bool
is_bystander(const struct bystanders *b, const struct process *p)
{
	if (p->session == b->session)
		return true;
	for (unsigned i = 0; i < b->count; i++)
		if (b->at[i].pid == p->pid && b->at[i].start == p->start)
			return true;
	return false;
}

static bool
is_root(const struct roots *r, const struct process *p)
{
	if (r->root != 0)
		return p->pid == r->root;
	if (p->parent != getpid() || is_bystander(r->bystanders, p))
		return false;
	for (unsigned i = 0; i < r->count; i++)
		if (r->known[i] == p->pid)
			return false;
	return true;
}

static void
mark(struct processes *list, const struct roots *roots)
{
	snapshot(list);
	for (struct process *p = list->at; p < list->at + list->count; p++)
		p->marked = is_root(roots, p);
	mark_descendants(list);
}

static bool
is_gone(const struct process *p)
{
	return p->state == 'Z' || p->state == 'X';
}

/* How many were not stopped yet. */
static unsigned
stop_marked(const struct processes *list)
{
	unsigned fresh = 0;

	for (const struct process *p = list->at; p < list->at + list->count; p++) {
		if (!p->marked || is_gone(p) || p->state == 'T' || p->state == 't')
			continue;
		kill(p->pid, SIGSTOP);
		fresh++;
	}
	return fresh;
}

static unsigned
kill_marked(const struct processes *list)
{
	unsigned killed = 0;

	for (const struct process *p = list->at; p < list->at + list->count; p++) {
		if (!p->marked || is_gone(p))
			continue;
		kill(p->pid, SIGKILL);
		killed++;
	}
	return killed;
}

static unsigned
kill_trees(const struct roots *roots)
{
	struct processes list = { 0 };
	unsigned killed;

	for (int round = 0; round < STOP_ROUNDS; round++) {
		mark(&list, roots);
		if (stop_marked(&list) == 0)
			break;
	}
	killed = kill_marked(&list);
	free(list.at);
	return killed;
}

void
orphans_init(struct bystanders *ret_bystanders)
{
	struct bystanders *b = ret_bystanders;
	struct processes list = { 0 };

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	b->session = getsid(0);
	b->count = 0;
	snapshot(&list);
	for (const struct process *p = list.at; p < list.at + list.count; p++) {
		if (p->parent != getpid() || b->count == BYSTANDERS_MAX)
			continue;
		b->at[b->count].pid = p->pid;
		b->at[b->count].start = p->start;
		b->count++;
	}
	free(list.at);
}

void
tree_kill(pid_t root)
{
	struct roots roots = { .root = root };

	if (root <= 1)
		return;
	kill(root, SIGSTOP);
	kill_trees(&roots);
	kill(root, SIGKILL);
}

/* The kernel's own list of our children, where it keeps one; spares the walk over /proc when all of
 * them are known. */
static bool
may_have_strangers(const pid_t *known, unsigned count)
{
	char path[64];
	FILE *children;
	bool strange = false;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	children = fopen(path, "re");
	if (children == NULL)
		return true;
	while (!strange && fscanf(children, "%d", &pid) == 1) {
		strange = true;
		for (unsigned i = 0; i < count; i++)
			if (known[i] == pid)
				strange = false;
	}
	fclose(children);
	return strange;
}

unsigned
orphans_kill(const struct bystanders *b, const pid_t *known, unsigned count)
{
	struct roots roots = { .bystanders = b, .known = known, .count = count };

	if (!may_have_strangers(known, count))
		return 0;
	return kill_trees(&roots);
}
