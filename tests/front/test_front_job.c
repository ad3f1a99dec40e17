#include "tests/front/front_host.h"

#include "workers/front/job.h"
#include "workers/front/requests.h"
#include "workers/runtime/log.h"

#define STORE (&host.store)
#define ANALYZER (&host.analyzer)
#define PROFILER (&host.profilers[0])

/* A watcher and what it heard. */
struct watcher {
	struct job_watch watch;
	unsigned ended, progress, output;
	enum err failure;            /* OK: the store knows how it ended */
	char hint[512];
};

static struct watcher watchers[2];

static void
on_ended(void *arg, const struct reply *failure)
{
	struct watcher *w = arg;

	w->ended++;
	w->failure = failure == NULL ? OK : failure->error;
	if (failure != NULL && failure->hint.at != NULL)
		text_copy(failure->hint, w->hint, sizeof(w->hint));
	loop_stop(host.front.loop);
}

static void
on_progress(void *arg, const struct body_progress *progress)
{
	(void)progress;
	((struct watcher *)arg)->progress++;
	loop_stop(host.front.loop);
}

static void
on_output(void *arg, const struct body_output *output)
{
	(void)output;
	((struct watcher *)arg)->output++;
	loop_stop(host.front.loop);
}

static void
watch(struct job *job, unsigned number)
{
	struct watcher *w = &watchers[number];

	w->watch = (struct job_watch){ .ended = on_ended, .progress = on_progress,
	    .output = on_output, .arg = w };
	job_watch(job, &w->watch);
}

static int
open_host(void **state)
{
	memset(watchers, 0, sizeof(watchers));
	log_threshold(LOG_PANIC);
	if (host_open_up(state) != 0)
		return 1;
	STORE->automatic[MSG_JOB_MARK] = true;
	return 0;
}

static enum err
try_start(const char *id, const char *arguments, struct job **ret_job)
{
	const struct tool *tool = tool_named("profile_code");
	struct value_writer w;
	struct value encoded = arguments_from_json(&w, tool, arguments);
	enum err e = jobs_start(host.front.jobs, tool, id, encoded, ret_job);

	value_writer_fini(&w);
	return e;
}

static struct job *
start(void)
{
	struct job *job;

	assert_int_equal(try_start(A_ULID, "{\"code\":\"pass\"}", &job), OK);
	watch(job, 0);
	return job;
}

static void
answer_next(struct double_worker *d, enum msg_type type)
{
	double_answer(d, double_expect(d, type));
}

/* Up to the run: the job is written down. */
static const struct seen *
start_and_run(struct job **ret_job)
{
	*ret_job = start();
	answer_next(STORE, MSG_JOB_OPEN);
	return double_expect(PROFILER, MSG_PROFILE_RUN);
}

static void
expect_end(enum err failure)
{
	HOST_UNTIL(watchers[0].ended > 0);
	assert_int_equal(watchers[0].ended, 1);
	if (watchers[0].failure != failure)
		fail_msg("%s instead of %s", err_info(watchers[0].failure)->name,
		    err_info(failure)->name);
	assert_null(watchers[0].watch.job);
}

/* The job is closed with an outcome, or with an error when outcome is NULL. */
static void
expect_close(const char *outcome, enum err code)
{
	const struct seen *s = double_expect(STORE, MSG_JOB_CLOSE);
	struct body_job_close body;

	seen_decode(s, &body);
	assert_true(text_is(body.job_id, A_ULID));
	if (outcome == NULL)
		assert_null(body.outcome.at);
	else
		assert_true(text_is(body.outcome, outcome));
	if (body.error_code != (int64_t)code)
		fail_msg("closed with %s", err_info((enum err)body.error_code)->name);
	double_answer(STORE, s);
	expect_end(OK);
	assert_null(jobs_find(host.front.jobs, A_ULID));
	assert_true(jobs_idle(host.front.jobs));
}

