#include "workers/client/screen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "workers/client/text.h"

#define WIDTH_UNKNOWN 80

static unsigned
terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	int given = columns ? atoi(columns) : 0;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return given > 0 && given < 10000 ? (unsigned)given : WIDTH_UNKNOWN;
}

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

struct screen
screen_of(FILE *out)
{
	struct screen s = { .out = out };
	const char *term = getenv("TERM");

	if (!isatty(fileno(out)))
		return s;
	s.width = terminal_width(fileno(out));
	s.moves = term && *term && strcmp(term, "dumb") != 0;
	s.colours = s.moves && !is_set("NO_COLOR");
	return s;
}

static void
print_clean(const struct screen *s, const char *text)
{
	char *clean = text_clean(text, strlen(text), TEXT_MANY_LINES);

	if (clean)
		fputs(clean, s->out);
	free(clean);
}

void
screen_print(const struct screen *s, enum colour colour, const char *text)
{
	static const char *const codes[] = {
		[COLOUR_HEADING] = "1", [COLOUR_GOOD] = "32", [COLOUR_BAD] = "31",
	};

	if (s->colours)
		fprintf(s->out, "\033[%sm", codes[colour]);
	print_clean(s, text);
	if (s->colours)
		fputs("\033[0m", s->out);
}

void
screen_printf(const struct screen *s, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int n;

	va_start(arguments, format);
	n = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (n < 0)
		return;
	print_clean(s, text);
	free(text);
}
