#include "workers/profiler/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workers/profiler/phrases.h"
#include "workers/profiler/tail.h"
#include "workers/profiler/utf8.h"

#define PIECE (16 << 10)         /* cleaned at most three times as long, which fits one OUTPUT */
#define READS_PER_TURN 4         /* so that a flood cannot keep the loop from its timers */

struct stream {
	struct output *output;
	int number;
	int fd;                  /* -1: at its end, or finished */
	struct watch *watch;
	struct phrase_filter filter;
	struct utf8_cleaner cleaner;
	struct tail tail;
	uint64_t bytes;
};

struct output {
	struct stream streams[2];
	output_fn *pass_on;
	output_phrase_fn *phrase;
	void *arg;
	uint32_t seen;
	bool listening;
	int64_t untaken;
};

bool
output_waits(const struct output *o)
{
	return o->listening && o->untaken > OUTPUT_CREDIT;
}

static void
adjust_reading(struct output *o)
{
	bool wait = output_waits(o);

	for (int i = 0; i < 2; i++) {
		if (o->streams[i].watch != NULL)
			watch_events(o->streams[i].watch, wait ? 0 : POLLIN);
	}
}

static void
deliver(struct stream *s, const char *text, size_t len)
{
	struct output *o = s->output;

	if (len == 0)
		return;
	tail_add(&s->tail, text, len);
	if (!o->listening)
		return;
	o->untaken += (int64_t)len;
	o->pass_on(o->arg, s->number, text, len);
}

static void
note_phrases(struct stream *s)
{
	struct output *o = s->output;
	uint32_t seen = o->seen | s->filter.seen;

	if (seen == o->seen)
		return;
	o->seen = seen;
	o->phrase(o->arg, seen);
}

static void
take_piece(struct stream *s, const char *raw, size_t len)
{
	char own[PIECE + PHRASE_MAX], clean[UTF8_CLEAN_MAX(PIECE + PHRASE_MAX)];
	size_t own_len = phrase_filter_feed(&s->filter, raw, len, own);

	s->bytes += len;
	deliver(s, clean, utf8_clean(&s->cleaner, own, own_len, clean));
	note_phrases(s);
}

static void
take_end(struct stream *s)
{
	char own[PHRASE_MAX], clean[UTF8_CLEAN_MAX(PHRASE_MAX) + UTF8_CLEAN_MAX(0)];
	size_t own_len = phrase_filter_end(&s->filter, own);
	size_t len = utf8_clean(&s->cleaner, own, own_len, clean);

	len += utf8_clean_end(&s->cleaner, clean + len);
	deliver(s, clean, len);
}

static void
stream_end(struct stream *s)
{
	if (s->fd < 0)
		return;
	watch_close(&s->watch);
	close(s->fd);
	s->fd = -1;
	take_end(s);
}

/* One piece. False when there is nothing more for now; the stream may have ended. */
static bool
read_piece(struct stream *s)
{
	char raw[PIECE];
	ssize_t n = read(s->fd, raw, sizeof raw);

	if (n > 0) {
		take_piece(s, raw, (size_t)n);
		return true;
	}
	if (n < 0 && errno == EINTR)
		return true;
	if (n == 0 || errno != EAGAIN)
		stream_end(s);
	return false;
}

static void
readable(void *arg, short revents)
{
	struct stream *s = arg;
	struct output *o = s->output;

	(void)revents;
	for (int i = 0; i < READS_PER_TURN; i++) {
		if (output_waits(o))
			break;
		if (s->fd < 0 || !read_piece(s))
			break;
	}
	adjust_reading(o);
}

static enum err
stream_open(struct loop *loop, struct output *o, int number, int fd)
{
	struct stream *s = &o->streams[number - 1];

	s->output = o;
	s->number = number;
	s->fd = fd;
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return ERR_SYSTEM;
	s->watch = loop_watch(loop, fd, POLLIN, readable, s);
	return s->watch != NULL ? OK : ERR_NO_MEMORY;
}

enum err
output_open(struct loop *loop, int stdout_fd, int stderr_fd, output_fn *pass_on,
    output_phrase_fn *phrase, void *arg, struct output **ret_output)
{
	struct output *o = calloc(1, sizeof *o);

	if (o == NULL) {
		close(stdout_fd);
		close(stderr_fd);
		return ERR_NO_MEMORY;
	}
	o->pass_on = pass_on;
	o->phrase = phrase;
	o->arg = arg;
	enum err out = stream_open(loop, o, 1, stdout_fd);
	enum err err = stream_open(loop, o, 2, stderr_fd);
	if (out != OK || err != OK) {
		output_close(&o);
		return out != OK ? out : err;
	}
	*ret_output = o;
	return OK;
}

void
output_listen(struct output *o, bool somebody)
{
	o->listening = somebody;
	o->untaken = 0;
	adjust_reading(o);
}

void
output_taken(struct output *o, int64_t bytes)
{
	if (bytes < 0 || bytes > o->untaken)
		bytes = o->untaken;
	o->untaken -= bytes;
	adjust_reading(o);
}

void
output_finish(struct output *o)
{
	for (int i = 0; i < 2; i++) {
		struct stream *s = &o->streams[i];
		int held = s->fd >= 0 ? fcntl(s->fd, F_GETPIPE_SZ) : 0;
		int64_t left = held > 0 ? held : PIECE;
		while (s->fd >= 0 && left > 0 && read_piece(s))
			left -= PIECE;
		stream_end(s);
	}
}

uint32_t
output_phrases(const struct output *o)
{
	return o->seen;
}

uint64_t
output_bytes(const struct output *o, int stream)
{
	return o->streams[stream - 1].bytes;
}

bool
output_tail_has_line(const struct output *o, int stream, const char *text)
{
	const struct tail *t = &o->streams[stream - 1].tail;
	size_t wanted = strlen(text);
	bool at_start = !t->cut;

	for (size_t i = 0; i + wanted <= t->len; i++) {
		if (at_start && memcmp(t->at + i, text, wanted) == 0)
			return true;
		at_start = t->at[i] == '\n';
	}
	return false;
}

void
output_tail(const struct output *o, int stream, char ret_text[LIMIT_OUTPUT_TAIL + 1])
{
	size_t len;
	const char *at = tail_last(&o->streams[stream - 1].tail, LIMIT_OUTPUT_TAIL, &len);

	memcpy(ret_text, at, len);
	ret_text[len] = '\0';
}

void
output_close(struct output **o)
{
	if (*o == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		struct stream *s = &(*o)->streams[i];
		watch_close(&s->watch);
		if (s->fd >= 0)
			close(s->fd);
	}
	free(*o);
	*o = NULL;
}
