/*
 * What a program writes: two pipes, read as they fill, with Scalene's own lines taken out and
 * everything made UTF-8. The last lines are kept, the totals counted, and the text is passed on
 * while somebody reads it. More than OUTPUT_CREDIT bytes that were passed on and not yet taken stop
 * the reading, so the program waits instead of this process growing.
 */
#ifndef WORKERS_PROFILER_OUTPUT_H
#define WORKERS_PROFILER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/limits.h"
#include "workers/runtime/loop.h"

#define OUTPUT_CREDIT (256 << 10)

/* stream: 1 standard output, 2 standard error. At most 65536 bytes of valid UTF-8 without NUL. */
typedef void output_fn(void *arg, int stream, const char *text, size_t len);
/* The set of phrases seen so far (bits of enum phrase, both streams) has grown. */
typedef void output_phrase_fn(void *arg, uint32_t seen);

struct output;

/* Takes over both read ends, also on failure; they are made non-blocking. */
enum err output_open(struct loop *loop, int stdout_fd, int stderr_fd, output_fn *pass_on,
    output_phrase_fn *phrase, void *arg, struct output **ret_output);

/* Somebody reads what is passed on (true, with the whole credit anew), or nobody does. At first
 * nobody does. */
void output_listen(struct output *o, bool somebody);
/* Whether the reading has stopped because too much was not taken yet. */
bool output_waits(const struct output *o);
/* `bytes` of passed-on text were taken. */
void output_taken(struct output *o, int64_t bytes);

/* Reads what lies in the pipes now, whatever the credit, without waiting for their end, which a
 * process outside our reach may withhold. Then no more is read. */
void output_finish(struct output *o);

uint32_t output_phrases(const struct output *o);
/* Bytes that the program and Scalene wrote to the stream. */
uint64_t output_bytes(const struct output *o, int stream);
/* Whether a line of the stream's tail starts with `text`. */
bool output_tail_has_line(const struct output *o, int stream, const char *text);

/* The last at most LIMIT_OUTPUT_TAIL bytes with a NUL: whole lines where at least one fits. */
void output_tail(const struct output *o, int stream, char ret_text[LIMIT_OUTPUT_TAIL + 1]);

void output_close(struct output **o);

#endif
