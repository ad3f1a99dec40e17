/* Python source, line by line, as far as it takes to tell code from strings and comments. */
#ifndef WORKERS_ANALYZER_CODE_H
#define WORKERS_ANALYZER_CODE_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/message.h"

/* Inside what the next line begins. */
struct code_state {
	unsigned brackets;
	char quote;                 /* of the open triple-quoted string, 0: none */
	bool continued;             /* by a backslash */
};

/* Whether the next line begins a statement. */
bool code_begins_statement(const struct code_state *s);

/*
 * Copies a line without white space around it, without its comment, and with only the quotes of its
 * strings, into `buf`, and carries the state over it. Returns the length, at most `size`.
 */
size_t code_strip(struct code_state *s, struct text line, char *buf, size_t size);

/* Columns that a line is indented by; a tab goes to the next multiple of 8. */
unsigned code_indent(struct text line);

/* Whether `word` stands in the code, and not as the end of a longer name where it begins like one:
 * "open(" is not in "reopen(". *ret_after, unless NULL, is what follows it. */
bool code_has(struct text code, const char *word, struct text *ret_after);

/* The name (with dots) that the text begins with; empty when it begins with none. */
struct text code_name(struct text t);

#endif
