#include "tests/runtime/turn.h"

#include <fcntl.h>
#include <regex.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "workers/runtime/log.h"

#define HEAD "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "

static struct {
	int reads, writes, before;
	char said[8192];
} pen;

/* Standard error goes into a pipe until heard() reads it. */
static void
listen_to_log(int flags)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | flags), 0);
	pen.reads = ends[0];
	pen.writes = ends[1];
	pen.before = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
}

static const char *
heard(void)
{
	size_t len = 0;
	ssize_t n;

	dup2(pen.before, STDERR_FILENO);
	close(pen.before);
	close(pen.writes);
	while ((n = read(pen.reads, pen.said + len, sizeof(pen.said) - 1 - len)) > 0)
		len += (size_t)n;
	pen.said[len] = 0;
	close(pen.reads);
	return pen.said;
}

static void
assert_matches(const char *text, const char *pattern)
{
	regex_t compiled;

	assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&compiled, text, 0, NULL, 0) != 0)
		fail_msg("'%s' does not match %s", text, pattern);
	regfree(&compiled);
}

static void
until_it_knows_who_it_is_lines_carry_a_question_mark(void **state)
{
	(void)state;
	listen_to_log(0);
	log_line(LOG_INFO, "hello %d", 7);
	assert_matches(heard(), HEAD "info \\? hello 7\n$");
}

static void
a_line_says_when_how_bad_who_and_what(void **state)
{
	static const struct {
		enum severity severity;
		const char *word;
	} rows[] = { { LOG_INFO, "info" }, { LOG_WARN, "warn" }, { LOG_ERROR, "error" } };
	char pattern[128];

	(void)state;
	log_identify(ROLE_PROFILER, 2, 41);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		listen_to_log(0);
		log_line(rows[i].severity, "job=%s done", "X");
		snprintf(pattern, sizeof(pattern), HEAD "%s profiler\\.2/41 job=X done\n$",
		    rows[i].word);
		assert_matches(heard(), pattern);
	}
}

static void
what_is_below_the_threshold_is_dropped(void **state)
{
	(void)state;
	listen_to_log(0);
	log_line(LOG_DEBUG, "by default not");
	log_threshold(LOG_ERROR);
	log_line(LOG_WARN, "nor this");
	log_threshold(LOG_DEBUG);
	log_line(LOG_DEBUG, "but this");
	log_threshold(LOG_INFO);
	assert_matches(heard(), HEAD "debug [^\n]* but this\n$");
}

static void
nothing_in_a_text_can_forge_a_line(void **state)
{
	static const struct {
		const char *text, *written;
	} rows[] = {
		{ "a\n2026-01-01T00:00:00.000Z error store.0/1 forged",
		    "a 2026-01-01T00:00:00.000Z error "
		                                                         "store.0/1 forged" },
		{ "a\r\nb", "a  b" },
		{ "\x1b[2Jcleared", " [2Jcleared" },
		{ "tab\tbell\adel\x7f", "tab bell del " },
		{ "\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d",
		    "\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d" },
		{ "next\xc2\x85line", "next  line" },
		{ "csi\xc2\x9b""2J", "csi  2J" },
		{ "bad \xff\xfe byte", "bad ?? byte" },
		{ "cut \xe2\x82", "cut ??" },
		{ "overlong \xc0\x8a", "overlong ??" },
		{ "surrogate \xed\xa0\x80", "surrogate ???" },
		{ "\x85 alone", "? alone" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *line;

		listen_to_log(0);
		log_line(LOG_WARN, "%s", rows[i].text);
		line = heard();
		assert_non_null(strstr(line, "profiler.2/41 "));
		line = strstr(line, "profiler.2/41 ") + strlen("profiler.2/41 ");
		assert_int_equal(strlen(line), strlen(rows[i].written) + 1);
		assert_memory_equal(line, rows[i].written, strlen(rows[i].written));
		assert_int_equal(line[strlen(line) - 1], '\n');
	}
}

static void
a_long_text_is_cut_between_characters(void **state)
{
	char text[6001];

	(void)state;
	for (int shift = 0; shift < 3; shift++) {
		const char *line;
		size_t len;

		memset(text, 'x', (size_t)shift);
		for (size_t at = (size_t)shift; at + 3 < sizeof(text); at += 3)
			memcpy(text + at, "\xe2\x82\xac", 4);
		listen_to_log(0);
		log_line(LOG_WARN, "%s", text);
		line = heard();
		len = strlen(line);
		assert_in_range(len, 1000, 3000);
		assert_int_equal(line[len - 1], '\n');
		assert_null(memchr(line, '\n', len - 1));
		assert_memory_equal(line + len - 4, "\xe2\x82\xac", 3);
	}
}

static void
a_reader_that_pauses_holds_nothing_up_and_hears_what_it_missed(void **state)
{
	static char rubbish[1 << 20];
	ssize_t filled;

	(void)state;
	listen_to_log(O_NONBLOCK);
	memset(rubbish, 'r', sizeof(rubbish));
	filled = write(pen.writes, rubbish, sizeof(rubbish));
	assert_true(filled > 0);
	while (write(pen.writes, rubbish, 1) == 1)
		filled++;
	fcntl(pen.writes, F_SETFL, 0);   /* blocking from here on, as a real standard error is */
	log_line(LOG_INFO, "lost one");
	log_line(LOG_INFO, "lost two");
	for (ssize_t left = filled; left > 0;)
		left -= read(pen.reads, rubbish, left < (ssize_t)sizeof(rubbish)
		    ? (size_t)left : sizeof(rubbish));
	log_line(LOG_INFO, "back");
	assert_matches(heard(), HEAD "info profiler\\.2/41 \\(2 lines lost before this\\) back\n$");
}

static void
severities_have_names(void **state)
{
	static const struct {
		const char *word;
		int severity;
	} rows[] = { { "debug", LOG_DEBUG }, { "info", LOG_INFO }, { "warn", LOG_WARN }, { "error",
	    LOG_ERROR },
		{ "panic", -1 }, { "INFO", -1 }, { "", -1 }, { "warning", -1 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(log_severity_by_name(rows[i].word), rows[i].severity);
}

static void
a_panic_is_written_and_ends_the_process(void **state)
{
	pid_t child;

	(void)state;
	listen_to_log(0);
	child = fork();
	if (child == 0)
		log_panic("table %s\nis wrong", "X");
	assert_int_equal(reap(child), EXIT_CODE_INTERNAL);
	assert_matches(heard(), HEAD "panic profiler\\.2/41 table X is wrong\n$");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(until_it_knows_who_it_is_lines_carry_a_question_mark),
		cmocka_unit_test(a_line_says_when_how_bad_who_and_what),
		cmocka_unit_test(what_is_below_the_threshold_is_dropped),
		cmocka_unit_test(nothing_in_a_text_can_forge_a_line),
		cmocka_unit_test(a_long_text_is_cut_between_characters),
		cmocka_unit_test(a_reader_that_pauses_holds_nothing_up_and_hears_what_it_missed),
		cmocka_unit_test(severities_have_names),
		cmocka_unit_test(a_panic_is_written_and_ends_the_process),
	};

	return cmocka_run_group_tests_name("runtime_log", tests, NULL, NULL);
}
