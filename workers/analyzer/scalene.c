#include "workers/analyzer/scalene.h"

#include <limits.h>

#include "workers/analyzer/samples.h"
#include "workers/analyzer/scalene_file.h"
#include "workers/analyzer/spans.h"
#include "workers/analyzer/stacks.h"

#define SCAN_DEPTH 200
#define SECONDS_MAX 1e9
#define MEMORY_MAX_MB 1e9

/* The members of the top-level object that are read. */
enum top {
	TOP_PROGRAM, TOP_FILENAME, TOP_ENTRYPOINT_DIR, TOP_ELAPSED, TOP_START, TOP_ALLOC_SAMPLES,
	TOP_PEAK, TOP_PEAK_PYTHON, TOP_GROWTH, TOP_NATIVE, TOP_SAMPLES, TOP_MEMORY, TOP_GPU,
	TOP_ASYNC, TOP_FILES, TOP_STACKS, TOP_COUNT
};

static const char *const top_keys[TOP_COUNT] = {
	[TOP_PROGRAM] = "program",
	[TOP_FILENAME] = "filename",
	[TOP_ENTRYPOINT_DIR] = "entrypoint_dir",
	[TOP_ELAPSED] = "elapsed_time_sec",
	[TOP_START] = "start_time_absolute",
	[TOP_ALLOC_SAMPLES] = "alloc_samples",
	[TOP_PEAK] = "max_footprint_mb",
	[TOP_PEAK_PYTHON] = "max_footprint_python_fraction",
	[TOP_GROWTH] = "growth_rate",
	[TOP_NATIVE] = "native_allocations_mb",
	[TOP_SAMPLES] = "samples",
	[TOP_MEMORY] = "memory",
	[TOP_GPU] = "gpu",
	[TOP_ASYNC] = "async_profile",
	[TOP_FILES] = "files",
	[TOP_STACKS] = "stacks",
};

/* Returns how many members are known ones. */
static unsigned
find_members(const char *text, size_t len, struct json_span members[TOP_COUNT], bool *ret_empty)
{
	struct json_span key, value;
	size_t cursor = 0;
	unsigned known = 0;

	*ret_empty = true;
	while (json_next_member(text, len, &cursor, &key, &value)) {
		*ret_empty = false;
		for (unsigned i = 0; i < TOP_COUNT; i++) {
			if (!span_key_is(key, top_keys[i]))
				continue;
			members[i] = value;
			known++;
		}
	}
	return known;
}

static void
read_head(struct profile *p, const struct json_span members[TOP_COUNT])
{
	double alloc_samples = 0;

	p->program = span_text(members[TOP_PROGRAM], PROFILE_PATH_BYTES, &p->arena);
	p->directory = span_text(members[TOP_FILENAME], PROFILE_PATH_BYTES, &p->arena);
	if (p->directory.len == 0)
		p->directory = span_text(members[TOP_ENTRYPOINT_DIR], PROFILE_PATH_BYTES,
		    &p->arena);
	scalene_figure(p, members[TOP_ELAPSED], SECONDS_MAX, &p->elapsed_s);
	scalene_figure(p, members[TOP_START], 1e11, &p->start_time);
	scalene_figure(p, members[TOP_ALLOC_SAMPLES], 1e15, &alloc_samples);
	p->alloc_samples = (int64_t)alloc_samples;
	scalene_figure(p, members[TOP_PEAK], MEMORY_MAX_MB, &p->peak_mb);
	scalene_figure(p, members[TOP_PEAK_PYTHON], 1, &p->peak_python_fraction);
	scalene_figure(p, members[TOP_NATIVE], MEMORY_MAX_MB, &p->native_mb);
	p->has_gpu = span_true(members[TOP_GPU]);
	p->has_async = span_true(members[TOP_ASYNC]);
}

/* Percent of the allocated volume that was not freed; below 0 where more was freed than seen. */
static void
read_growth(struct profile *p, struct json_span value)
{
	double growth;

	if (!span_number(value, &growth))
		return;
	if (growth < -1e9 || growth > 1e9) {
		p->notes |= NOTE_NUMBERS;
		return;
	}
	p->growth_percent = growth;
}

