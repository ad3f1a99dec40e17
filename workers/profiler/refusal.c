#include "workers/profiler/refusal.h"

#include <stdarg.h>
#include <stdio.h>

#include "workers/profiler/utf8.h"

static void
fill(char ret_text[REFUSAL_TEXT + 1], const char *format, va_list arguments)
{
	char raw[REFUSAL_TEXT + 1];

	vsnprintf(raw, sizeof raw, format, arguments);
	utf8_clean_string(raw, ret_text, REFUSAL_TEXT + 1);
}

enum err
refuse(struct refusal *why, enum err code, const char *format, ...)
{
	va_list arguments;

	why->code = code;
	why->hint[0] = '\0';
	va_start(arguments, format);
	fill(why->message, format, arguments);
	va_end(arguments);
	return code;
}

void
refusal_hint(struct refusal *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fill(why->hint, format, arguments);
	va_end(arguments);
}