/* From the answer to the run to the end of the route. */
static void
finish_route(void)
{
	answer_next(ANALYZER, MSG_PROFILE_READ);
	answer_next(STORE, MSG_PROFILE_SAVE);
	expect_end(OK);
	assert_null(jobs_find(host.front.jobs, A_ULID));
}

/* ---- the route ---- */

static void
a_job_is_written_down_run_read_and_saved(void **state)
{
	struct body_profile_save save;
	struct body_profile_run run;
	struct body_job_open open;
	struct body_job_mark mark;
	const struct seen *s;

	(void)state;
	start();
	s = double_expect(STORE, MSG_JOB_OPEN);
	seen_decode(s, &open);
	assert_true(text_is(open.job_id, A_ULID));
	assert_true(text_is(open.instance, A_ULID));
	assert_true(text_is(open.tool, "profile_code"));
	assert_int_equal(PROFILER->count, 0);    /* nothing runs before it is written */
	double_answer(STORE, s);
	s = double_expect(PROFILER, MSG_PROFILE_RUN);
	seen_decode(s, &run);
	assert_true(text_is(run.code, "pass"));
	assert_true(run.cpu && run.memory && !run.gpu);
	assert_null(run.script_path.at);
	assert_true(run.timeout != run.timeout);
	seen_decode(double_expect(STORE, MSG_JOB_MARK), &mark);
	assert_true(text_is(mark.state, "running"));
	double_answer(PROFILER, s);
	answer_next(ANALYZER, MSG_PROFILE_READ);
	s = double_expect(STORE, MSG_PROFILE_SAVE);
	seen_decode(s, &save);
	assert_true(text_is(save.job_id, A_ULID));
	assert_true(ulid_valid(save.profile_id.at, save.profile_id.len));
	assert_true(text_is(save.outcome, "ok"));
	assert_int_equal(save.profile.bytes.len, 2);
	assert_int_equal(save.model.bytes.len, 1);
	assert_int_equal(watchers[0].ended, 0);
	double_answer(STORE, s);
	expect_end(OK);
	assert_null(jobs_find(host.front.jobs, A_ULID));
	double_settle(PROFILER);
	assert_int_equal(PROFILER->acks, 1);
}

static void
a_job_that_goes_on_is_not_started_twice(void **state)
{
	struct job *job = start(), *again;

	(void)state;
	assert_int_equal(try_start(A_ULID, "{\"code\":\"other\"}", &again), OK);
	assert_ptr_equal(job, again);
	assert_ptr_equal(jobs_find(host.front.jobs, A_ULID), job);
	assert_string_equal(job_id(job), A_ULID);
	assert_null(jobs_find(host.front.jobs, ANOTHER_ULID));
	watch(job, 1);
	answer_next(STORE, MSG_JOB_OPEN);
	answer_next(PROFILER, MSG_PROFILE_RUN);
	finish_route();
	assert_int_equal(watchers[1].ended, 1);
	assert_int_equal(STORE->count, 3);       /* open, mark, save */
}

static void
what_cannot_be_written_down_is_not_run(void **state)
{
	(void)state;
	start();
	double_error(STORE, double_expect(STORE, MSG_JOB_OPEN), ERR_STORAGE_FULL, "full", NULL);
	expect_end(ERR_STORAGE_FULL);
	assert_null(jobs_find(host.front.jobs, A_ULID));
	double_settle(PROFILER);
	assert_int_equal(PROFILER->count, 0);
}

static void
progress_and_output_reach_all_who_watch(void **state)
{
	struct job *job;
	const struct seen *s = start_and_run(&job);

	(void)state;
	watch(job, 1);
	double_progress(PROFILER, s, 1);
	double_output(PROFILER, s, "12345");
	HOST_UNTIL(watchers[0].output == 1);
	job_unwatch(&watchers[1].watch);
	job_unwatch(&watchers[1].watch);
	double_progress(PROFILER, s, 2);
	HOST_UNTIL(watchers[0].progress == 2);
	assert_int_equal(watchers[1].progress, 1);
	assert_int_equal(watchers[1].output, 1);
	HOST_UNTIL(PROFILER->taken == 5);        /* and nobody holds the program up */
	double_answer(PROFILER, s);
	finish_route();
	assert_int_equal(watchers[1].ended, 0);
}

