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

/* One line stays one line, whatever is in it. */
static void
clean(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c != 0; c++)
		if (*c < 0x20 || *c == 0x7f)
			*c = ' ';
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

	vsnprintf(text, sizeof(text), format, args);
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
