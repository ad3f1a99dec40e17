#include "protocol/exit.h"

#include <stddef.h>

static const struct exit_info rows[] = {
#define EXIT(name, number, permanent, text) { #name, (number), (permanent), (text) },
#include "protocol/exits.def"
#undef EXIT
};

const struct exit_info *
exit_info(int number)
{
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

const struct exit_info *
exit_row(unsigned row)
{
	return row < sizeof(rows) / sizeof(rows[0]) ? &rows[row] : NULL;
}
