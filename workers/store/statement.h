/* SQL statements with bound parameters: nothing is ever pasted into their text. */
#ifndef WORKERS_STORE_STATEMENT_H
#define WORKERS_STORE_STATEMENT_H

#include "workers/store/database.h"

enum param_kind { PARAM_NULL, PARAM_INT, PARAM_REAL, PARAM_TEXT, PARAM_BYTES };

/* A value for one `?`, by position. Texts and bytes are borrowed until the statement is closed. */
struct param {
	enum param_kind kind;
	int64_t integer;
	double real;
	const void *at;
	size_t len;
};

struct param param_int(int64_t v);
struct param param_real(double v);                        /* NaN is NULL */
struct param param_text(struct text v);                   /* nil is NULL */
struct param param_string(const char *v);                 /* NULL is NULL */
struct param param_bytes(const void *at, size_t len);     /* at == NULL is NULL */

/* Expands to the last two arguments of the functions below. */
#define PARAMS(...) \
	(const struct param[]){ __VA_ARGS__ }, \
	    (unsigned)(sizeof((const struct param[]){ __VA_ARGS__ }) / sizeof(struct param))
#define NO_PARAMS NULL, 0u

/* Runs a statement that answers no rows. */
enum err statement_run(struct database *d, const char *sql, const struct param *params,
    unsigned count);
/* Rows that the last statement_run inserted, changed or deleted. */
int64_t statement_changes(const struct database *d);

/* Prepares and binds; *ret_statement is the caller's to finish with statement_close. */
enum err statement_open(struct database *d, const char *sql, const struct param *params,
    unsigned count, sqlite3_stmt **ret_statement);
/* Goes to the next row; *ret_row is false past the last one. */
enum err statement_step(struct database *d, sqlite3_stmt *statement, bool *ret_row);
/* Sets *statement to NULL; NULL inside is fine. */
void statement_close(sqlite3_stmt **statement);

/* Columns of the present row. Pointers live until the next step or close; NULL reads as nil, and
 * as NaN. */
struct text column_text(sqlite3_stmt *statement, int column);
struct value column_value(sqlite3_stmt *statement, int column);
double column_real(sqlite3_stmt *statement, int column);

#endif
