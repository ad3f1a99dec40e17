#include "workers/store/statement.h"

#include <errno.h>
#include <math.h>

struct param
param_int(int64_t v)
{
	return (struct param){ .kind = PARAM_INT, .integer = v };
}

struct param
param_real(double v)
{
	return (struct param){ .kind = isnan(v) ? PARAM_NULL : PARAM_REAL, .real = v };
}

struct param
param_text(struct text v)
{
	enum param_kind kind = v.at == NULL ? PARAM_NULL : PARAM_TEXT;

	return (struct param){ .kind = kind, .at = v.at, .len = v.len };
}

struct param
param_string(const char *v)
{
	return param_text(text_of(v));
}

struct param
param_bytes(const void *at, size_t len)
{
	enum param_kind kind = at == NULL ? PARAM_NULL : PARAM_BYTES;

	return (struct param){ .kind = kind, .at = at, .len = len };
}

static int
bind(sqlite3_stmt *statement, int position, const struct param *p)
{
	switch (p->kind) {
	case PARAM_INT:
		return sqlite3_bind_int64(statement, position, p->integer);
	case PARAM_REAL:
		return sqlite3_bind_double(statement, position, p->real);
	case PARAM_TEXT:
		return sqlite3_bind_text64(statement, position, p->at, p->len, SQLITE_STATIC,
		    SQLITE_UTF8);
	case PARAM_BYTES:
		return sqlite3_bind_blob64(statement, position, p->at, p->len, SQLITE_STATIC);
	case PARAM_NULL:
		break;
	}
	return sqlite3_bind_null(statement, position);
}

enum err
statement_open(struct database *d, const char *sql, const struct param *params, unsigned count,
    sqlite3_stmt **ret_statement)
{
	sqlite3_stmt *statement = NULL;
	enum err e;
	int code;

	errno = 0;
	code = sqlite3_prepare_v2(d->sql, sql, -1, &statement, NULL);
	for (unsigned i = 0; i < count && code == SQLITE_OK; i++)
		code = bind(statement, (int)i + 1, &params[i]);
	if (code == SQLITE_OK) {
		*ret_statement = statement;
		return OK;
	}
	e = database_fault(d, code);
	sqlite3_finalize(statement);
	return e;
}

enum err
statement_step(struct database *d, sqlite3_stmt *statement, bool *ret_row)
{
	int code;

	errno = 0;
	code = sqlite3_step(statement);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return database_fault(d, code);
	*ret_row = code == SQLITE_ROW;
	return OK;
}

void
statement_close(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
	*statement = NULL;
}

enum err
statement_run(struct database *d, const char *sql, const struct param *params, unsigned count)
{
	sqlite3_stmt *statement = NULL;
	enum err e = statement_open(d, sql, params, count, &statement);
	bool row;

	if (e == OK)
		e = statement_step(d, statement, &row);
	statement_close(&statement);
	return e;
}

int64_t
statement_changes(const struct database *d)
{
	return sqlite3_changes64(d->sql);
}

struct text
column_text(sqlite3_stmt *statement, int column)
{
	const unsigned char *at = sqlite3_column_text(statement, column);

	if (at == NULL)
		return (struct text){ NULL, 0 };
	return (struct text){ (const char *)at, (size_t)sqlite3_column_bytes(statement, column) };
}

struct value
column_value(sqlite3_stmt *statement, int column)
{
	const uint8_t *at = sqlite3_column_blob(statement, column);

	if (at == NULL)
		return (struct value){ NULL, 0 };
	return (struct value){ at, (size_t)sqlite3_column_bytes(statement, column) };
}

double
column_real(sqlite3_stmt *statement, int column)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return NAN;
	return sqlite3_column_double(statement, column);
}