/* ---- arguments over the limits of messages ---- */

static char *
large_arguments(const char *format, size_t len)
{
	char *filler = malloc(len + 1), *text = malloc(8 * len + 200);

	memset(filler, 'x', len);
	filler[len] = 0;
	sprintf(text, format, filler, filler, filler, filler, filler, filler, filler, filler);
	free(filler);
	return text;
}

static void
arguments_that_the_store_cannot_take_end_the_job_at_once(void **state)
{
	char *text =
	    large_arguments("{\"code\":\"pass\",\"script_args\":[\"%s\",\"%s\",\"%s\","
	    "\"%s\",\"%s\",\"%s\",\"%s\",\"%s\"]}", 30000);
	struct job *job;

	(void)state;
	assert_int_equal(try_start(A_ULID, text, &job), OK);
	watch(job, 0);
	expect_end(ERR_TOO_LARGE);
	double_settle(STORE);
	assert_int_equal(STORE->count, 0);
	free(text);
}

static void
arguments_that_the_profiler_cannot_take_close_the_job(void **state)
{
	char *text =
	    large_arguments("{\"code\":\"pass\",\"env\":{\"A\":\"%s\",\"B\":\"%s\",\"C\":\"%s\"}}",
	    30000);
	struct job *job;

	(void)state;
	assert_int_equal(try_start(A_ULID, text, &job), OK);
	watch(job, 0);
	answer_next(STORE, MSG_JOB_OPEN);
	expect_close(NULL, ERR_TOO_LARGE);
	free(text);
}

/* ---- runs that were started before ---- */

static void
what_the_store_knows_as_done_is_over(void **state)
{
	(void)state;
	start();
	double_opened(STORE, double_expect(STORE, MSG_JOB_OPEN), "done");
	expect_end(OK);
	assert_int_equal(PROFILER->count, 0);
}

static void
the_result_of_an_earlier_run_is_taken_up(void **state)
{
	static const char *const states[] = { "running", "ran", "never heard of" };

	(void)state;
	double_up(&host.profilers[1]);
	for (size_t i = 0; i < COUNT_OF(states); i++) {
		memset(watchers, 0, sizeof(watchers));
		start();
		double_opened(STORE, double_expect(STORE, MSG_JOB_OPEN), states[i]);
		double_error(PROFILER, double_expect(PROFILER, MSG_PROFILE_ATTACH), ERR_NOT_HERE,
		    NULL, NULL);
		answer_next(&host.profilers[1], MSG_PROFILE_ATTACH);
		finish_route();
	}
}

static void
a_job_that_was_never_started_runs(void **state)
{
	(void)state;
	start();
	double_opened(STORE, double_expect(STORE, MSG_JOB_OPEN), "running");
	double_error(PROFILER, double_expect(PROFILER, MSG_PROFILE_ATTACH), ERR_NOT_STARTED, NULL,
	    NULL);
	answer_next(PROFILER, MSG_PROFILE_RUN);
	finish_route();
}

static void
a_run_that_no_profiler_knows_is_lost(void **state)
{
	(void)state;
	double_up(&host.profilers[1]);
	start();
	double_opened(STORE, double_expect(STORE, MSG_JOB_OPEN), "running");
	for (unsigned i = 0; i < PROFILERS; i++)
		double_error(&host.profilers[i], double_expect(&host.profilers[i],
		    MSG_PROFILE_ATTACH), ERR_NOT_HERE, NULL,
		    NULL);
	expect_close("lost", OK);
}

