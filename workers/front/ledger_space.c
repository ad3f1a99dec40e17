#include "workers/front/ledger_space.h"

#include <fcntl.h>
#include <unistd.h>

void
ledger_space_free(int file, uint64_t from, uint64_t to)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t first = (from + page - 1) & ~(page - 1);
	uint64_t last = to & ~(page - 1);

	int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	if (first < last)
		(void)fallocate(file, mode, (off_t)first, (off_t)(last - first));
}

void
ledger_space_free_input(int file, const struct ledger_record *r)
{
	const struct ledger_slot *open[LIMIT_OPEN_REQUESTS];
	unsigned count = ledger_record_sort(r, open);
	uint64_t from = 0;

	for (unsigned i = 0; i < count; i++) {
		ledger_space_free(file, from, open[i]->offset);
		from = open[i]->offset + open[i]->length;
	}
	ledger_space_free(file, from, r->consumed);
}
