/*
 * The source text of one file as a profile carries it: a row for every line that it lists, in line
 * order. Rows borrow from the JSON text; their text is decoded only where somebody looks at it.
 */
#ifndef WORKERS_ANALYZER_SOURCE_H
#define WORKERS_ANALYZER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workers/analyzer/arena.h"
#include "workers/runtime/json.h"

#define SOURCE_LINE_BYTES 8192      /* of a line that are looked at */
#define SOURCE_ROWS_MAX 1000000u    /* lines of one file */

struct source_row {
	uint32_t number;
	uint32_t function_start, function_end;      /* as Scalene says; 0: none */
	struct json_span text;
};

/* An entry of the file's functions[]: the qualified name and the first line of its code, which is
 * that of the first decorator where there is one. */
struct source_function {
	uint32_t line;
	struct text name;
};

struct source {
	struct source_row *rows;
	struct source_function *functions;
	uint32_t row_count, function_count;
	bool has_extents;       /* rows have function_start and function_end: Scalene 2.3 on */
};

void source_fini(struct source *s);

/* Puts rows into line order, functions too. */
void source_sort(struct source *s);

/* NULL when the profile does not list that line. Needs source_sort. */
const struct source_row *source_row(const struct source *s, uint32_t number);

/*
 * The line's text without its line end, in `buf`; Scalene's replacements of & < > by \u0026 \u003c
 * \u003e are undone. Returns the length, at most `size`.
 */
size_t source_row_text(const struct source_row *row, char *buf, size_t size);

/* The name that a `def`, `async def` or `class` line introduces. False for any other line. */
bool source_definition(const char *line, size_t len, struct text *ret_name, bool *ret_class);

/* Bytes of white space that a line begins with. */
size_t source_blank(const char *line, size_t len);

#endif
