#include "workers/front/revision.h"

#include <string.h>

static const struct revision rows[] = {
	/* name         modern annotations structured null id batches */
	{ "2026-07-28", true,  true,       true,      false,  false },
	{ "2025-11-25", false, true,       true,      false,  false },
	{ "2025-06-18", false, true,       true,      true,   false },
	{ "2025-03-26", false, true,       false,     true,   true },
	{ "2024-11-05", false, false,      false,     true,   true },
};

const struct revision *
revision_row(unsigned row)
{
	return row < sizeof(rows) / sizeof(rows[0]) ? &rows[row] : NULL;
}

const struct revision *
revision_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0)
			return &rows[i];
	return NULL;
}

const struct revision *
revision_newest_legacy(void)
{
	return &rows[1];
}
