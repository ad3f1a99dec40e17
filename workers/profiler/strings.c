#include "workers/profiler/strings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes over text, which may be NULL. */
static void
take(struct strings *s, char *text)
{
	if (s->failed || text == NULL)
		goto failed;
	if (s->count + 2 > s->size) {
		size_t size = s->size > 0 ? 2 * s->size : 32;
		char **at = realloc(s->at, size * sizeof *at);
		if (at == NULL)
			goto failed;
		s->at = at;
		s->size = size;
	}
	s->at[s->count++] = text;
	s->at[s->count] = NULL;
	return;
failed:
	free(text);
	s->failed = true;
}

void
strings_add(struct strings *s, const char *text)
{
	take(s, strdup(text));
}

void
strings_addf(struct strings *s, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	int n = vasprintf(&text, format, arguments);
	va_end(arguments);
	take(s, n >= 0 ? text : NULL);
}

void
strings_fini(struct strings *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->at[i]);
	free(s->at);
	*s = (struct strings){ 0 };
}

static size_t
find(const struct strings *s, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < s->count; i++) {
		if (strncmp(s->at[i], key, len) == 0 && s->at[i][len] == '=')
			return i;
	}
	return s->count;
}

void
strings_unset(struct strings *s, const char *key)
{
	size_t i = find(s, key);

	if (i == s->count)
		return;
	free(s->at[i]);
	s->at[i] = s->at[s->count - 1];
	s->at[--s->count] = NULL;
}

void
strings_set(struct strings *s, const char *key, const char *value)
{
	strings_unset(s, key);
	strings_addf(s, "%s=%s", key, value);
}

const char *
strings_value(const struct strings *s, const char *key)
{
	size_t i = find(s, key);

	return i < s->count ? s->at[i] + strlen(key) + 1 : NULL;
}