/* [[ns since the start, MiB], ...] */
static enum err
read_timeline(struct profile *p, struct json_span array)
{
	struct json_span pair, at, memory;
	size_t cursor = 0;

	if (!span_is_array(array))
		return OK;
	while (p->timeline_count < PROFILE_TIMELINE_MAX
	    && json_next_element(array.at, array.len, &cursor, &pair)) {
		struct profile_point *point;
		size_t inner = 0;
		double at_ns, memory_mb;

		if (!span_is_array(pair) || !json_next_element(pair.at, pair.len, &inner, &at)
		    || !json_next_element(pair.at, pair.len, &inner, &memory)
		    || !scalene_figure(p, at, SECONDS_MAX * 1e9, &at_ns)
		    || !scalene_figure(p, memory, MEMORY_MAX_MB, &memory_mb))
			continue;
		point = profile_grow(&p->timeline, &p->timeline_count, sizeof(*point));
		if (point == NULL)
			return ERR_NO_MEMORY;
		*point = (struct profile_point){ at_ns / 1e9, memory_mb };
	}
	return OK;
}

static enum err
read_files(struct profile *p, struct json_span object, struct sample_times *times)
{
	struct json_span key, value;
	size_t cursor = 0;
	enum err e = OK;

	if (!span_is_object(object))
		return OK;
	while (e == OK && json_next_member(object.at, object.len, &cursor, &key, &value)) {
		if (p->file_count == PROFILE_FILES_MAX) {
			p->notes |= NOTE_FILES_CUT;
			return OK;
		}
		e = scalene_read_file(p, key, value, times);
	}
	return e;
}

static void
set_samples(struct profile *p, uint64_t in_stacks, struct sample_times *times)
{
	uint64_t distinct = sample_times_distinct(times);

	p->samples = in_stacks > distinct ? in_stacks : distinct;
	p->has_samples = p->samples > 0
	    || p->python_percent + p->native_percent + p->wait_percent <= 0;
	if (times->cut && distinct > in_stacks)
		p->notes |= NOTE_SAMPLES_CUT;
}

static enum err
read_body(struct profile *p, const struct json_span members[TOP_COUNT])
{
	struct sample_times times = { .at = NULL };
	uint64_t in_stacks = 0;
	enum err e;

	e = stacks_read(p, members[TOP_STACKS], &in_stacks);
	if (e == OK)
		e = read_files(p, members[TOP_FILES], &times);
	if (e == OK)
		set_samples(p, in_stacks, &times);
	sample_times_fini(&times);
	return e == OK ? read_timeline(p, members[TOP_SAMPLES]) : e;
}

/* Profiles of Scalene 1.5.16 may lack the key. */
static bool
memory_was_profiled(const struct profile *p, struct json_span member)
{
	return member.at != NULL ? span_true(member) : p->peak_mb > 0 || p->allocated_mb > 0;
}

static enum err
read_scanned(const char *text, size_t len, struct profile *p, const char **why)
{
	struct json_span members[TOP_COUNT] = { { NULL, 0 } };
	bool empty;
	enum err e;

	if (find_members(text, len, members, &empty) == 0 && !empty) {
		*why = "none of a profile's keys";
		return ERR_BAD_PROFILE;
	}
	read_head(p, members);
	read_growth(p, members[TOP_GROWTH]);
	e = read_body(p, members);
	if (e != OK || p->arena.failed) {
		*why = "out of memory";
		return ERR_NO_MEMORY;
	}
	p->has_memory = memory_was_profiled(p, members[TOP_MEMORY]);
	profile_name_files(p);
	return OK;
}

static size_t
first_byte(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r'))
		i++;
	return i;
}

static enum err
scan_and_read(const char *text, size_t len, struct profile *p, const char **why, size_t *offset)
{
	/* a value and its separator take two bytes at least */
	struct json_limits limits = { SCAN_DEPTH,
	    len / 2 < UINT_MAX ? (unsigned)(len / 2) + 1 : UINT_MAX };
	size_t first = first_byte(text, len);

	if (json_scan(text, len, &limits, offset, why) != OK)
		return ERR_BAD_PROFILE;
	*offset = first;
	if (text[first] != '{') {
		*why = "not a JSON object";
		return ERR_BAD_PROFILE;
	}
	return read_scanned(text + first, len - first, p, why);
}

enum err
scalene_read(const char *text, size_t len, struct profile *ret_profile, const char **ret_why,
    size_t *ret_offset)
{
	const char *why = "";
	size_t offset = 0;
	enum err e;

	profile_init(ret_profile);
	e = scan_and_read(text, len, ret_profile, &why, &offset);
	if (e == OK)
		return OK;
	profile_fini(ret_profile);
	if (ret_why != NULL)
		*ret_why = why;
	if (ret_offset != NULL)
		*ret_offset = offset;
	return e;
}
