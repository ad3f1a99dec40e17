/*
 * The supervisor's log, in the line format of workers/runtime/log.h:
 *
 *     2026-11-22T14:03:35.123Z warn supervisor.0/1 text
 *
 * on standard error. A line never blocks the supervisor: when nobody reads standard error and its
 * pipe is full, lines are dropped and counted, and the count is said with the next one that fits.
 */
#ifndef SUPERVISOR_LOG_H
#define SUPERVISOR_LOG_H

enum severity {
	LOG_DEBUG,
	LOG_INFO,    /* something happened */
	LOG_WARN,    /* a child's or a client's fault; going on */
	LOG_ERROR,   /* this operation failed */
	LOG_PANIC    /* our own tables are wrong; the process ends */
};

/* Lines below this severity are dropped. Default LOG_INFO. */
void log_threshold(enum severity least);

/* "debug", "info", "warn", "error"; -1 when the word is none of them. */
int log_severity_by_name(const char *word);

/* Control characters and bytes that are not ASCII or UTF-8 lead and continuation bytes become '?'.
 */
void log_line(enum severity severity, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Logs at LOG_PANIC and exits with EXIT_CODE_INTERNAL. */
void log_panic(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
