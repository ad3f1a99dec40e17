#include "workers/front/ledger_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "protocol/ulid.h"

#define MAGIC UINT64_C(0x3172676c6d637373)
#define LAYOUT 1

struct ledger_shared {
	uint64_t magic;              /* written last: 0 means that the set-up was cut short */
	uint32_t layout;
	uint32_t size;
	uint64_t version;            /* copies[version & 1] is current */
	uint64_t reserved[5];
	struct ledger_record copies[2];
};

_Static_assert(sizeof(struct ledger_slot) == 48, "no padding that varies");
_Static_assert(sizeof(struct ledger_session) == 32, "no padding that varies");
_Static_assert(sizeof(struct ledger_shared) % 8 == 0, "whole words");

static enum err
allocate(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_from_errno(errno);
	if (st.st_size == (off_t)sizeof(struct ledger_shared))
		return OK;
	if (st.st_size != 0)
		return ERR_CORRUPT;
	while (fallocate(fd, 0, 0, (off_t)sizeof(struct ledger_shared)) < 0)
		if (errno != EINTR)
			return err_from_errno(errno);
	return OK;
}

static enum err
set_up(struct ledger_shared *s)
{
	if (__atomic_load_n(&s->magic, __ATOMIC_ACQUIRE) == 0) {
		if (s->version != 0)
			return ERR_CORRUPT;
		s->layout = LAYOUT;
		s->size = sizeof(*s);
		__atomic_store_n(&s->magic, MAGIC, __ATOMIC_RELEASE);
	}
	return s->magic == MAGIC && s->layout == LAYOUT && s->size == sizeof(*s) ? OK : ERR_CORRUPT;
}

enum err
ledger_shared_open(int fd, struct ledger_shared **ret_shared)
{
	struct ledger_shared *s;
	enum err e = allocate(fd);

	if (e != OK)
		return e;
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s == MAP_FAILED)
		return err_from_errno(errno);
	e = set_up(s);
	if (e != OK) {
		ledger_shared_close(&s);
		return e;
	}
	*ret_shared = s;
	return OK;
}

void
ledger_shared_close(struct ledger_shared **shared)
{
	if (*shared != NULL)
		munmap(*shared, sizeof(**shared));
	*shared = NULL;
}

static struct ledger_record *
current(struct ledger_shared *shared)
{
	return &shared->copies[__atomic_load_n(&shared->version, __ATOMIC_ACQUIRE) & 1];
}

const struct ledger_record *
ledger_shared_current(const struct ledger_shared *shared)
{
	return &shared->copies[__atomic_load_n(&shared->version, __ATOMIC_ACQUIRE) & 1];
}

/* The fence keeps the next publish from writing into the old copy before the word says so. */
void
ledger_shared_publish(struct ledger_shared *shared, const struct ledger_record *r)
{
	uint64_t version = __atomic_load_n(&shared->version, __ATOMIC_RELAXED) + 1;

	shared->copies[version & 1] = *r;
	__atomic_store_n(&shared->version, version, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void
ledger_shared_set_in_hand(struct ledger_shared *shared, uint64_t in_hand)
{
	__atomic_store_n(&current(shared)->in_hand, in_hand, __ATOMIC_SEQ_CST);
}

static bool
job_valid(const char job[LIMIT_ULID + 1])
{
	return job[0] == '\0' || (job[LIMIT_ULID] == '\0' && ulid_valid(job, LIMIT_ULID));
}

static bool
slots_valid(const struct ledger_record *r)
{
	const struct ledger_slot *open[LIMIT_OPEN_REQUESTS];
	uint64_t free_from = 0, held = 0;
	unsigned count = ledger_record_sort(r, open);

	for (unsigned i = 0; i < count; i++) {
		const struct ledger_slot *s = open[i];

		if (s->length == 0 || s->length > LIMIT_JSON_LINE || !job_valid(s->job))
			return false;
		if (s->offset < free_from || s->offset > r->consumed)
			return false;
		if (s->length > r->consumed - s->offset)
			return false;
		free_from = s->offset + s->length;
		held += s->length;
	}
	return held <= LEDGER_HELD_BYTES;
}

bool
ledger_record_valid(const struct ledger_record *r, uint64_t arrived, uint64_t given,
    uint64_t written)
{
	const char *version = r->session.protocol_version;

	if (r->consumed > arrived || given > r->out_length || r->out_length > written)
		return false;
	if (r->skipping > 1 || (r->skipping && r->skip_from >= r->consumed))
		return false;
	if (memchr(version, '\0', sizeof(r->session.protocol_version)) == NULL)
		return false;
	return slots_valid(r);
}

static bool
blame_slot(struct ledger_record *r, uint64_t offset)
{
	for (unsigned i = 0; i < LIMIT_OPEN_REQUESTS; i++) {
		struct ledger_slot *s = &r->slots[i];

		if (!s->open || s->offset != offset)
			continue;
		s->deaths = (uint8_t)(s->deaths + (s->deaths < LEDGER_DEATHS_MAX));
		return true;
	}
	return false;
}

static void
blame_head(struct ledger_record *r, uint64_t offset)
{
	bool skipped = r->skipping && offset == r->skip_from;

	if (offset < r->consumed && !skipped)
		return;
	if (r->head_offset != offset)
		r->head_deaths = 0;
	r->head_offset = offset;
	r->head_deaths += r->head_deaths < LEDGER_DEATHS_MAX;
}

void
ledger_record_count_death(struct ledger_record *r)
{
	if (r->in_hand == 0)
		return;
	if (!blame_slot(r, r->in_hand - 1))
		blame_head(r, r->in_hand - 1);
	r->in_hand = 0;
}

static int
by_offset(const void *a, const void *b)
{
	uint64_t x = (*(const struct ledger_slot *const *)a)->offset;
	uint64_t y = (*(const struct ledger_slot *const *)b)->offset;

	return (x > y) - (x < y);
}

unsigned
ledger_record_sort(const struct ledger_record *r,
    const struct ledger_slot *ret_open[LIMIT_OPEN_REQUESTS])
{
	unsigned count = 0;

	for (unsigned i = 0; i < LIMIT_OPEN_REQUESTS; i++)
		if (r->slots[i].open)
			ret_open[count++] = &r->slots[i];
	qsort(ret_open, count, sizeof(ret_open[0]), by_offset);
	return count;
}