static void
a_run_whose_profiler_dies_is_looked_for_and_then_lost(void **state)
{
	struct job *job;

	(void)state;
	start_and_run(&job);
	double_up(&host.profilers[1]);
	double_die(PROFILER);
	double_up(PROFILER);
	for (unsigned i = 0; i < PROFILERS; i++)
		double_error(&host.profilers[i], double_expect(&host.profilers[i],
		    MSG_PROFILE_ATTACH), ERR_NOT_HERE, NULL,
		    NULL);
	expect_close("lost", OK);
	for (unsigned i = 1; i < PROFILER->count; i++)
		assert_int_not_equal(PROFILER->seen[i].type, MSG_PROFILE_RUN);
}

static void
a_run_whose_profiler_left_its_result_goes_on(void **state)
{
	struct job *job;

	(void)state;
	start_and_run(&job);
	double_die(PROFILER);
	double_up(PROFILER);
	answer_next(PROFILER, MSG_PROFILE_ATTACH);
	finish_route();
}

static void
a_profiler_that_dies_of_being_asked_is_passed_over(void **state)
{
	(void)state;
	start();
	double_opened(STORE, double_expect(STORE, MSG_JOB_OPEN), "running");
	for (int i = 0; i < 2; i++) {
		double_expect(PROFILER, MSG_PROFILE_ATTACH);
		double_die(PROFILER);
		double_up(PROFILER);
	}
	double_up(&host.profilers[1]);
	answer_next(&host.profilers[1], MSG_PROFILE_ATTACH);
	finish_route();
}

static void
a_profiler_that_knows_the_job_does_not_start_it_again(void **state)
{
	struct job *job;
	const struct seen *s = start_and_run(&job);

	(void)state;
	double_error(PROFILER, s, ERR_NOT_HERE, NULL, NULL);
	answer_next(PROFILER, MSG_PROFILE_ATTACH);
	finish_route();
}

/* ---- steps that fail ---- */

static void
a_busy_profiler_is_asked_again(void **state)
{
	struct job *job;

	(void)state;
	double_error(PROFILER, start_and_run(&job), ERR_BUSY, NULL, NULL);
	double_error(PROFILER, double_expect(PROFILER, MSG_PROFILE_RUN), ERR_BUSY, NULL, NULL);
	answer_next(PROFILER, MSG_PROFILE_RUN);
	finish_route();
	assert_int_equal(PROFILER->count, 3);
}

static void
a_run_that_is_refused_closes_the_job_with_the_reason(void **state)
{
	const struct seen *s;
	struct body_job_close body;
	struct job *job;

	(void)state;
	double_error(PROFILER, start_and_run(&job), ERR_NO_SCALENE, "not there", "install it");
	s = double_expect(STORE, MSG_JOB_CLOSE);
	seen_decode(s, &body);
	assert_null(body.outcome.at);
	assert_int_equal(body.error_code, ERR_NO_SCALENE);
	assert_true(text_is(body.message, "not there"));
	assert_true(text_is(body.hint, "install it"));
	double_answer(STORE, s);
	expect_end(OK);
}

static void
a_run_that_is_answered_wrongly_closes_the_job(void **state)
{
	struct job *job;
	const struct seen *s = start_and_run(&job);

	(void)state;
	double_opened(PROFILER, s, "queued");
	expect_close(NULL, ERR_MALFORMED);
}

static void
a_profile_that_cannot_be_read_is_a_bad_profile(void **state)
{
	struct job *job;

	(void)state;
	double_answer(PROFILER, start_and_run(&job));
	double_error(ANALYZER, double_expect(ANALYZER, MSG_PROFILE_READ), ERR_CORRUPT, "torn",
	    NULL);
	expect_close("bad_profile", OK);
}

static void
an_analyzer_that_dies_twice_leaves_a_bad_profile(void **state)
{
	struct job *job;

	(void)state;
	double_answer(PROFILER, start_and_run(&job));
	for (int i = 0; i < 2; i++) {
		double_expect(ANALYZER, MSG_PROFILE_READ);
		double_die(ANALYZER);
		double_up(ANALYZER);
	}
	expect_close("bad_profile", OK);
}

