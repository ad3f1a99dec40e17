#include "workers/analyzer/source.h"

#include <stdlib.h>
#include <string.h>

#include "workers/analyzer/spans.h"

void
source_fini(struct source *s)
{
	free(s->rows);
	free(s->functions);
	*s = (struct source){ .rows = NULL };
}

static int
by_number(const void *a, const void *b)
{
	const struct source_row *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int
by_line(const void *a, const void *b)
{
	const struct source_function *x = a, *y = b;

	return (x->line > y->line) - (x->line < y->line);
}

void
source_sort(struct source *s)
{
	if (s->row_count > 1)
		qsort(s->rows, s->row_count, sizeof(*s->rows), by_number);
	if (s->function_count > 1)
		qsort(s->functions, s->function_count, sizeof(*s->functions), by_line);
}

const struct source_row *
source_row(const struct source *s, uint32_t number)
{
	struct source_row key = { .number = number };

	if (s->row_count == 0)
		return NULL;
	return bsearch(&key, s->rows, s->row_count, sizeof(*s->rows), by_number);
}

static size_t
undo_replacements(char *buf, size_t len)
{
	static const struct { char escape[7]; char is; } replaced[] = {
		{ "\\u0026", '&' }, { "\\u003c", '<' }, { "\\u003e", '>' },
	};
	size_t to = 0;

	for (size_t from = 0; from < len; ) {
		size_t taken = 1;
		char c = buf[from];

		for (unsigned i = 0; c == '\\' && taken == 1 && i < 3; i++) {
			if (len - from < 6 || memcmp(buf + from, replaced[i].escape, 6) != 0)
				continue;
			c = replaced[i].is;
			taken = 6;
		}
		buf[to++] = c;
		from += taken;
	}
	return to;
}

size_t
source_row_text(const struct source_row *row, char *buf, size_t size)
{
	struct json_span raw = row->text;
	size_t len;

	if (raw.at == NULL || raw.len < 2 || raw.at[0] != '"')
		return 0;
	raw = (struct json_span){ raw.at + 1, raw.len - 2 };
	len = undo_replacements(buf, span_unescape(raw, buf, size));
	while (len > 0 && (buf[len - 1] == '\n' || buf[len - 1] == '\r'))
		len--;
	return len;
}

size_t
source_blank(const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && (line[n] == ' ' || line[n] == '\t' || line[n] == '\f'))
		n++;
	return n;
}

/* Takes `word` and the white space after it off the line. */
static bool
take_word(const char **line, size_t *len, const char *word)
{
	size_t size = strlen(word), blank;

	if (*len <= size || memcmp(*line, word, size) != 0)
		return false;
	blank = source_blank(*line + size, *len - size);
	if (blank == 0)
		return false;
	*line += size + blank;
	*len -= size + blank;
	return true;
}

static bool
is_name_byte(unsigned char c)
{
	return c >= 0x80 || c == '_' || (c >= '0' && c <= '9')
	    || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

bool
source_definition(const char *line, size_t len, struct text *ret_name, bool *ret_class)
{
	size_t blank = source_blank(line, len), n = 0;
	bool is_class;

	line += blank;
	len -= blank;
	take_word(&line, &len, "async");
	is_class = take_word(&line, &len, "class");
	if (!is_class && !take_word(&line, &len, "def"))
		return false;
	while (n < len && is_name_byte((unsigned char)line[n]))
		n++;
	if (n == 0)
		return false;
	*ret_name = (struct text){ line, n };
	*ret_class = is_class;
	return true;
}
