#include "workers/store/profile_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "protocol/ulid.h"
#include "workers/store/profile_load.h"
#include "workers/store/statement.h"

#define SEARCH_MAX 256

/* ---- the cursor: 12 hex digits of milliseconds, the id, 8 hex digits that tie both to the
 * search ---- */

#define CURSOR_TIME 12
#define CURSOR_CHECK 8
#define CURSOR_LEN (CURSOR_TIME + LIMIT_ULID + CURSOR_CHECK)

struct position {
	int64_t created_ms;
	char id[LIMIT_ULID + 1];
};

static const struct position newest = { INT64_MAX, "" };

static void
write_cursor(const struct position *p, struct text search, char ret_cursor[CURSOR_LEN + 1])
{
	char text[CURSOR_TIME + LIMIT_ULID + SEARCH_MAX], hex[2 * SHA256_SIZE + 1];
	uint8_t hash[SHA256_SIZE];

	snprintf(ret_cursor, CURSOR_LEN + 1, "%012" PRIx64 "%s",
	    (uint64_t)p->created_ms & 0xffffffffffff, p->id);
	memcpy(text, ret_cursor, CURSOR_TIME + LIMIT_ULID);
	if (search.len > 0)
		memcpy(text + CURSOR_TIME + LIMIT_ULID, search.at, search.len);
	sha256_of(text, CURSOR_TIME + LIMIT_ULID + search.len, hash);
	sha256_hex(hash, hex);
	memcpy(ret_cursor + CURSOR_TIME + LIMIT_ULID, hex, CURSOR_CHECK);
	ret_cursor[CURSOR_LEN] = 0;
}

/* Only what write_cursor would write again for the same search is taken. */
static bool
read_cursor(struct text cursor, struct text search, struct position *ret_position)
{
	char text[CURSOR_LEN + 1], again[CURSOR_LEN + 1], digits[CURSOR_TIME + 1];
	struct position p;

	if (cursor.len != CURSOR_LEN || !text_copy(cursor, text, sizeof(text)) ||
	    !ulid_valid(text + CURSOR_TIME, LIMIT_ULID))
		return false;
	memcpy(digits, text, CURSOR_TIME);
	digits[CURSOR_TIME] = 0;
	p.created_ms = (int64_t)strtoull(digits, NULL, 16);
	memcpy(p.id, text + CURSOR_TIME, LIMIT_ULID);
	p.id[LIMIT_ULID] = 0;
	write_cursor(&p, search, again);
	if (strcmp(text, again) != 0)
		return false;
	*ret_position = p;
	return true;
}

/* ---- the search ---- */

/* The pattern for LIKE ... ESCAPE '\': the search anywhere, its own wildcards meant as they
 * stand. */
static void
write_pattern(struct text search, char ret_pattern[2 * SEARCH_MAX + 3])
{
	char *out = ret_pattern;

	*out++ = '%';
	for (size_t i = 0; i < search.len; i++) {
		if (search.at[i] == '%' || search.at[i] == '_' || search.at[i] == '\\')
			*out++ = '\\';
		*out++ = search.at[i];
	}
	*out++ = '%';
	*out = 0;
}

#define SQL_FOUND "(?1 IS NULL OR program LIKE ?1 ESCAPE '\\' OR label LIKE ?1 ESCAPE '\\')"

static enum err
count_found(struct store *s, const char *pattern, int64_t *ret_total)
{
	sqlite3_stmt *statement = NULL;
	bool row = false;
	enum err e = statement_open(&s->database, "SELECT count(*) FROM profiles WHERE " SQL_FOUND,
	    PARAMS(param_string(pattern)), &statement);

	if (e == OK)
		e = statement_step(&s->database, statement, &row);
	if (e == OK && row)
		*ret_total = sqlite3_column_int64(statement, 0);
	statement_close(&statement);
	return e;
}

/* ---- the page ---- */

#define SQL_PAGE \
	"SELECT id, created_ms, program, label, outcome, elapsed_s, peak_memory_mb, job_id" \
	" FROM profiles WHERE " SQL_FOUND " AND (created_ms, id) < (?2, ?3)" \
	" ORDER BY created_ms DESC, id DESC LIMIT ?4"
enum { PAGE_ID, PAGE_CREATED, PAGE_PROGRAM, PAGE_LABEL, PAGE_OUTCOME, PAGE_ELAPSED, PAGE_PEAK,
	PAGE_JOB };

struct page {
	struct value_writer *w;
	int64_t limit;
	uint32_t count;
	bool more;
	struct position last;
};

static uint32_t
put_text(struct value_writer *w, const char *key, struct text v)
{
	if (v.at == NULL)
		return 0;
	value_put_text(w, key, v);
	return 1;
}

