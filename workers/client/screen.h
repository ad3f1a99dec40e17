/* Where text for a person goes: how wide it is and whether it may be coloured. */
#ifndef WORKERS_CLIENT_SCREEN_H
#define WORKERS_CLIENT_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

enum colour { COLOUR_HEADING, COLOUR_GOOD, COLOUR_BAD };

struct screen {
	FILE *out;
	unsigned width;          /* columns; 0: no terminal, nothing is cut */
	bool colours;            /* a terminal, without NO_COLOR (no-color.org) and TERM=dumb */
	bool moves;              /* a terminal on which a line can be erased */
};

struct screen screen_of(FILE *out);

/* Prints cleaned text (text.h) in a colour. */
void screen_print(const struct screen *s, enum colour colour, const char *text);

/* Prints as by printf, cleaned, line feeds kept. */
void screen_printf(const struct screen *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
