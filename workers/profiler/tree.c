#include "workers/profiler/tree.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "workers/runtime/loop.h"

struct process {
	pid_t pid, parent;
	char state;
	bool ours;
};

struct scan {
	struct process *at;
	size_t count, size;
};

/* ---- sets ---- */

static size_t
position(const struct pid_set *set, pid_t pid)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (set->at[middle] < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
pid_set_has(const struct pid_set *set, pid_t pid)
{
	size_t i = position(set, pid);

	return i < set->count && set->at[i] == pid;
}

static bool
pid_set_grow(struct pid_set *set)
{
	size_t size = set->size > 0 ? 2 * set->size : 64;

	if (size > PID_SET_MAX)
		return false;
	pid_t *at = realloc(set->at, size * sizeof *at);
	if (at == NULL)
		return false;
	set->at = at;
	set->size = size;
	return true;
}

bool
pid_set_add(struct pid_set *set, pid_t pid)
{
	size_t i = position(set, pid);

	if (i < set->count && set->at[i] == pid)
		return true;
	if (set->count == set->size && !pid_set_grow(set))
		return false;
	memmove(set->at + i + 1, set->at + i, (set->count - i) * sizeof *set->at);
	set->at[i] = pid;
	set->count++;
	return true;
}

void
pid_set_fini(struct pid_set *set)
{
	free(set->at);
	*set = (struct pid_set){ 0 };
}

/* ---- /proc ---- */

/* A file below /proc into buf with a NUL. The bytes read, 0 when it is gone. */
static size_t
read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	size_t done = 0;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (done + 1 < size) {
		ssize_t n = read(fd, buf + done, size - 1 - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	close(fd);
	buf[done] = '\0';
	return done;
}

/* The name in the middle may hold anything, so the fields are found behind the last parenthesis. */
static bool
read_process(pid_t pid, struct process *ret_process)
{
	char buf[512];
	int parent;

	if (read_proc(pid, "stat", buf, sizeof buf) == 0)
		return false;
	const char *end = strrchr(buf, ')');
	if (end == NULL || end[1] != ' ' || sscanf(end + 3, " %d", &parent) != 1)
		return false;
	*ret_process = (struct process){ .pid = pid, .parent = parent, .state = end[2] };
	return true;
}

static bool
scan_add(struct scan *scan, const struct process *p)
{
	if (scan->count == scan->size) {
		size_t size = scan->size > 0 ? 2 * scan->size : 512;
		struct process *at = realloc(scan->at, size * sizeof *at);
		if (at == NULL)
			return false;
		scan->at = at;
		scan->size = size;
	}
	scan->at[scan->count++] = *p;
	return true;
}

static int
by_pid(const void *one, const void *other)
{
	const struct process *a = one, *b = other;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static const struct process *
scan_find(const struct scan *scan, pid_t pid)
{
	struct process key = { .pid = pid };

	return bsearch(&key, scan->at, scan->count, sizeof *scan->at, by_pid);
}

/* Marks what descends from us: passes over the sorted list until one finds no more. */
static void
mark_descendants(struct scan *scan)
{
	pid_t self = getpid();
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < scan->count; i++) {
			struct process *p = &scan->at[i];
			if (p->ours)
				continue;
			const struct process *parent = scan_find(scan, p->parent);
			p->ours = p->parent == self || (parent != NULL && parent->ours);
			more = more || p->ours;
		}
	}
}

static void
drop_strangers(struct scan *scan)
{
	size_t kept = 0;

	for (size_t i = 0; i < scan->count; i++) {
		if (scan->at[i].ours)
			scan->at[kept++] = scan->at[i];
	}
	scan->count = kept;
}

/* All descendants as they are now; `scan` is used again from call to call. False, and none, when
 * one cannot look. */
static bool
scan_descendants(struct scan *scan)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct process p;

	scan->count = 0;
	if (proc == NULL)
		return false;
	while ((entry = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (read_process((pid_t)atoi(entry->d_name), &p) && !scan_add(scan, &p))
			break;
	}
	closedir(proc);
	if (scan->count == 0)
		return false;
	qsort(scan->at, scan->count, sizeof *scan->at, by_pid);
	mark_descendants(scan);
	drop_strangers(scan);
	return true;
}

/* ---- the tree ---- */

enum err
tree_adopt(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? OK : ERR_SYSTEM;
}

static bool
finished(const struct process *p)
{
	return p->state == 'Z' || p->state == 'X';
}

static void
note_and_reap(const struct scan *scan, struct pid_set *seen, pid_t keep)
{
	for (size_t i = 0; i < scan->count; i++) {
		const struct process *p = &scan->at[i];
		pid_set_add(seen, p->pid);
		if (finished(p) && p->pid != keep && p->parent == getpid())
			waitpid(p->pid, NULL, WNOHANG);
	}
}

void
tree_note(struct pid_set *seen, pid_t keep)
{
	struct scan scan = { 0 };

	scan_descendants(&scan);
	note_and_reap(&scan, seen, keep);
	free(scan.at);
}

static size_t
running(const struct scan *scan, pid_t keep)
{
	size_t count = 0;

	for (size_t i = 0; i < scan->count; i++)
		count += scan->at[i].pid != keep && !finished(&scan->at[i]);
	return count;
}

/* How many more had to be stopped. */
static size_t
stop_all(const struct scan *scan)
{
	size_t count = 0;

	for (size_t i = 0; i < scan->count; i++) {
		const struct process *p = &scan->at[i];
		if (finished(p) || p->state == 'T' || p->state == 't')
			continue;
		count += kill(p->pid, SIGSTOP) == 0;
	}
	return count;
}

static size_t
kill_all(const struct scan *scan, pid_t keep)
{
	size_t left = 0;

	for (size_t i = 0; i < scan->count; i++) {
		const struct process *p = &scan->at[i];
		if (!finished(p))
			kill(p->pid, SIGKILL);
		left += p->pid != keep || !finished(p);
	}
	return left;
}

static void
pause_ms(long ms)
{
	struct timespec t = { 0, ms * 1000000L };

	nanosleep(&t, NULL);
}

/* Until a look finds nothing that was not stopped before. What is stopped cannot fork; a process
 * that sleeps in the kernel stops later and cannot fork until then either, so the number of looks
 * is bounded. */
static void
stop_until_still(struct scan *scan, struct pid_set *seen, pid_t keep)
{
	size_t before = 0;

	for (int round = 0; round < 200; round++) {
		size_t stopped = stop_all(scan);
		if (stopped == 0 || (round > 0 && stopped == before && round > 20))
			return;
		before = stopped;
		scan_descendants(scan);
		note_and_reap(scan, seen, keep);
	}
}

bool
tree_kill(struct pid_set *seen, pid_t keep, int limit_ms, size_t *ret_running)
{
	struct scan scan = { 0 };
	int64_t until_ms = loop_now_ms() + limit_ms;
	size_t left = 1;
	bool looked = scan_descendants(&scan);

	note_and_reap(&scan, seen, keep);
	if (ret_running != NULL)
		*ret_running = running(&scan, keep);
	for (;;) {
		stop_until_still(&scan, seen, keep);
		left = kill_all(&scan, keep);
		if ((looked && left == 0) || loop_now_ms() >= until_ms)
			break;
		pause_ms(1);
		looked = scan_descendants(&scan);
		note_and_reap(&scan, seen, keep);
	}
	free(scan.at);
	return looked && left == 0;
}

/* ---- Scalene's wrapper ---- */

#define LEAF_BYTES (256u << 10)  /* of a command line or environment that is compared */

static bool
same_file(pid_t one, pid_t other, const char *name, char *buf)
{
	char *second = buf + LEAF_BYTES;
	size_t one_len = read_proc(one, name, buf, LEAF_BYTES);
	size_t other_len = read_proc(other, name, second, LEAF_BYTES);

	return one_len == other_len && memcmp(buf, second, one_len) == 0;
}

pid_t
tree_leaf(pid_t pid)
{
	struct scan scan = { 0 };
	char *buf = malloc(2 * (size_t)LEAF_BYTES);
	pid_t leaf = pid;

	scan_descendants(&scan);
	for (size_t i = 0; buf != NULL && i < scan.count && leaf == pid; i++) {
		const struct process *p = &scan.at[i];
		if (p->parent == pid && !finished(p) && same_file(p->pid, pid, "cmdline", buf) &&
		    !same_file(p->pid, pid, "environ", buf))
			leaf = p->pid;
	}
	free(buf);
	free(scan.at);
	return leaf;
}
