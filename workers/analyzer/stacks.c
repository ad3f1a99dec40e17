#include "workers/analyzer/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "workers/analyzer/spans.h"

#define STACKS_MAX 200000u
#define SLOTS 65536u    /* of the table of frames; a power of two above twice PROFILE_FRAMES_MAX */
#define COUNT_MAX 1e10

struct raw_stack {
	struct json_span frames;
	uint64_t count;
	uint32_t order;
};

/* Frames by their raw text, so that each is decoded once. */
struct frame_table {
	struct { struct json_span raw; uint32_t frame; } slots[SLOTS];
};

static uint64_t
count_of(struct json_span stats)
{
	struct json_span key, value;
	size_t cursor = 0;
	double count = 0;

	if (!span_is_object(stats))
		return 0;
	while (json_next_member(stats.at, stats.len, &cursor, &key, &value))
		if (span_key_is(key, "count"))
			span_number(value, &count);
	return count >= 1 && count <= COUNT_MAX ? (uint64_t)count : 0;
}

static bool
read_pair(struct json_span pair, struct raw_stack *ret_stack)
{
	struct json_span frames, stats;
	size_t cursor = 0;

	if (!span_is_array(pair) || !json_next_element(pair.at, pair.len, &cursor, &frames)
	    || !json_next_element(pair.at, pair.len, &cursor, &stats) || !span_is_array(frames))
		return false;
	*ret_stack = (struct raw_stack){ .frames = frames, .count = count_of(stats) };
	return ret_stack->count > 0;
}

static int
by_count(const void *a, const void *b)
{
	const struct raw_stack *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->order > y->order) - (x->order < y->order);
}

static bool
text_to_line(const char *at, size_t len, uint32_t *ret_line)
{
	uint32_t line = 0;

	if (len == 0 || len > 8)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		line = line * 10 + (uint32_t)(at[i] - '0');
	}
	*ret_line = line;
	return line <= PROFILE_LINE_NUMBER_MAX;
}

static size_t
last_of(struct text t, char c)
{
	size_t i = t.len;

	while (i > 0 && t.at[i - 1] != c)
		i--;
	return i;
}

bool
stack_frame_parse(struct text frame, struct profile_frame *ret_frame)
{
	size_t colon, space;
	uint32_t line;

	if (frame.len > 0 && frame.at[frame.len - 1] == ';')
		frame.len--;
	colon = last_of(frame, ':');
	if (colon == 0 || !text_to_line(frame.at + colon, frame.len - colon, &line))
		return false;
	frame.len = colon - 1;
	space = last_of(frame, ' ');
	if (space == 0)
		return false;
	*ret_frame = (struct profile_frame){
		.file = { frame.at, space - 1 },
		.function = { frame.at + space, frame.len - space },
		.line = line,
	};
	return true;
}

static uint32_t
hash_of(struct json_span raw)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < raw.len; i++)
		h = (h ^ (unsigned char)raw.at[i]) * 16777619u;
	return h;
}

static enum err
add_frame(struct profile *p, struct json_span raw, uint32_t *ret_frame)
{
	struct text t = span_text(raw, PROFILE_PATH_BYTES + PROFILE_NAME_BYTES, &p->arena);
	struct profile_frame parsed = { .file = { "", 0 }, .function = t }, *f;

	stack_frame_parse(t, &parsed);
	parsed.file.len = text_prefix(parsed.file, PROFILE_PATH_BYTES);
	parsed.function.len = text_prefix(parsed.function, PROFILE_NAME_BYTES);
	f = profile_grow(&p->frames, &p->frame_count, sizeof(*f));
	if (f == NULL)
		return ERR_NO_MEMORY;
	*f = parsed;
	*ret_frame = p->frame_count - 1;
	return OK;
}

static enum err
intern_frame(struct profile *p, struct frame_table *table, struct json_span raw,
    uint32_t *ret_frame)
{
	uint32_t i = hash_of(raw) & (SLOTS - 1);
	enum err e;

	for (; table->slots[i].raw.at != NULL; i = (i + 1) & (SLOTS - 1)) {
		if (table->slots[i].raw.len == raw.len
		    && memcmp(table->slots[i].raw.at, raw.at, raw.len) == 0) {
			*ret_frame = table->slots[i].frame;
			return OK;
		}
	}
	e = add_frame(p, raw, ret_frame);
	if (e == OK) {
		table->slots[i].raw = raw;
		table->slots[i].frame = *ret_frame;
	}
	return e;
}

/* Adds the stack whole; not at all when it does not fit. */
static enum err
add_stack(struct profile *p, struct frame_table *table, const struct raw_stack *raw)
{
	struct profile_stack *s;
	struct json_span frame;
	uint32_t first = p->stack_frame_count;
	size_t cursor = 0;

	while (json_next_element(raw->frames.at, raw->frames.len, &cursor, &frame)) {
		uint32_t index, *slot;

		if (p->stack_frame_count == PROFILE_FRAMES_MAX) {
			p->stack_frame_count = first;
			p->notes |= NOTE_STACKS_CUT;
			return OK;
		}
		if (intern_frame(p, table, frame, &index) != OK)
			return ERR_NO_MEMORY;
		slot = profile_grow(&p->stack_frames, &p->stack_frame_count, sizeof(*slot));
		if (slot == NULL)
			return ERR_NO_MEMORY;
		*slot = index;
	}
	if (p->stack_frame_count == first)
		return OK;
	s = profile_grow(&p->stacks, &p->stack_count, sizeof(*s));
	if (s == NULL)
		return ERR_NO_MEMORY;
	*s = (struct profile_stack){ raw->count, first, p->stack_frame_count - first };
	return OK;
}

static enum err
collect(struct profile *p, struct json_span array, struct raw_stack **stacks, uint32_t *count,
    uint64_t *ret_samples)
{
	struct json_span pair;
	size_t cursor = 0;
	uint64_t samples = 0;

	while (json_next_element(array.at, array.len, &cursor, &pair)) {
		struct raw_stack raw, *slot;

		if (!read_pair(pair, &raw))
			continue;
		samples += raw.count;
		if (*count == STACKS_MAX) {
			p->notes |= NOTE_STACKS_CUT;
			continue;
		}
		raw.order = *count;
		slot = profile_grow(stacks, count, sizeof(*slot));
		if (slot == NULL)
			return ERR_NO_MEMORY;
		*slot = raw;
	}
	*ret_samples = samples;
	return OK;
}

enum err
stacks_read(struct profile *p, struct json_span array, uint64_t *ret_samples)
{
	struct frame_table *table = NULL;
	struct raw_stack *raw = NULL;
	uint32_t count = 0;
	uint64_t samples = 0;
	enum err e = OK;

	if (span_is_array(array))
		e = collect(p, array, &raw, &count, &samples);
	if (e != OK || count == 0)
		goto out;
	table = calloc(1, sizeof(*table));
	if (table == NULL) {
		e = ERR_NO_MEMORY;
		goto out;
	}
	qsort(raw, count, sizeof(*raw), by_count);
	for (uint32_t i = 0; e == OK && i < count && !(p->notes & NOTE_STACKS_CUT); i++)
		e = add_stack(p, table, &raw[i]);
out:
	free(table);
	free(raw);
	if (e == OK)
		*ret_samples = samples;
	return e;
}
