#include "workers/analyzer/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "workers/analyzer/samples.h"

#define MORE_MAX 20u
#define MORE_BYTES 1000u

static const struct { uint32_t note; const char *text; } note_texts[] = {
	{ NOTE_NUMBERS, "some figures were out of range and were clamped or left out" },
	{ NOTE_FILES_CUT, "more files than are read; the rest is left out" },
	{ NOTE_LINES_CUT, "more lines than are kept; the least busy are left out" },
	{ NOTE_FUNCTIONS_CUT, "more functions than are kept; the least busy are left out" },
	{ NOTE_STACKS_CUT, "only the most frequent call stacks are kept" },
	{ NOTE_LEAKS_CUT, "more leaks than are kept" },
	{ NOTE_SAMPLES_CUT, "there are more samples than were counted" },
	{ NOTE_ROWS_CUT, "of lines without figures not all source text is kept" },
	{ NOTE_FUNCTIONS_INFERRED,
	  "this Scalene version says not where functions end; that is taken from the indentation" },
};

struct list {
	struct value_writer *w;
	uint32_t count;
};

static void add(struct list *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
add(struct list *l, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	value_string(l->w, text);
	l->count++;
}

static double
covered_percent(const struct profile *p)
{
	return p->python_percent + p->native_percent + p->wait_percent;
}

static void
about_samples(struct list *l, const struct profile *p)
{
	if (p->line_count == 0)
		add(l, "Scalene saw no sample in the program's own files: it ran too short a time, "
		    "or spent it in libraries (profile_all shows them) or in threads");
	else if (!p->has_samples)
		add(l, "this profile has no sample counts, so its uncertainty is unknown");
	else if (p->samples < SAMPLES_FEW && covered_percent(p) > 0)
		add(l, "too few samples (%llu) for firm percentages: run longer, or on more data",
		    (unsigned long long)p->samples);
}

static void
about_coverage(struct list *l, const struct profile *p)
{
	double covered = covered_percent(p);

	if (covered > 0 && covered < WARN_COVERED_PERCENT)
		add(l, "these files hold only %.0f %% of the samples; profile_all shows the rest",
		    covered);
}

static struct text
skip_blanks(struct text t)
{
	while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t')) {
		t.at++;
		t.len--;
	}
	return t;
}

static bool
starts_with(struct text t, const char *at, size_t len)
{
	return t.len >= len && memcmp(t.at, at, len) == 0;
}

bool
source_grows_value(struct text line)
{
	struct text rest = skip_blanks(line);
	const char *name = rest.at;
	size_t len = 0;

	while (len < rest.len && strchr(" \t=+(#\"'", rest.at[len]) == NULL)
		len++;
	if (len == 0)
		return false;
	rest = skip_blanks((struct text){ rest.at + len, rest.len - len });
	if (starts_with(rest, "+=", 2))
		return true;
	if (!starts_with(rest, "=", 1))
		return false;
	rest = skip_blanks((struct text){ rest.at + 1, rest.len - 1 });
	if (!starts_with(rest, name, len))
		return false;
	return starts_with(skip_blanks((struct text){ rest.at + len, rest.len - len }), "+", 1);
}

/* The line with the most CPU time that grows a value, or NULL. */
static const struct profile_line *
growing_line(const struct profile *p)
{
	const struct profile_line *found = NULL;

	for (uint32_t i = 0; i < p->line_count; i++) {
		const struct profile_line *l = &p->lines[i];
		double cpu = metric_cpu(l->metric);

		if (cpu < WARN_GROWING_PERCENT || l->metric[METRIC_PYTHON] > cpu / 2
		    || !source_grows_value(l->source))
			continue;
		if (found == NULL || cpu > metric_cpu(found->metric))
			found = l;
	}
	return found;
}

static bool
is_churn(const struct profile *p)
{
	return p->allocated_mb >= WARN_CHURN_MB
	    && p->allocated_mb >= WARN_CHURN_RATIO * p->peak_mb;
}

bool
warnings_distorted(const struct profile *p)
{
	return p->has_memory && (growing_line(p) != NULL || p->copy_peak_mb_s >= WARN_COPY_MB_S
	    || is_churn(p));
}

static void
about_copies(struct list *l, const struct profile *p)
{
	static const char advice[] =
	    "CPU figures may be distorted, compare with a run with memory false";
	const struct profile_line *growing = growing_line(p);

	if (growing != NULL)
		add(l, "under memory profiling line %u of %.*s copies its value as it grows: %s",
		    growing->number, (int)text_prefix(p->files[growing->file].name, 200),
		    p->files[growing->file].name.at, advice);
	else if (p->copy_peak_mb_s >= WARN_COPY_MB_S)
		add(l, "under memory profiling %.0f MiB/s were copied on one line: %s",
		    p->copy_peak_mb_s, advice);
	else if (is_churn(p))
		add(l, "with memory on more was allocated (%.0f MiB) than held (%.0f MiB): %s",
		    p->allocated_mb, p->peak_mb, advice);
}

static void
about_memory(struct list *l, const struct profile *p, unsigned topics)
{
	if (!p->has_memory && topics & (WARN_MEMORY | WARN_LEAKS))
		add(l, "memory was not profiled: profile with memory true");
	if (!p->has_memory)
		return;
	if (topics & WARN_CPU)
		about_copies(l, p);
	if (topics & WARN_MEMORY && is_churn(p))
		add(l, "far more was allocated than held: Scalene itself then keeps memory, so "
		    "peak_memory_mb may be too high");
	if (topics & WARN_LEAKS && p->leak_count > 0)
		add(l,
		    "leaks are hints; Scalene's velocity_mb_s is usually far below the true rate");
}

static void
about_notes(struct list *l, const struct profile *p)
{
	for (size_t i = 0; i < sizeof(note_texts) / sizeof(note_texts[0]); i++)
		if (p->notes & note_texts[i].note)
			add(l, "%s", note_texts[i].text);
}

static void
add_more(struct list *l, const msgpack_object *more)
{
	if (more == NULL || more->type != MSGPACK_OBJECT_ARRAY)
		return;
	for (uint32_t i = 0; i < more->via.array.size && i < MORE_MAX; i++) {
		struct text t = value_as_text(&more->via.array.ptr[i]);

		if (t.at == NULL)
			continue;
		t.len = text_prefix(t, MORE_BYTES);
		value_text(l->w, t);
		l->count++;
	}
}

void
warnings_write(struct value_writer *w, const struct profile *p, unsigned topics,
    const char *first, const msgpack_object *more)
{
	struct list l = { .w = w };
	size_t opened = value_open_array(w);

	if (first != NULL)
		add(&l, "%s", first);
	if (p->line_count == 0 || topics & WARN_CPU)
		about_samples(&l, p);
	if (topics & WARN_CPU)
		about_coverage(&l, p);
	about_memory(&l, p, topics);
	about_notes(&l, p);
	add_more(&l, more);
	value_close_array(w, opened, l.count);
}