static const struct seen *
run_up_to_saving(void)
{
	struct job *job;

	double_answer(PROFILER, start_and_run(&job));
	answer_next(ANALYZER, MSG_PROFILE_READ);
	return double_expect(STORE, MSG_PROFILE_SAVE);
}

static void
what_cannot_be_saved_now_is_told_and_saved_later(void **state)
{
	(void)state;
	double_error(STORE, run_up_to_saving(), ERR_STORAGE_FULL, "full", "make room");
	expect_end(ERR_STORAGE_FULL);
	assert_non_null(strstr(watchers[0].hint, "make room"));
	assert_non_null(strstr(watchers[0].hint, A_ULID));
	assert_non_null(jobs_find(host.front.jobs, A_ULID));
	assert_true(jobs_idle(host.front.jobs));     /* the server may leave */
	memset(watchers, 0, sizeof(watchers));
	watch(jobs_find(host.front.jobs, A_ULID), 0);
	answer_next(STORE, MSG_PROFILE_SAVE);
	expect_end(OK);
	assert_null(jobs_find(host.front.jobs, A_ULID));
	assert_int_equal(PROFILER->count, 1);
}

static void
what_can_never_be_saved_closes_the_job(void **state)
{
	(void)state;
	double_error(STORE, run_up_to_saving(), ERR_CORRUPT, "no", NULL);
	expect_close(NULL, ERR_CORRUPT);
}

/* ---- cancelling, in each phase ---- */

static void
before_it_is_written_down(void **state)
{
	(void)state;
	job_cancel(start());
	answer_next(STORE, MSG_JOB_OPEN);
	expect_close("cancelled", OK);
	assert_int_equal(PROFILER->count, 0);
}

static void
while_it_is_written_down(void **state)
{
	struct job *job = start();
	const struct seen *s = double_expect(STORE, MSG_JOB_OPEN);

	(void)state;
	job_cancel(job);
	job_cancel(job);
	double_answer(STORE, s);
	expect_close("cancelled", OK);
	assert_int_equal(PROFILER->count, 0);
}

static void
while_it_waits_for_a_profiler(void **state)
{
	struct job *job = start();

	(void)state;
	double_die(PROFILER);
	answer_next(STORE, MSG_JOB_OPEN);
	double_settle(STORE);
	job_cancel(job);
	expect_close("cancelled", OK);
}

static void
while_it_runs(void **state)
{
	struct job *job;
	const struct seen *s = start_and_run(&job);

	(void)state;
	job_cancel(job);
	HOST_UNTIL(PROFILER->cancels == 1);
	assert_int_equal(PROFILER->cancelled, s->number);
	double_answer(PROFILER, s);              /* with its outcome, which is kept */
	finish_route();
}

static void
while_it_runs_in_a_profiler_that_dies(void **state)
{
	struct job *job;

	(void)state;
	start_and_run(&job);
	job_cancel(job);
	double_die(PROFILER);
	expect_close("cancelled", OK);
}

static void
while_the_profiler_is_busy(void **state)
{
	struct job *job;

	(void)state;
	double_error(PROFILER, start_and_run(&job), ERR_BUSY, NULL, NULL);
	double_settle(PROFILER);
	job_cancel(job);
	expect_close("cancelled", OK);
	assert_int_equal(PROFILER->count, 1);
}

static void
while_it_looks_for_its_run(void **state)
{
	struct job *job = start();
	const struct seen *s;

	(void)state;
	double_opened(STORE, double_expect(STORE, MSG_JOB_OPEN), "running");
	s = double_expect(PROFILER, MSG_PROFILE_ATTACH);
	job_cancel(job);
	HOST_UNTIL(PROFILER->cancels == 1);
	double_answer(PROFILER, s);
	finish_route();
}

