/* Outcomes and warnings from what Scalene and programs really write. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "workers/profiler/classify.h"
#include "workers/profiler/phrases.h"

#define SAVED \
	"\nScalene: profile saved to /j/profile.json\n" \
	"  To view in browser:  scalene view /j/profile.json\n" \
	"  To view in terminal: scalene view --cli /j/profile.json\n"
#define TOO_SHORT \
	"Scalene: The specified code did not run for long enough to profile.\n" \
	"By default, Scalene only profiles code in the file executed and its subdirectories.\n" \
	"To track the time spent in all files, use the `--profile-all` option.\n"
#define RAISED "Error in program being profiled:\n division by zero\n"
#define TRACE \
	"Traceback (most recent call last):\n  File \"s.py\", line 1, in <module>\n" \
	"ZeroDivisionError: division by zero\n"
#define BAD_MODULE \
	"Scalene failed to initialize.\nTraceback (most recent call last):\n" \
	"ImportError: No module named nosuch\n"

static const struct {
	const char *name;
	const char *text;            /* of standard error */
	const char *left;            /* what the program is seen to have written */
	struct ending ending;        /* phrases are taken from the text */
	const char *outcome;
	const char *warning;         /* part of one; NULL: none at all */
} cases[] = {
	{ "normal", "hello\n" SAVED, "hello\n", { .profile = PROFILE_WHOLE }, "ok", NULL },
	{ "raises", RAISED TRACE SAVED, TRACE, { .number = 1, .profile = PROFILE_WHOLE },
	    "nonzero_exit", NULL },
	{ "exit 3", SAVED, "", { .number = 3, .profile = PROFILE_WHOLE }, "nonzero_exit", NULL },
	{ "too short", TOO_SHORT, "", { .profile = PROFILE_EMPTY }, "ok", "no sample" },
	{ "segfault", "", "", { .by_signal = true, .number = SIGSEGV }, "signal", "dies of a signal"
	    },
	{ "segfault below the wrapper", "Scalene error: received signal SIGSEGV\n", "",
	    { .number = 245 }, "signal",
	    "dies of a signal" },
	{ "a program that only says so", "Scalene error: received signal SIGSEGV\n", "",
	    { .number = 1, .profile = PROFILE_WHOLE }, "nonzero_exit", NULL },
	{ "no such module", BAD_MODULE, BAD_MODULE, { .number = 0 }, "scalene_error",
	    "could not start the program" },
	{ "memory setup", "Scalene: Failed to initialize memory profiling: x\n",
	    "Scalene: Failed to initialize memory profiling: x\n",
	    { .number = 1, .memory_mode = true },
	    "scalene_error", "1.1 GiB" },
	{ "abort in libscalene", "Scalene: internal error = 30 (samplefile.hpp:45)\n",
	    "Scalene: internal error = 30 (samplefile.hpp:45)\n",
	    { .by_signal = true, .number = SIGABRT }, "signal",
	    "internal error" },
	{ "a phrase, but a profile", BAD_MODULE SAVED, BAD_MODULE, { .profile = PROFILE_WHOLE },
	    "ok", NULL },
	{ "syntax error", "SyntaxError: invalid syntax\n", "SyntaxError: invalid syntax\n",
	    { .number = 1 },
	    "nonzero_exit", NULL },
	{ "silent loss", "", "", { .number = 0 }, "ok", "wrote no profile" },
	{ "truncated", "", "", { .profile = PROFILE_TRUNCATED }, "ok", "cut off" },
	{ "timeout with profile", "Scalene execution interrupted.\n" SAVED, "",
	    { .stopped = STOP_TIMEOUT, .profile = PROFILE_WHOLE }, "timeout", NULL },
	{ "timeout without", "", "", { .stopped = STOP_TIMEOUT, .killed = true, .by_signal = true,
	    .number = SIGKILL },
	    "timeout", "before Scalene could write" },
	{ "duration", "", "", { .stopped = STOP_DURATION, .number = 143, .profile = PROFILE_WHOLE },
	    "ok", NULL },
	{ "cancelled", "", "", { .stopped = STOP_CANCELLED, .number = 143, .profile =
	    PROFILE_WHOLE }, "cancelled", NULL },
	{ "killed by the kernel", "", "", { .by_signal = true, .number = SIGKILL, .kernel_oom =
	    true }, "oom",
	    "out of memory" },
	{ "killed by somebody", "", "", { .by_signal = true, .number = SIGKILL }, "signal",
	    "dies of a signal" },
	{ "limit", "", "", { .number = 1, .memory_limited = true, .memory_error = true, .profile =
	    PROFILE_WHOLE }, "oom",
	    "out of memory" },
	{ "MemoryError without limit", "", "", { .number = 1, .memory_error = true, .profile =
	    PROFILE_WHOLE },
	    "nonzero_exit", NULL },
	{ "left a child", "", "", { .profile = PROFILE_WHOLE, .left_running = 1 }, "ok",
	    "still running" },
	{ "timers",
	    "WARNING: Scalene uses Alarm clock to profile.\nIf your code raises Alarm clock from "
	    "non-Python code, "
	    "use SIGUSR1.\nCode that raises signals from within Python code will be "
	    "rerouted.\nmine\n",
	    "mine\n", { .profile = PROFILE_WHOLE }, "ok", "SIGALRM" },
	{ "empty lines stay", "a\n\n\nb\n\n" SAVED "\n", "a\n\n\nb\n\n\n",
	    { .profile = PROFILE_WHOLE }, "ok", NULL },
	{ "not at a line's start", "x Scalene: profile saved to y\n",
	    "x Scalene: profile saved to y\n",
	    { .profile = PROFILE_WHOLE }, "ok", NULL },
	{ "half a phrase", "Scalene: profile sa", "Scalene: profile sa",
	    { .profile = PROFILE_WHOLE }, "ok", NULL },
};

