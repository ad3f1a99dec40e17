/*
 * The log: one line per event on standard error, as
 *
 *     2026-11-22T14:03:35.123Z warn profiler.0/3 job=01J... text
 *
 * that is: time (UTC), severity, role.index/incarnation, what it is about, text. Control characters and
 * invalid UTF-8 in the text are replaced, so that what a profiled program says cannot forge a line.
 */
#ifndef WORKERS_RUNTIME_LOG_H
#define WORKERS_RUNTIME_LOG_H

#include <stdint.h>

#include "protocol/role.h"

enum severity {
	LOG_DEBUG,
	LOG_INFO,    /* something happened */
	LOG_WARN,    /* the peer's fault; going on */
	LOG_ERROR,   /* this operation failed */
	LOG_PANIC    /* our own tables are wrong; the process ends */
};

/* Says who writes. Without it lines carry "?". */
void log_identify(enum role role, unsigned index, uint32_t incarnation);

/* Lines below this severity are dropped. Default LOG_INFO. */
void log_threshold(enum severity least);

/* "debug", "info", "warn", "error"; -1 when the word is none of them. */
int log_severity_by_name(const char *word);

void log_line(enum severity severity, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Logs at LOG_PANIC and exits with EXIT_CODE_INTERNAL. */
void log_panic(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