static void
while_it_waits_to_look_for_its_run(void **state)
{
	struct job *job = start();
	const struct seen *s;

	(void)state;
	double_die(PROFILER);
	double_opened(STORE, double_expect(STORE, MSG_JOB_OPEN), "running");
	double_settle(STORE);
	job_cancel(job);
	double_up(PROFILER);
	s = double_expect(PROFILER, MSG_PROFILE_ATTACH);
	HOST_UNTIL(PROFILER->cancels == 1);
	double_error(PROFILER, s, ERR_NOT_STARTED, NULL, NULL);
	expect_close("cancelled", OK);
}

static void
while_its_profile_is_read_and_saved(void **state)
{
	struct job *job;

	(void)state;
	double_answer(PROFILER, start_and_run(&job));
	double_expect(ANALYZER, MSG_PROFILE_READ);
	job_cancel(job);
	double_answer(ANALYZER, &ANALYZER->seen[0]);
	answer_next(STORE, MSG_PROFILE_SAVE);
	expect_end(OK);
	double_settle(PROFILER);
	assert_int_equal(PROFILER->cancels + ANALYZER->cancels + STORE->cancels, 0);
}

/* ---- limits ---- */

static void
the_queue_has_an_end_and_a_front_that_leaves_starts_nothing(void **state)
{
	unsigned running, queued;
	struct job *job;
	char id[] = A_ULID;

	(void)state;
	double_automatic(STORE, true);
	for (int i = 0; i < LIMIT_QUEUED_JOBS; i++) {
		id[24] = (char)('0' + i / 10);
		id[25] = (char)('0' + i % 10);
		assert_int_equal(try_start(id, "{\"code\":\"pass\"}", &job), OK);
	}
	jobs_count(host.front.jobs, &running, &queued);
	assert_int_equal(running, 0);
	assert_int_equal(queued, LIMIT_QUEUED_JOBS);
	assert_int_equal(try_start(ANOTHER_ULID, "{\"code\":\"pass\"}", &job), ERR_BUSY);
	double_expect(PROFILER, MSG_PROFILE_RUN);
	jobs_count(host.front.jobs, &running, &queued);
	assert_int_equal(running, 1);
	assert_int_equal(try_start(ANOTHER_ULID, "{\"code\":\"pass\"}", &job), OK);
	host.front.leaving = true;
	assert_int_equal(try_start("01HZY3W5K8Q2V4X6Z8B0C1D2E5", "{\"code\":\"pass\"}", &job),
	    ERR_STOPPING);
}

/* ---- jobs of an earlier front ---- */

static void
send_list(const struct seen *s, const char *json)
{
	struct value_writer w;
	struct body_job_list body = { .jobs = value_from_json(&w, json) };

	double_send(STORE, s->number, MSG_JOB_LIST, &body);
	value_writer_fini(&w);
}

#define ROW(id, tool)                                                                              \
	"{\"job_id\":\"" id "\",\"tool\":\"" tool "\",\"state\":\"running\","                           \
	"\"arguments\":{\"code\":\"1\"}}"

static void
unfinished_jobs_are_taken_up_and_nonsense_is_not(void **state)
{
	struct body_job_open open;
	const struct seen *s;

	(void)state;
	jobs_resume(host.front.jobs);
	send_list(double_expect(STORE, MSG_JOB_UNFINISHED), "[" ROW(A_ULID, "profile_code") ","
	    ROW(A_ULID, "profile_code")
	    "," ROW("short", "profile_code") "," ROW("../../../../../../../etc/pa", "profile_code")
	    ","
	    ROW(ANOTHER_ULID, "no_such_tool") "," ROW(ANOTHER_ULID, "list_profiles")
	    ",7,null,{},[],{\"job_id\":7}]");
	s = double_expect(STORE, MSG_JOB_OPEN);
	seen_decode(s, &open);
	assert_true(text_is(open.job_id, A_ULID));
	assert_null(jobs_find(host.front.jobs, ANOTHER_ULID));
	watch(jobs_find(host.front.jobs, A_ULID), 0);
	double_opened(STORE, s, "ran");
	answer_next(PROFILER, MSG_PROFILE_ATTACH);
	finish_route();
	answer_next(STORE, MSG_JOB_UNFINISHED);  /* there may be more than one list can name */
	double_settle(STORE);
	assert_true(jobs_idle(host.front.jobs));
}