/* Fed in pieces of `piece` bytes. */
static uint32_t
filter(const char *text, size_t piece, char *ret_left)
{
	struct phrase_filter f = { 0 };
	size_t len = strlen(text), left = 0;

	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		left += phrase_filter_feed(&f, text + at, n, ret_left + left);
	}
	left += phrase_filter_end(&f, ret_left + left);
	ret_left[left] = '\0';
	return f.seen;
}

static void
outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char left[2048];
		const char *texts[WARNINGS_MAX];
		struct ending e = cases[i].ending;
		e.phrases = filter(cases[i].text, strlen(cases[i].text) + 1, left);
		classify_unwrap(&e);
		if (strcmp(classify_outcome(&e), cases[i].outcome) != 0)
			fail_msg("%s: %s", cases[i].name, classify_outcome(&e));
		unsigned count = classify_warnings(&e, texts), found = 0;
		for (unsigned w = 0; w < count; w++)
			found += cases[i].warning != NULL &&
			    strstr(texts[w], cases[i].warning) != NULL;
		if (cases[i].warning == NULL ? count != 0 : found != 1)
			fail_msg("%s: %u warnings, %s", cases[i].name, count, count > 0 ? texts[0]
			    : "");
		assert_true(classify_is_outcome(cases[i].outcome, strlen(cases[i].outcome)));
	}
	assert_false(classify_is_outcome("lost", 4));
	assert_false(classify_is_outcome("okay", 4));
}

static void
filter_in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char whole[2048], left[2048];
		uint32_t seen = filter(cases[i].text, 4096, whole);
		for (size_t piece = 1; piece < 40; piece++) {
			assert_int_equal(filter(cases[i].text, piece, left), seen);
			if (strcmp(left, cases[i].left) != 0)
				fail_msg("%s in pieces of %zu: %s", cases[i].name, piece, left);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(filter_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
