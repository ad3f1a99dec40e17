/* Exit statuses, from one table (exits.def); the README prints the same. */
#ifndef PROTOCOL_EXIT_H
#define PROTOCOL_EXIT_H

#include <stdbool.h>

enum exit_code {
#define EXIT(name, number, permanent, text) EXIT_CODE_##name = (number),
#include "protocol/exits.def"
#undef EXIT
};

struct exit_info {
	const char *name;
	int number;
	bool permanent;
	const char *text;
};

/* NULL when the number is not in the table. */
const struct exit_info *exit_info(int number);

/* The rows in table order; NULL past the last, so that `--help` can print them. */
const struct exit_info *exit_row(unsigned row);

#endif