static void
lists_that_cannot_be_read_change_nothing(void **state)
{
	static const char *const lists[] = { "{}", "7", "null", "[]" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		const struct seen *s;

		jobs_resume(host.front.jobs);
		s = double_expect(STORE, MSG_JOB_UNFINISHED);
		if (strcmp(lists[i], "null") == 0)
			double_error(STORE, s, ERR_STORAGE, NULL, NULL);
		else
			send_list(s, lists[i]);
		double_settle(STORE);
		assert_true(jobs_idle(host.front.jobs));
	}
}

static void
jobs_may_go_on_when_all_is_freed(void **state)
{
	struct job *job;

	(void)state;
	start_and_run(&job);
	assert_int_equal(try_start(ANOTHER_ULID, "{\"code\":\"pass\"}", &job), OK);
}

int
main(void)
{
#define WITH_HOST(f) cmocka_unit_test_setup_teardown(f, open_host, host_close)
#define CANCELLED(f) { "cancelled_" #f, f, open_host, host_close, NULL }
	const struct CMUnitTest tests[] = {
		WITH_HOST(a_job_is_written_down_run_read_and_saved),
		WITH_HOST(a_job_that_goes_on_is_not_started_twice),
		WITH_HOST(what_cannot_be_written_down_is_not_run),
		WITH_HOST(progress_and_output_reach_all_who_watch),
		WITH_HOST(arguments_that_the_store_cannot_take_end_the_job_at_once),
		WITH_HOST(arguments_that_the_profiler_cannot_take_close_the_job),
		WITH_HOST(what_the_store_knows_as_done_is_over),
		WITH_HOST(the_result_of_an_earlier_run_is_taken_up),
		WITH_HOST(a_job_that_was_never_started_runs),
		WITH_HOST(a_run_that_no_profiler_knows_is_lost),
		WITH_HOST(a_run_whose_profiler_dies_is_looked_for_and_then_lost),
		WITH_HOST(a_run_whose_profiler_left_its_result_goes_on),
		WITH_HOST(a_profiler_that_dies_of_being_asked_is_passed_over),
		WITH_HOST(a_profiler_that_knows_the_job_does_not_start_it_again),
		WITH_HOST(a_busy_profiler_is_asked_again),
		WITH_HOST(a_run_that_is_refused_closes_the_job_with_the_reason),
		WITH_HOST(a_run_that_is_answered_wrongly_closes_the_job),
		WITH_HOST(a_profile_that_cannot_be_read_is_a_bad_profile),
		WITH_HOST(an_analyzer_that_dies_twice_leaves_a_bad_profile),
		WITH_HOST(what_cannot_be_saved_now_is_told_and_saved_later),
		WITH_HOST(what_can_never_be_saved_closes_the_job),
		CANCELLED(before_it_is_written_down),
		CANCELLED(while_it_is_written_down),
		CANCELLED(while_it_waits_for_a_profiler),
		CANCELLED(while_it_runs),
		CANCELLED(while_it_runs_in_a_profiler_that_dies),
		CANCELLED(while_the_profiler_is_busy),
		CANCELLED(while_it_looks_for_its_run),
		CANCELLED(while_it_waits_to_look_for_its_run),
		CANCELLED(while_its_profile_is_read_and_saved),
		WITH_HOST(the_queue_has_an_end_and_a_front_that_leaves_starts_nothing),
		WITH_HOST(unfinished_jobs_are_taken_up_and_nonsense_is_not),
		WITH_HOST(lists_that_cannot_be_read_change_nothing),
		WITH_HOST(jobs_may_go_on_when_all_is_freed),
	};

	return cmocka_run_group_tests_name("front_job", tests, NULL, NULL);
}
