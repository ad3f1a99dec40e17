#include "workers/runtime/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocol/exit.h"

#define LINE_MAX_BYTES 2048

static const char *const words[] = {
	[LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error", [LOG_PANIC] = "panic",
};

static struct {
	char who[64];
	enum severity least;
	unsigned long dropped;   /* lines that nobody took */
} self = { "?", LOG_INFO, 0 };

void
log_identify(enum role role, unsigned index, uint32_t incarnation)
{
	snprintf(self.who, sizeof(self.who), "%s.%u/%u", role_name(role), index, incarnation);
}

void
log_threshold(enum severity least)
{
	self.least = least;
}

int
log_severity_by_name(const char *word)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

/* Bytes of the UTF-8 character at `c` (RFC 3629), 0 when there is none. */
static size_t
character_size(const unsigned char *c)
{
	static const struct {
		unsigned char first, last, low, high;    /* of the first byte; of the second */
		size_t size;
	} rows[] = {
		{ 0x01, 0x7f, 0x00, 0xff, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (*c < rows[i].first || *c > rows[i].last)
			continue;
		if (c[1] < rows[i].low || c[1] > rows[i].high)
			return 0;
		for (size_t k = 2; k < rows[i].size; k++)
			if ((c[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].size;
	}
	return 0;
}

static bool
is_control(const unsigned char *c)
{
	return *c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0);
}

/* One line stays one line, whatever is in it. */
static void
clean(char *text)
{
	unsigned char *c = (unsigned char *)text;

	while (*c != 0) {
		size_t size = character_size(c);

		if (size == 0)
			*c++ = '?';
		else if (is_control(c))
			memset(c, ' ', size);
		c += size;
	}
}

/* Takes off what the end of the buffer left of a character. */
static void
drop_half_character(char *text)
{
	size_t len = strlen(text), start = len;

	while (start > 0 && len - start < 4 && (text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && character_size((unsigned char *)text + start - 1) == 0)
		text[start - 1] = 0;
}

/* A reader that does not read must not hold us up: a pipe that polls writable takes a line whole. */
static bool
write_without_waiting(const char *line, size_t len)
{
	struct pollfd fd = { STDERR_FILENO, POLLOUT, 0 };

	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLOUT) != 0 && write(STDERR_FILENO, line, len) > 0;
}

static void
write_line(enum severity severity, const char *format, va_list args)
{
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 192], dropped[64] = "";
	struct timespec now;
	struct tm utc;
	int n;

	if (vsnprintf(text, sizeof(text), format, args) >= (int)sizeof(text))
		drop_half_character(text);
	clean(text);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	if (self.dropped > 0)
		snprintf(dropped, sizeof(dropped), "(%lu lines lost before this) ", self.dropped);
	n = snprintf(line, sizeof(line), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s %s %s%s\n", utc.tm_year + 1900,
	    utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000,
	    words[severity], self.who, dropped, text);
	if (n > 0 && write_without_waiting(line, (size_t)n))
		self.dropped = 0;
	else
		self.dropped++;
}

void
log_line(enum severity severity, const char *format, ...)
{
	va_list args;

	if (severity < self.least)
		return;
	va_start(args, format);
	write_line(severity, format, args);
	va_end(args);
}

void
log_panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(LOG_PANIC, format, args);
	va_end(args);
	_exit(EXIT_CODE_INTERNAL);
}
