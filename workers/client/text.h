/*
 * Text for a terminal: how many columns it takes, and nothing in it that a terminal would obey.
 * Widths come from a table of our own (Unicode 15.0: EastAsianWidth W and F take two columns; the
 * common scripts' combining marks and the zero-width format characters none), so that they do not
 * depend on the locale.
 */
#ifndef WORKERS_CLIENT_TEXT_H
#define WORKERS_CLIENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one character. Returns how many bytes it takes, at least 1 where len is; a byte that is
 * not valid UTF-8 is one character, U+FFFD. */
size_t utf8_decode(const char *at, size_t len, uint32_t *ret_code);

bool utf8_valid(const char *at, size_t len);

/* Columns of a character: 0, 1 or 2. */
unsigned code_width(uint32_t code);

/* Columns of a whole text. */
size_t text_width(const char *text);

/* Whether a terminal would act on the character instead of showing it: C0, C1, DEL, directional
 * marks. */
bool text_obeyed(uint32_t code);

enum text_lines { TEXT_ONE_LINE, TEXT_MANY_LINES };

/*
 * A copy for display: what text_obeyed names and invalid UTF-8 become U+FFFD, tabs a space, and so
 * do line feeds unless TEXT_MANY_LINES. The caller frees; NULL when out of memory.
 */
char *text_clean(const char *at, size_t len, enum text_lines lines);

enum text_side { TEXT_CUT_END, TEXT_CUT_START };

/* A copy of at most `width` columns; where something had to go there is an ellipsis. The caller
 * frees; NULL when out of memory. */
char *text_cut(const char *text, size_t width, enum text_side side);

#endif
