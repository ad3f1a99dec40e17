#include "workers/profiler/classify.h"

#include <signal.h>
#include <string.h>

#include "workers/profiler/phrases.h"

static bool
is_cancelled(const struct ending *e)
{
	return e->stopped == STOP_CANCELLED;
}

static bool
is_timeout(const struct ending *e)
{
	return e->stopped == STOP_TIMEOUT;
}

static bool
is_oom(const struct ending *e)
{
	if (e->by_signal)
		return e->number == SIGKILL && !e->killed && e->kernel_oom;
	return e->number != 0 && e->memory_limited && e->memory_error;
}

static bool
is_signal(const struct ending *e)
{
	return e->by_signal && e->stopped == STOP_NONE;
}

static bool
is_scalene_error(const struct ending *e)
{
	return e->profile != PROFILE_WHOLE && e->phrases >> PHRASE_FIRST_FAILURE != 0;
}

static bool
is_nonzero_exit(const struct ending *e)
{
	return !e->by_signal && e->number != 0 && e->stopped == STOP_NONE;
}

static bool
is_ok(const struct ending *e)
{
	(void)e;
	return true;
}

/* In order of precedence. */
static const struct {
	const char *word;
	bool (*holds)(const struct ending *e);
} outcomes[] = {
	{ "cancelled", is_cancelled },
	{ "timeout", is_timeout },
	{ "oom", is_oom },
	{ "signal", is_signal },
	{ "scalene_error", is_scalene_error },
	{ "nonzero_exit", is_nonzero_exit },
	{ "ok", is_ok },
};
#define OUTCOMES (sizeof outcomes / sizeof *outcomes)

const char *
classify_outcome(const struct ending *ending)
{
	size_t i = 0;

	while (!outcomes[i].holds(ending))
		i++;
	return outcomes[i].word;
}

bool
classify_is_outcome(const char *word, size_t len)
{
	for (size_t i = 0; i < OUTCOMES; i++) {
		if (strlen(outcomes[i].word) == len && memcmp(outcomes[i].word, word, len) == 0)
			return true;
	}
	return false;
}

void
classify_unwrap(struct ending *ending)
{
	int number = 256 - ending->number;

	if (ending->by_signal || !phrase_seen(ending->phrases, PHRASE_WRAPPER_SIGNAL) ||
	    number < 1 ||
	    number >= NSIG)
		return;
	ending->by_signal = true;
	ending->number = number;
}

/* ---- warnings ---- */

static bool
stopped_without_profile(const struct ending *e)
{
	return e->stopped != STOP_NONE && e->profile != PROFILE_WHOLE;
}

static bool
lost_to_signal(const struct ending *e)
{
	return is_signal(e) && e->profile != PROFILE_WHOLE;
}

static bool
silent_loss(const struct ending *e)
{
	return strcmp(classify_outcome(e), "ok") == 0 && e->stopped == STOP_NONE &&
	    e->profile == PROFILE_MISSING;
}

static bool
too_short(const struct ending *e)
{
	return e->profile != PROFILE_WHOLE &&
	    (e->profile == PROFILE_EMPTY || phrase_seen(e->phrases, PHRASE_TOO_SHORT));
}

static bool
uses_timer(const struct ending *e)
{
	return phrase_seen(e->phrases, PHRASE_TIMER_SIGNAL);
}

static bool
left_children(const struct ending *e)
{
	return e->left_running > 0 && e->stopped == STOP_NONE;
}

static bool
has_survivors(const struct ending *e)
{
	return e->survivors;
}

static bool
truncated(const struct ending *e)
{
	return e->profile == PROFILE_TRUNCATED;
}

static bool
too_large(const struct ending *e)
{
	return e->profile == PROFILE_TOO_LARGE;
}

static const struct {
	bool (*holds)(const struct ending *e);
	const char *text;
} warnings[] = {
	{ stopped_without_profile, "the program was stopped before Scalene could write a profile" },
	{ lost_to_signal, "a program that dies of a signal leaves no profile" },
	{ is_oom, "the program ran out of memory: raise max_memory_mb or give it less to do" },
	{ too_short,
	    "Scalene took no sample in the program's own files: it ended too soon, slept, or spent "
	    "its time in "
	    "libraries (see profile_all) or other threads" },
	{ silent_loss, "the program ended well but Scalene wrote no profile" },
	{ truncated,
	    "Scalene's profile is cut off: a file size limit, a full disk, or the program wrote "
	    "into it" },
	{ too_large, "Scalene's profile is larger than 512 MiB and was not taken" },
	{ uses_timer,
	    "the program uses SIGALRM, with which Scalene samples: its timers may fire wrongly; "
	    "try use_virtual_time" },
	{ left_children,
	    "processes that the program had started were still running when it ended, and were "
	    "stopped" },
	{ has_survivors,
	    "some of the program's processes could not be stopped: they hang in the kernel" },
};

unsigned
classify_warnings(const struct ending *ending, const char *ret_texts[WARNINGS_MAX])
{
	unsigned count = 0;

	if (is_scalene_error(ending)) {
		for (int p = PHRASE_FIRST_FAILURE; p < PHRASE_COUNT && count < WARNINGS_MAX; p++) {
			if (phrase_seen(ending->phrases, (enum phrase)p))
				ret_texts[count++] = phrase_reason((enum phrase)p);
		}
	}
	for (size_t i = 0; i < sizeof warnings / sizeof *warnings && count < WARNINGS_MAX; i++) {
		if (warnings[i].holds(ending))
			ret_texts[count++] = warnings[i].text;
	}
	return count;
}