static uint32_t
put_real(struct value_writer *w, const char *key, sqlite3_stmt *row, int column)
{
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		return 0;
	value_put_real(w, key, sqlite3_column_double(row, column));
	return 1;
}

static void
write_row(struct value_writer *w, sqlite3_stmt *row)
{
	char created[PROFILE_TIME];
	size_t opened = value_open_map(w);
	uint32_t pairs = put_text(w, "profile_id", column_text(row, PAGE_ID));

	profile_time(sqlite3_column_int64(row, PAGE_CREATED), created);
	pairs += put_text(w, "created", text_of(created));
	pairs += put_text(w, "program", column_text(row, PAGE_PROGRAM));
	pairs += put_text(w, "label", column_text(row, PAGE_LABEL));
	pairs += put_text(w, "outcome", column_text(row, PAGE_OUTCOME));
	pairs += put_real(w, "elapsed_s", row, PAGE_ELAPSED);
	pairs += put_real(w, "peak_memory_mb", row, PAGE_PEAK);
	pairs += put_text(w, "job_id", column_text(row, PAGE_JOB));
	value_close_map(w, opened, pairs);
}

/* False when the page is full. */
static bool
add_row(struct page *p, sqlite3_stmt *row)
{
	size_t mark = p->w->buffer.size;

	if (p->count == p->limit)
		return false;
	write_row(p->w, row);
	if (p->w->buffer.size > PROFILE_LIST_BYTES) {
		p->w->buffer.size = mark;
		return false;
	}
	p->count++;
	p->last.created_ms = sqlite3_column_int64(row, PAGE_CREATED);
	text_copy(column_text(row, PAGE_ID), p->last.id, sizeof(p->last.id));
	return true;
}

static enum err
add_rows(struct store *s, struct page *p, const char *pattern, const struct position *after)
{
	sqlite3_stmt *statement = NULL;
	bool row = false;
	enum err e = statement_open(&s->database, SQL_PAGE,
	    PARAMS(param_string(pattern), param_int(after->created_ms), param_string(after->id),
		param_int(p->limit + 1)), &statement);

	while (e == OK && (e = statement_step(&s->database, statement, &row)) == OK && row)
		if (!add_row(p, statement)) {
			p->more = true;
			break;
		}
	statement_close(&statement);
	return e;
}

static enum err
write_page(struct store *s, const struct body_profile_list *in, const struct position *after,
    struct value_writer *w)
{
	struct page p = { .w = w, .limit = MIN(in->limit, PROFILE_LIST_ROWS) };
	char pattern[2 * SEARCH_MAX + 3], cursor[CURSOR_LEN + 1];
	const char *like = in->search.len > 0 ? pattern : NULL;
	size_t map = value_open_map(w), array;
	int64_t total = 0;
	enum err e;

	write_pattern(in->search, pattern);
	value_string(w, "profiles");
	array = value_open_array(w);
	e = add_rows(s, &p, like, after);
	if (e == OK)
		e = count_found(s, like, &total);
	if (e != OK)
		return e;
	value_close_array(w, array, p.count);
	value_put_int(w, "total", total);
	if (p.more) {
		write_cursor(&p.last, in->search, cursor);
		value_put_string(w, "next_cursor", cursor);
	}
	value_close_map(w, map, p.more ? 3 : 2);
	return OK;
}

static enum err
check_list(struct store *s, const struct body_profile_list *in, struct position *ret_after)
{
	if (in->limit < 1)
		return fault_set(&s->fault, ERR_INVALID_ARGUMENT, NULL, "limit is less than 1");
	if (in->search.len > SEARCH_MAX ||
	    (in->search.len > 0 && memchr(in->search.at, 0, in->search.len) != NULL))
		return fault_set(&s->fault, ERR_INVALID_ARGUMENT, NULL,
		    "search is too long or holds a NUL");
	*ret_after = newest;
	if (in->cursor.at == NULL || read_cursor(in->cursor, in->search, ret_after))
		return OK;
	return fault_set(&s->fault, ERR_INVALID_ARGUMENT,
	    "Leave cursor out for the first page; for others take next_cursor of the page before,"
	    " with the same search.",
	    "cursor is not one of this list");
}

enum err
profile_list(struct store *s, const struct body_profile_list *in, struct value_writer *w)
{
	struct value_writer page;
	struct position after;
	struct value whole;
	enum err e = check_list(s, in, &after);

	if (e != OK)
		return e;
	value_writer_init(&page);
	e = write_page(s, in, &after, &page);
	whole = value_done(&page);
	if (e == OK && whole.at == NULL)
		e = ERR_NO_MEMORY;
	if (e == OK && !value_check(whole.at, whole.len))
		e = fault_set(&s->fault, ERR_CORRUPT, NULL, "a stored profile is damaged");
	if (e == OK)
		value_raw(w, whole);
	value_writer_fini(&page);
	return e;
}
