#include "workers/client/layout.h"

#include <string.h>
#include <unistd.h>

#include "workers/client/text.h"

/* The bytes of the string that begins at `at`, quotes included. */
static size_t
string_length(const char *at, size_t len)
{
	size_t i = 1;

	while (i < len && at[i] != '"')
		i += at[i] == '\\' ? 2 : 1;
	return i < len ? i + 1 : len;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void
layout_compact(const char *json, size_t len, struct json_text *out)
{
	for (size_t i = 0, step; i < len; i += step) {
		step = json[i] == '"' ? string_length(json + i, len - i) : 1;
		if (!is_space(json[i]))
			json_text_add(out, json + i, step);
	}
}

static void
new_line(struct json_text *out, unsigned depth)
{
	json_text_adds(out, "\n");
	for (unsigned i = 0; i < depth; i++)
		json_text_adds(out, "  ");
}

static void
add_string(struct json_text *out, const char *at, size_t len)
{
	uint32_t code;

	for (size_t i = 0, step; i < len; i += step) {
		step = utf8_decode(at + i, len - i, &code);
		if (text_obeyed(code))
			json_text_addf(out, "\\u%04x", (unsigned)code);
		else
			json_text_add(out, at + i, step);
	}
}

static size_t
skip_spaces(const char *json, size_t len, size_t i)
{
	while (i < len && is_space(json[i]))
		i++;
	return i;
}

void
layout_indent(const char *json, size_t len, struct json_text *out)
{
	size_t i = skip_spaces(json, len, 0), step;
	unsigned depth = 0;

	for (; i < len; i = skip_spaces(json, len, i + step)) {
		char c = json[i];
		size_t next = skip_spaces(json, len, i + 1);

		step = c == '"' ? string_length(json + i, len - i) : 1;
		if (c == '}' || c == ']')
			new_line(out, --depth);
		if (c == '"')
			add_string(out, json + i, step);
		else
			json_text_add(out, &c, 1);
		if (c == ':')
			json_text_adds(out, " ");
		if (c == ',')
			new_line(out, depth);
		if (c != '{' && c != '[')
			continue;
		if (next < len && (json[next] == '}' || json[next] == ']')) {
			json_text_add(out, json + next, 1);
			step = next + 1 - i;
			continue;
		}
		new_line(out, ++depth);
	}
}

enum err
layout_print(FILE *out, const char *json, size_t len)
{
	struct json_text text;
	enum err e = OK;

	json_text_init(&text);
	if (isatty(fileno(out)))
		layout_indent(json, len, &text);
	else
		layout_compact(json, len, &text);
	json_text_adds(&text, "\n");
	if (text.failed)
		e = ERR_NO_MEMORY;
	else if (fwrite(text.at, 1, text.len, out) != text.len || fflush(out) != 0)
		e = ERR_SYSTEM;
	json_text_fini(&text);
	return e;
}
