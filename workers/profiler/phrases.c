#include "workers/profiler/phrases.h"

#include <string.h>

/* A phrase stands at the start of a line. A newline may stand only at its very beginning: the empty
 * line that Scalene puts before it. drop: lines left out, its own included; 0 keeps it. */
static const struct {
	const char *text;
	enum phrase phrase;
	unsigned drop;
} texts[] = {
	{ "\nScalene: profile saved to ", PHRASE_SAVED, 1 },
	{ "Scalene: profile saved to ", PHRASE_SAVED, 1 },
	{ "  To view in browser:  scalene view", PHRASE_NOISE, 1 },
	{ "  To view in terminal: scalene view --cli", PHRASE_NOISE, 1 },
	{ "Scalene: The specified code did not run for long enough", PHRASE_TOO_SHORT, 1 },
	{ "Scalene: Program did not run for long enough to profile.", PHRASE_TOO_SHORT, 1 },
	{ "By default, Scalene only profiles code in the file executed", PHRASE_NOISE, 1 },
	{ "To track the time spent in all files, use the `--profile-all`", PHRASE_NOISE, 1 },
	{ "Scalene execution interrupted.", PHRASE_INTERRUPTED, 1 },
	{ "Error in program being profiled:", PHRASE_RAISED, 2 },
	{ "WARNING: Scalene uses ", PHRASE_TIMER_SIGNAL, 3 },
	{ "Scalene error: received signal ", PHRASE_WRAPPER_SIGNAL, 1 },
	{ "Scalene now profiling process ", PHRASE_NOISE, 3 },
	{ "Scalene failed to initialize.", PHRASE_INITIALIZE, 0 },
	{ "Scalene: An exception of type ", PHRASE_EXCEPTION, 0 },
	{ "Scalene: could not find input file", PHRASE_NO_INPUT, 0 },
	{ "Scalene: no input file specified", PHRASE_NO_INPUT, 0 },
	{ "Scalene: Failed to initialize memory profiling", PHRASE_MEMORY_PROFILING, 0 },
	{ "Scalene: internal error = ", PHRASE_INTERNAL, 0 },
	{ "ERROR: Calling Scalene main function failed", PHRASE_INTERNAL, 0 },
	{ "Scalene: outfile ", PHRASE_OPTIONS, 0 },
	{ "Scalene: error: ", PHRASE_OPTIONS, 0 },
};
#define TEXTS (sizeof texts / sizeof *texts)

static const char *const reasons[PHRASE_COUNT] = {
	[PHRASE_INITIALIZE] =
	    "Scalene could not start the program: see stderr_tail; for a module, check its name "
	    "and `cwd`",
	[PHRASE_EXCEPTION] =
	    "Scalene failed with an exception of its own and wrote no profile: see stderr_tail",
	[PHRASE_NO_INPUT] = "Scalene could not open the program",
	[PHRASE_MEMORY_PROFILING] =
	    "Scalene could not set up memory profiling: it needs about 1.1 GiB of address "
	    "space and a writable /tmp; try `memory` false",
	[PHRASE_INTERNAL] =
	    "Scalene stopped with an internal error: see stderr_tail; try `memory` false",
	[PHRASE_OPTIONS] = "this Scalene refused its options: see stderr_tail",
};

const char *
phrase_reason(enum phrase phrase)
{
	return phrase < PHRASE_COUNT ? reasons[phrase] : NULL;
}

enum match { MATCH_NONE, MATCH_BEGINNING, MATCH_WHOLE };

static enum match
look_up(const char *held, size_t len, size_t *ret_index)
{
	enum match best = MATCH_NONE;

	for (size_t i = 0; i < TEXTS; i++) {
		if (strncmp(texts[i].text, held, len) != 0)
			continue;
		if (texts[i].text[len] == '\0') {
			*ret_index = i;
			return MATCH_WHOLE;
		}
		best = MATCH_BEGINNING;
	}
	return best;
}

/* Gives back everything held; what stands behind a leading newline is held anew by the caller. */
static size_t
release(struct phrase_filter *f, char *out)
{
	size_t n = f->held_len;

	memcpy(out, f->held, n);
	f->inside_line = n > 0 && f->held[n - 1] != '\n';
	f->held_len = 0;
	return n;
}

static size_t hold(struct phrase_filter *f, char c, char *out);

static size_t
release_mismatch(struct phrase_filter *f, char *out)
{
	char again[PHRASE_MAX];
	size_t n = f->held_len, written = 1;

	if (n < 2 || f->held[0] != '\n')
		return release(f, out);
	memcpy(again, f->held, n);
	out[0] = '\n';
	f->held_len = 0;
	for (size_t i = 1; i < n; i++) {
		if (f->inside_line) {
			out[written++] = again[i];
			f->inside_line = again[i] != '\n';
		} else
			written += hold(f, again[i], out + written);
	}
	return written;
}

static size_t
hold(struct phrase_filter *f, char c, char *out)
{
	size_t index = 0;

	f->held[f->held_len++] = c;
	switch (look_up(f->held, f->held_len, &index)) {
	case MATCH_BEGINNING:
		return 0;
	case MATCH_NONE:
		return release_mismatch(f, out);
	case MATCH_WHOLE:
		break;
	}
	f->seen |= 1u << texts[index].phrase;
	f->drop_lines = texts[index].drop;
	if (f->drop_lines == 0)
		return release(f, out);
	f->held_len = 0;
	return 0;
}

size_t
phrase_filter_feed(struct phrase_filter *f, const char *in, size_t len, char *out)
{
	size_t used = 0, written = 0;

	while (used < len) {
		if (!f->inside_line && f->drop_lines == 0) {
			written += hold(f, in[used++], out + written);
			continue;
		}
		const char *newline = memchr(in + used, '\n', len - used);
		size_t n = newline != NULL ? (size_t)(newline - in) + 1 - used : len - used;
		if (f->drop_lines > 0) {
			f->drop_lines -= newline != NULL;
		} else {
			memcpy(out + written, in + used, n);
			written += n;
			f->inside_line = newline == NULL;
		}
		used += n;
	}
	return written;
}

size_t
phrase_filter_end(struct phrase_filter *f, char *out)
{
	return release(f, out);
}
