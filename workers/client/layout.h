/*
 * JSON text laid out anew without touching its values: numbers keep their digits, strings their
 * escapes. Only for text that passed json_scan.
 */
#ifndef WORKERS_CLIENT_LAYOUT_H
#define WORKERS_CLIENT_LAYOUT_H

#include <stdio.h>

#include "workers/runtime/json.h"

/* Without white space between values, so in one line. */
void layout_compact(const char *json, size_t len, struct json_text *out);

/* A member or an element to a line, indented by two spaces a level. Characters that a terminal
 * would obey (DEL, C1, directional overrides) become \u escapes, in this form only. */
void layout_indent(const char *json, size_t len, struct json_text *out);

/* Writes an answer for a person or a program: indented to a terminal, else compact; with a line
 * feed. ERR_SYSTEM when it cannot be written. */
enum err layout_print(FILE *out, const char *json, size_t len);

#endif
