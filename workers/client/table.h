/* Aligned columns that fit the screen. */
#ifndef WORKERS_CLIENT_TABLE_H
#define WORKERS_CLIENT_TABLE_H

#include "workers/client/screen.h"
#include "workers/client/text.h"

enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table_column {
	const char *title;
	enum table_align align;
	unsigned least;          /* may be cut down to this width; 0: it is never cut */
	enum text_side cut;
	unsigned optional;       /* may be left out; the highest goes first; 0: never */
};

struct table;

/* `columns` must outlive the table. NULL when out of memory; all functions take NULL. */
struct table *table_new(const struct table_column *columns, unsigned count);
void table_free(struct table *t);

/* The next cell, made as by printf and cleaned; after the last column a new row begins. */
void table_cell(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Prints title line and rows, indented by two columns. Columns without any text are left out. On a
 * screen narrower than the table the widest cuttable column is cut first; where that cannot be
 * enough, optional columns are left out before, and in the end lines are cut. On no terminal
 * nothing is cut. Nothing at all is printed without rows.
 */
void table_print(const struct table *t, const struct screen *screen);

#endif
