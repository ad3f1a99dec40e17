#include "supervisor/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocol/exit.h"

#define LINE_MAX_BYTES 1024

static const char *const severity_names[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARN] = "warn",
	[LOG_ERROR] = "error",
	[LOG_PANIC] = "panic",
};

static enum severity threshold = LOG_INFO;
static unsigned long dropped_lines;

void
log_threshold(enum severity least)
{
	threshold = least;
}

int
log_severity_by_name(const char *word)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
		if (strcmp(severity_names[i], word) == 0)
			return i;
	return -1;
}

static void
clean(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f ||
		    (unsigned char)text[i] >= 0xf8)
			text[i] = '?';
}

/* A pipe that poll calls writable takes at least PIPE_BUF bytes, which a line never exceeds. */
static bool
can_write(void)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

static void
emit(const char *line, size_t len)
{
	if (!can_write() || write(STDERR_FILENO, line, len) < 0)
		dropped_lines++;
}

static size_t
head(char *line, size_t size, enum severity severity)
{
	struct timespec now;
	struct tm utc;
	char stamp[32];
	int n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	n = snprintf(line, size, "%s.%03ldZ %s supervisor.0/1 ", stamp, now.tv_nsec / 1000000,
	    severity_names[severity]);
	return n > 0 ? (size_t)n : 0;
}

static void
line_write(enum severity severity, const char *format, va_list args)
{
	char line[LINE_MAX_BYTES];
	size_t len = head(line, sizeof(line), severity);
	int n = vsnprintf(line + len, sizeof(line) - len - 1, format, args);

	if (n < 0)
		return;
	if ((size_t)n > sizeof(line) - len - 2)
		n = (int)(sizeof(line) - len - 2);
	clean(line + len, (size_t)n);
	len += (size_t)n;
	line[len++] = '\n';
	emit(line, len);
}

static void
say_dropped(void)
{
	char line[LINE_MAX_BYTES];
	size_t len;
	int n;

	if (dropped_lines == 0 || !can_write())
		return;
	len = head(line, sizeof(line), LOG_WARN);
	n = snprintf(line + len, sizeof(line) - len, "%lu log lines dropped: nobody read them\n",
	    dropped_lines);
	dropped_lines = 0;
	emit(line, len + (size_t)n);
}

void
log_line(enum severity severity, const char *format, ...)
{
	va_list args;

	if (severity < threshold)
		return;
	say_dropped();
	va_start(args, format);
	line_write(severity, format, args);
	va_end(args);
}

void
log_panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_write(LOG_PANIC, format, args);
	va_end(args);
	exit(EXIT_CODE_INTERNAL);
}
