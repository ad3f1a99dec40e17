#include "workers/analyzer/code.h"

#include <string.h>

#define TAB_WIDTH 8u

/* Where in a line, and what of it was written. */
struct strip {
	struct code_state *state;
	struct text line;
	size_t at;
	char *buf;
	size_t len, size;
	char quote;                 /* of an open string that ends with its line, 0: none */
};

bool
code_begins_statement(const struct code_state *s)
{
	return s->brackets == 0 && s->quote == 0 && !s->continued;
}

static void
put(struct strip *s, char c)
{
	if (s->len < s->size)
		s->buf[s->len++] = c;
}

static bool
is_triple(const struct strip *s, char quote)
{
	return s->line.len - s->at >= 3 && s->line.at[s->at] == quote
	    && s->line.at[s->at + 1] == quote && s->line.at[s->at + 2] == quote;
}

static void
step_string(struct strip *s)
{
	bool triple = s->state->quote != 0;
	char quote = triple ? s->state->quote : s->quote;

	if (s->line.at[s->at] == '\\') {
		s->at += 2;
		return;
	}
	if (s->line.at[s->at] != quote || (triple && !is_triple(s, quote))) {
		s->at++;
		return;
	}
	put(s, '"');
	s->at += triple ? 3 : 1;
	s->state->quote = 0;
	s->quote = 0;
}

static void
open_string(struct strip *s)
{
	char quote = s->line.at[s->at];

	put(s, '"');
	if (is_triple(s, quote)) {
		s->state->quote = quote;
		s->at += 3;
		return;
	}
	s->quote = quote;
	s->at++;
}

static void
step_code(struct strip *s)
{
	char c = s->line.at[s->at];

	if (c == '#') {
		s->at = s->line.len;
		return;
	}
	if (c == '"' || c == '\'') {
		open_string(s);
		return;
	}
	if (c == '(' || c == '[' || c == '{')
		s->state->brackets++;
	else if ((c == ')' || c == ']' || c == '}') && s->state->brackets > 0)
		s->state->brackets--;
	put(s, c);
	s->at++;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

size_t
code_strip(struct code_state *state, struct text line, char *buf, size_t size)
{
	struct strip s = { .state = state, .line = line, .buf = buf, .size = size };

	if (state->quote == 0)
		while (s.at < line.len && is_blank(line.at[s.at]))
			s.at++;
	state->continued = false;
	while (s.at < line.len) {
		if (state->quote != 0 || s.quote != 0)
			step_string(&s);
		else
			step_code(&s);
	}
	while (s.len > 0 && is_blank(buf[s.len - 1]))
		s.len--;
	state->continued = state->quote == 0 && s.len > 0 && buf[s.len - 1] == '\\';
	return s.len;
}

unsigned
code_indent(struct text line)
{
	unsigned width = 0;

	for (size_t i = 0; i < line.len && is_blank(line.at[i]); i++)
		width = line.at[i] == '\t' ? (width / TAB_WIDTH + 1) * TAB_WIDTH : width + 1;
	return width;
}

static bool
is_name_byte(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x80 || u == '_' || (u >= '0' && u <= '9')
	    || ((u | 0x20) >= 'a' && (u | 0x20) <= 'z');
}

bool
code_has(struct text code, const char *word, struct text *ret_after)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= code.len; i++) {
		if (memcmp(code.at + i, word, len) != 0)
			continue;
		if (i > 0 && is_name_byte(word[0]) && is_name_byte(code.at[i - 1]))
			continue;
		if (ret_after != NULL)
			*ret_after = (struct text){ code.at + i + len, code.len - i - len };
		return true;
	}
	return false;
}

struct text
code_name(struct text t)
{
	size_t n = 0;

	while (n < t.len && (is_name_byte(t.at[n]) || t.at[n] == '.'))
		n++;
	return (struct text){ t.at, n };
}
