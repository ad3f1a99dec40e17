#include "tests/front/front_host.h"

#include <poll.h>

#include "workers/front/job.h"
#include "workers/front/requests.h"
#include "workers/runtime/json.h"
#include "workers/runtime/log.h"

#define STORE (&host.store)
#define ANALYZER (&host.analyzer)
#define PROFILER (&host.profilers[0])
#define SLOTS 8
#define NOTICES 32

/* A transport and what it was told of the request in each slot. */
static struct {
	struct {
		unsigned finished, blamed;
		bool silent;         /* finished without an answer */
		cJSON *answer;
		char job_id[LIMIT_ULID + 1];
		unsigned opened_before;      /* messages the store had when the job was set */
	} slots[SLOTS];
	cJSON *notices[NOTICES];
	unsigned notice_count;
	bool congested;
	unsigned left;
} heard;

static cJSON *
parse(const char *text, size_t len)
{
	const struct json_limits limits = { 64, 100000 };
	cJSON *json;

	assert_int_equal(json_parse(text, len, &limits, &json), OK);
	return json;
}

static void
on_notify(void *arg, const char *text, size_t len)
{
	(void)arg;
	assert_true(heard.notice_count < NOTICES);
	heard.notices[heard.notice_count++] = parse(text, len);
	loop_stop(host.front.loop);
}

static void
on_finish(void *arg, int slot, const char *text, size_t len)
{
	(void)arg;
	heard.slots[slot].finished++;
	heard.slots[slot].silent = text == NULL;
	if (text != NULL)
		heard.slots[slot].answer = parse(text, len);
	loop_stop(host.front.loop);
}

static void
on_set_job(void *arg, int slot, const char *job_id)
{
	(void)arg;
	assert_int_equal(strlen(job_id), LIMIT_ULID);
	memcpy(heard.slots[slot].job_id, job_id, LIMIT_ULID + 1);
	heard.slots[slot].opened_before = STORE->count;
}

static void
on_blame(void *arg, int slot)
{
	(void)arg;
	heard.slots[slot].blamed++;
	loop_stop(host.front.loop);
}

static bool
is_congested(void *arg)
{
	(void)arg;
	return heard.congested;
}

static const struct channel channel = { .notify = on_notify, .finish = on_finish,
    .set_job = on_set_job,
	.blame = on_blame, .congested = is_congested };

static void
on_left(void *arg)
{
	(void)arg;
	heard.left++;
	loop_stop(host.front.loop);
}

/* The store has not yet said which jobs are unfinished. */
static int
open_unlisted(void **state)
{
	memset(&heard, 0, sizeof(heard));
	log_threshold(LOG_PANIC);
	if (host_open_up(state) != 0)
		return 1;
	double_automatic(STORE, true);
	double_automatic(ANALYZER, true);
	return 0;
}

static int
open_host(void **state)
{
	if (open_unlisted(state) != 0)
		return 1;
	jobs_resume(host.front.jobs);
	double_settle(STORE);
	return jobs_listed(host.front.jobs) ? 0 : 1;
}

static int
close_host(void **state)
{
	for (int i = 0; i < SLOTS; i++)
		cJSON_Delete(heard.slots[i].answer);
	for (unsigned i = 0; i < heard.notice_count; i++)
		cJSON_Delete(heard.notices[i]);
	return host_close(state);
}

struct wishes {
	const char *token;           /* of progress, raw */
	bool output;
	const char *job_id;          /* of an earlier front */
};

static struct request *
make(int slot, const char *tool, const char *arguments, const struct wishes *wishes)
{
	struct value_writer w;
	char id[8];
	struct request_spec spec = { .revision = revision_row(1), .wants_output = wishes->output,
		.tool = tool_named(tool) };
	struct request *request;

	snprintf(id, sizeof(id), "%d", slot);
	spec.id = (struct json_span){ id, strlen(id) };
	if (wishes->token != NULL)
		spec.progress_token = (struct json_span){ wishes->token, strlen(wishes->token) };
	spec.arguments = arguments_from_json(&w, spec.tool, arguments);
	request = request_new(host.front.requests, &spec);
	assert_non_null(request);
	value_writer_fini(&w);
	return request;
}

static struct request *
begin_with(int slot, const char *tool, const char *arguments, const struct wishes *wishes)
{
	struct request *request = make(slot, tool, arguments, wishes);

	request_begin(request, &channel, slot, wishes->job_id == NULL ? "" : wishes->job_id);
	return request;
}

static struct request *
begin(int slot, const char *tool, const char *arguments)
{
	return begin_with(slot, tool, arguments, &(struct wishes){ .token = NULL });
}

/* The result of the finished request. */
static const cJSON *
result_of(int slot)
{
	const cJSON *result;

	HOST_UNTIL(heard.slots[slot].finished > 0);
	assert_int_equal(heard.slots[slot].finished, 1);
	assert_false(heard.slots[slot].silent);
	assert_int_equal(json_get(heard.slots[slot].answer, "id")->valueint, slot);
	result = json_get(heard.slots[slot].answer, "result");
	assert_non_null(result);
	return result;
}

static void
expect_failure(int slot, const char *error)
{
	const cJSON *result = result_of(slot);

	assert_true(cJSON_IsTrue(json_get(result, "isError")));
	assert_string_equal(json_get(json_get(result, "structuredContent"), "error")->valuestring,
	    error);
}

static void
expect_success(int slot, const char *key)
{
	const cJSON *result = result_of(slot);

	if (!cJSON_IsFalse(json_get(result, "isError")))
		fail_msg("%s", json_get(cJSON_GetArrayItem(json_get(result, "content"), 0),
		    "text")->valuestring);
	assert_non_null(json_get(json_get(result, "structuredContent"), key));
}

/* ---- calls ---- */

static void
a_call_goes_its_steps_and_is_answered_once(void **state)
{
	struct body_analyze analyze;

	(void)state;
	begin(1, "get_cpu_hotspots", "{\"profile_id\":\"" A_ULID "\",\"top_n\":3}");
	begin(2, "list_profiles", "{}");
	assert_int_equal(requests_count(host.front.requests), 2);
	expect_success(1, "hotspots");
	expect_success(2, "profiles");
	assert_int_equal(requests_count(host.front.requests), 0);
	seen_decode(double_expect(ANALYZER, MSG_ANALYZE), &analyze);
	assert_true(text_is(analyze.view, "cpu_hotspots"));
	assert_int_equal(analyze.top_n, 3);
	assert_int_equal(analyze.model.bytes.len, 1);
}

static void
a_workers_refusal_is_a_result_with_its_words(void **state)
{
	(void)state;
	double_automatic(STORE, false);
	begin(1, "get_profile", "{\"profile_id\":\"" A_ULID "\"}");
	double_error(STORE, double_expect(STORE, MSG_PROFILE_LOAD), ERR_NOT_FOUND,
	    "no such profile", "list them");
	expect_failure(1, "not_found");
	assert_string_equal(json_get(json_get(result_of(1), "structuredContent"),
	    "message")->valuestring,
	    "no such profile");
	assert_string_equal(json_get(json_get(result_of(1), "structuredContent"),
	    "hint")->valuestring, "list them");
}

static void
a_worker_that_dies_of_a_call_is_blamed_on_it_and_the_second_ends_it(void **state)
{
	(void)state;
	double_automatic(STORE, false);
	begin(1, "list_profiles", "{}");
	double_expect(STORE, MSG_PROFILE_LIST);
	double_die(STORE);
	double_up(STORE);
	double_expect(STORE, MSG_PROFILE_LIST);
	assert_int_equal(heard.slots[1].blamed, 1);
	double_die(STORE);
	expect_failure(1, "poisoned");
	assert_int_equal(heard.slots[1].blamed, 2);
}

static void
an_answer_that_cannot_be_read_ends_the_call(void **state)
{
	const struct seen *s;

	(void)state;
	double_automatic(STORE, false);
	begin(1, "list_profiles", "{}");
	s = double_expect(STORE, MSG_PROFILE_LIST);
	double_opened(STORE, s, "queued");
	expect_failure(1, "malformed");
}

static void
a_degraded_class_is_told(void **state)
{
	(void)state;
	double_die(STORE);
	double_record(STORE, CONTROL_DEGRADED, 60000);
	begin(1, "list_profiles", "{}");
	expect_failure(1, "degraded");
}

static void
read_only_refuses_what_changes_anything(void **state)
{
	(void)state;
	host.front.read_only = true;
	begin(1, "profile_code", "{\"code\":\"pass\"}");
	expect_failure(1, "read_only");
	begin(2, "cancel_job", "{\"job_id\":\"" A_ULID "\"}");
	expect_failure(2, "read_only");
	begin(3, "list_profiles", "{}");
	expect_success(3, "profiles");
	assert_true(jobs_idle(host.front.jobs));
	assert_string_equal(heard.slots[1].job_id, "");
}

/* ---- jobs ---- */

static void
a_job_is_remembered_before_it_is_written_down_and_waited_for(void **state)
{
	const struct seen *s;
	struct body_job_open open;

	(void)state;
	begin(1, "profile_code", "{\"code\":\"pass\"}");
	assert_int_equal(strlen(heard.slots[1].job_id), LIMIT_ULID);
	assert_int_equal(heard.slots[1].opened_before, 0);
	seen_decode(double_expect(STORE, MSG_JOB_OPEN), &open);
	assert_true(text_is(open.job_id, heard.slots[1].job_id));
	s = double_expect(PROFILER, MSG_PROFILE_RUN);
	assert_int_equal(heard.slots[1].finished, 0);
	double_answer(PROFILER, s);
	expect_success(1, "outcome");
	assert_true(jobs_idle(host.front.jobs));
}

static void
the_id_that_an_earlier_front_gave_is_kept(void **state)
{
	struct body_job_open open;

	(void)state;
	begin_with(1, "profile_code", "{\"code\":\"pass\"}", &(struct wishes){ .job_id = A_ULID });
	assert_string_equal(heard.slots[1].job_id, A_ULID);
	seen_decode(double_expect(STORE, MSG_JOB_OPEN), &open);
	assert_true(text_is(open.job_id, A_ULID));
	double_answer(PROFILER, double_expect(PROFILER, MSG_PROFILE_RUN));
	expect_success(1, "outcome");
}

static void
who_waits_no_longer_is_answered_while_the_job_goes_on(void **state)
{
	const struct seen *s;

	(void)state;
	begin(1, "profile_code", "{\"code\":\"pass\",\"wait_s\":0}");
	expect_success(1, "job_id");
	s = double_expect(PROFILER, MSG_PROFILE_RUN);
	assert_false(jobs_idle(host.front.jobs));
	begin_with(2, "get_job", "{\"job_id\":\"" A_ULID "\"}", &(struct wishes){ .token = NULL });
	expect_success(2, "job_id");             /* of another job: nothing to wait for */
	double_answer(PROFILER, s);
	double_expect(STORE, MSG_PROFILE_SAVE);
	double_settle(STORE);
	assert_true(jobs_idle(host.front.jobs));
}

static void
get_job_waits_for_the_end(void **state)
{
	const struct seen *s;

	(void)state;
	begin_with(1, "profile_code", "{\"code\":\"pass\",\"wait_s\":0}",
	    &(struct wishes){ .job_id = A_ULID });
	expect_success(1, "job_id");
	s = double_expect(PROFILER, MSG_PROFILE_RUN);
	begin(2, "get_job", "{\"job_id\":\"" A_ULID "\"}");
	begin(3, "get_job", "{\"job_id\":\"" A_ULID "\",\"wait_s\":0}");
	expect_success(3, "job_id");
	assert_int_equal(heard.slots[2].finished, 0);
	double_answer(PROFILER, s);
	expect_success(2, "outcome");
}

static void
get_job_waits_until_it_is_known_which_jobs_go_on(void **state)
{
	struct value_writer w;
	struct body_job_list list = { .jobs = value_from_json(&w, "[{\"job_id\":\"" A_ULID
	    "\",\"tool\":\"profile_code\",\"state\":\"running\",\"arguments\":{\"code\":\"1\"}}]") };
	const struct seen *s;

	(void)state;
	STORE->automatic[MSG_JOB_UNFINISHED] = STORE->automatic[MSG_JOB_OPEN] = false;
	begin(1, "get_job", "{\"job_id\":\"" A_ULID "\"}");
	jobs_resume(host.front.jobs);
	s = double_expect(STORE, MSG_JOB_UNFINISHED);
	STORE->automatic[MSG_JOB_UNFINISHED] = true;
	double_send(STORE, s->number, MSG_JOB_LIST, &list);
	double_opened(STORE, double_expect(STORE, MSG_JOB_OPEN), "running");
	s = double_expect(PROFILER, MSG_PROFILE_ATTACH);
	assert_int_equal(heard.slots[1].finished, 0);
	double_answer(PROFILER, s);
	expect_success(1, "outcome");
	value_writer_fini(&w);
}

static void
cancel_job_stops_the_run_and_waits_for_its_end(void **state)
{
	const struct seen *s;

	(void)state;
	begin_with(1, "profile_code", "{\"code\":\"pass\",\"wait_s\":0}",
	    &(struct wishes){ .job_id = A_ULID });
	s = double_expect(PROFILER, MSG_PROFILE_RUN);
	begin(2, "cancel_job", "{\"job_id\":\"" A_ULID "\"}");
	HOST_UNTIL(PROFILER->cancels == 1);
	assert_int_equal(heard.slots[2].finished, 0);
	double_answer(PROFILER, s);
	expect_success(2, "outcome");
	expect_success(1, "job_id");
}

static void
a_job_that_cannot_be_written_down_is_an_error_for_who_waits(void **state)
{
	(void)state;
	double_automatic(STORE, false);
	begin(1, "profile_code", "{\"code\":\"pass\"}");
	double_error(STORE, double_expect(STORE, MSG_JOB_OPEN), ERR_STORAGE_READ_ONLY, NULL, NULL);
	expect_failure(1, "storage_read_only");
	assert_int_equal(PROFILER->count, 0);
}

static void
a_front_that_leaves_begins_no_job(void **state)
{
	(void)state;
	host.front.leaving = true;
	begin(1, "profile_code", "{\"code\":\"pass\"}");
	expect_failure(1, "stopping");
}

/* ---- notifications ---- */

static void
progress_rises_and_goes_to_who_gave_a_token(void **state)
{
	const struct seen *s;
	const double dones[] = { 1, 2, 2, 1.5, 3 };

	(void)state;
	begin_with(1, "profile_code", "{\"code\":\"pass\"}",
	    &(struct wishes){ .token = "\"t\\u0031\"" });
	begin_with(2, "profile_code", "{\"code\":\"pass\"}", &(struct wishes){ .output = true });
	s = double_expect(PROFILER, MSG_PROFILE_RUN);
	for (size_t i = 0; i < COUNT_OF(dones); i++)
		double_progress(PROFILER, s, dones[i]);
	double_output(PROFILER, s, "not wanted");
	double_answer(PROFILER, s);
	expect_success(1, "outcome");
	assert_int_equal(heard.notice_count, 3);
	for (int i = 0; i < 3; i++) {
		const cJSON *params = json_get(heard.notices[i], "params");

		assert_string_equal(json_get(heard.notices[i], "method")->valuestring,
		    "notifications/progress");
		assert_string_equal(json_get(params, "progressToken")->valuestring, "t1");
		assert_true(json_get(params, "progress")->valuedouble == i + 1);
	}
}

static void
output_goes_to_who_wants_it_and_waits_for_its_transport(void **state)
{
	const struct seen *s;

	(void)state;
	heard.congested = true;
	begin_with(1, "profile_code", "{\"code\":\"pass\"}", &(struct wishes){ .output = true });
	s = double_expect(PROFILER, MSG_PROFILE_RUN);
	double_output(PROFILER, s, "12345");
	double_output(PROFILER, s, "678");
	HOST_UNTIL(heard.notice_count == 2);
	assert_string_equal(json_get(json_get(json_get(heard.notices[1], "params"), "data"),
	    "text")->valuestring, "678");
	assert_string_equal(json_get(json_get(json_get(heard.notices[1], "params"), "data"),
	    "job_id")->valuestring,
	    heard.slots[1].job_id);
	double_settle(STORE);
	assert_int_equal(PROFILER->taken, 0);
	heard.congested = false;
	jobs_take_output(host.front.jobs);
	HOST_UNTIL(PROFILER->taken == 8);
	double_answer(PROFILER, s);
	expect_success(1, "outcome");
}

/* ---- cancelling ---- */

static void
a_cancelled_call_gets_no_answer_and_stops_only_its_own_job(void **state)
{
	struct request *owner, *watcher;
	const struct seen *s;

	(void)state;
	owner = begin_with(1, "profile_code", "{\"code\":\"pass\"}",
	    &(struct wishes){ .job_id = A_ULID });
	s = double_expect(PROFILER, MSG_PROFILE_RUN);
	watcher = begin(2, "get_job", "{\"job_id\":\"" A_ULID "\"}");
	double_settle(STORE);
	request_cancel(watcher);
	assert_int_equal(heard.slots[2].finished, 1);
	assert_true(heard.slots[2].silent);
	double_settle(STORE);
	assert_int_equal(PROFILER->cancels, 0);
	request_cancel(owner);
	assert_true(heard.slots[1].silent);
	HOST_UNTIL(PROFILER->cancels == 1);
	assert_int_equal(requests_count(host.front.requests), 0);
	double_answer(PROFILER, s);
	double_expect(STORE, MSG_PROFILE_SAVE);
	double_settle(STORE);
	assert_true(jobs_idle(host.front.jobs));
	assert_int_equal(heard.slots[1].finished + heard.slots[2].finished, 2);
}

static void
a_call_is_cancelled_at_each_moment(void **state)
{
	struct request *request;

	(void)state;
	double_automatic(STORE, false);
	request_cancel(begin(1, "list_profiles", "{}"));         /* before it was started */
	request = begin(2, "list_profiles", "{}");
	const struct seen *s = double_expect(STORE, MSG_PROFILE_LIST);
	request_cancel(request);                                 /* while a worker has it */
	double_answer(STORE, s);
	double_settle(STORE);
	request_cancel(begin(3, "server_status", "{}"));
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(heard.slots[i].finished, 1);
		assert_true(heard.slots[i].silent);
	}
}

static void
requests_are_found_by_their_token(void **state)
{
	struct request *first = begin(1, "list_profiles", "{}"), *second = begin(2, "list_profiles",
	    "{}");

	(void)state;
	assert_ptr_equal(requests_find(host.front.requests, (struct json_span){ "1", 1 }), first);
	assert_ptr_equal(requests_find(host.front.requests, (struct json_span){ "2", 1 }), second);
	assert_null(requests_find(host.front.requests, (struct json_span){ "\"1\"", 3 }));
	assert_null(requests_find(host.front.requests, (struct json_span){ "11", 2 }));
	assert_null(requests_find(host.front.requests, (struct json_span){ "", 0 }));
	expect_success(1, "profiles");
	assert_null(requests_find(host.front.requests, (struct json_span){ "1", 1 }));
	request_discard(make(3, "list_profiles", "{}", &(struct wishes){ .token = "7" }));
	assert_null(requests_find(host.front.requests, (struct json_span){ "3", 1 }));
}

/* ---- the server's state ---- */

static void
supervisor_says(enum control_type type, enum role role, enum child_state child)
{
	const struct control_record r = { .type = type, .role = role, .incarnation = 4,
	    .peer_incarnation = child,
		.count = 2, .pid = 77, .value_ms = 1500, .text = "signal 9" };

	assert_int_equal(control_send(host.supervisor_fd, &r), OK);
}

static void
expect_ask_tree(void)
{
	struct pollfd fd = { host.supervisor_fd, POLLIN, 0 };
	struct control_record r;

	do {
		assert_int_equal(poll(&fd, 1, 20000), 1);
		assert_int_equal(control_receive(host.supervisor_fd, &r), OK);
	} while (r.type == CONTROL_BEAT);
	assert_int_equal(r.type, CONTROL_ASK_TREE);
}

static void
stop_loop(void *arg)
{
	*(bool *)arg = true;
	loop_stop(host.front.loop);
}

/* Calls begin by a timer, and this one is started after theirs. */
static void
let_calls_begin(void)
{
	bool fired = false;
	struct timer *t = loop_timer(host.front.loop, stop_loop, &fired);

	timer_start(t, 0);
	HOST_UNTIL(fired);
	timer_close(&t);
}

static void
the_tree_is_told_as_the_supervisor_tells_it(void **state)
{
	const cJSON *processes;

	(void)state;
	for (int slot = 1; slot <= 2; slot++) {
		begin(slot, "server_status", "{}");
		let_calls_begin();
		expect_ask_tree();
		supervisor_says(CONTROL_CHILD, ROLE_STORE, CHILD_READY);
		supervisor_says(CONTROL_CHILD, ROLE_FRONT, CHILD_BACKOFF);
		supervisor_says(CONTROL_TREE_END, ROLE_SUPERVISOR, CHILD_DOWN);
		expect_success(slot, "processes");
		processes = json_get(json_get(result_of(slot), "structuredContent"), "processes");
		assert_int_equal(cJSON_GetArraySize(processes), 2);
		assert_string_equal(json_get(cJSON_GetArrayItem(processes, 0), "role")->valuestring,
		    "store");
		assert_string_equal(json_get(cJSON_GetArrayItem(processes, 1),
		    "state")->valuestring, "backoff");
		assert_int_equal(json_get(cJSON_GetArrayItem(processes, 1), "restarts")->valueint,
		    2);
		assert_string_equal(json_get(cJSON_GetArrayItem(processes, 1),
		    "last_death")->valuestring, "signal 9");
	}
}

static void
a_cancelled_reader_of_the_tree_leaves_no_rows_behind(void **state)
{
	struct request *request = begin(1, "server_status", "{}");

	(void)state;
	let_calls_begin();
	expect_ask_tree();
	supervisor_says(CONTROL_CHILD, ROLE_STORE, CHILD_READY);
	let_calls_begin();
	request_cancel(request);
	begin(2, "server_status", "{}");
	let_calls_begin();
	supervisor_says(CONTROL_CHILD, ROLE_ANALYZER, CHILD_READY);
	supervisor_says(CONTROL_TREE_END, ROLE_SUPERVISOR, CHILD_DOWN);
	supervisor_says(CONTROL_CHILD, ROLE_STORE, CHILD_READY);
	supervisor_says(CONTROL_CHILD, ROLE_ANALYZER, CHILD_READY);
	supervisor_says(CONTROL_TREE_END, ROLE_SUPERVISOR, CHILD_DOWN);
	expect_success(2, "processes");
	assert_int_equal(cJSON_GetArraySize(json_get(json_get(result_of(2), "structuredContent"),
	    "processes")), 2);
}

/* ---- leaving ---- */

static void
with_nothing_open_one_leaves_at_once(void **state)
{
	(void)state;
	requests_leave(host.front.requests, on_left, NULL);
	assert_int_equal(heard.left, 1);
}

static void
what_can_still_be_answered_is_before_one_leaves(void **state)
{
	const struct seen *s;

	(void)state;
	double_automatic(STORE, false);
	begin(1, "list_profiles", "{}");
	s = double_expect(STORE, MSG_PROFILE_LIST);
	host.front.leaving = true;
	requests_leave(host.front.requests, on_left, NULL);
	requests_leave(host.front.requests, on_left, NULL);
	assert_int_equal(heard.left, 0);
	double_answer(STORE, s);
	HOST_UNTIL(heard.left > 0);
	expect_success(1, "profiles");
	assert_int_equal(heard.left, 1);
}

static void
what_runs_is_cancelled_and_answered_with_its_outcome(void **state)
{
	const struct seen *s;

	(void)state;
	begin(1, "profile_code", "{\"code\":\"pass\"}");
	s = double_expect(PROFILER, MSG_PROFILE_RUN);
	host.front.leaving = true;
	requests_leave(host.front.requests, on_left, NULL);
	HOST_UNTIL(PROFILER->cancels == 1);
	double_answer(PROFILER, s);
	HOST_UNTIL(heard.left > 0);
	expect_success(1, "outcome");
	assert_true(jobs_idle(host.front.jobs));
}

static void
what_never_answers_is_told_that_the_server_stopped(void **state)
{
	(void)state;
	double_automatic(STORE, false);
	begin(1, "profile_code", "{\"code\":\"pass\"}");
	double_answer(STORE, double_expect(STORE, MSG_JOB_OPEN));
	double_expect(PROFILER, MSG_PROFILE_RUN);
	begin(2, "list_profiles", "{}");
	begin(3, "server_status", "{}");
	host.front.leaving = true;
	requests_leave(host.front.requests, on_left, NULL);
	HOST_UNTIL(heard.left > 0);
	for (int slot = 1; slot <= 3; slot++)
		expect_failure(slot, "stopping");
	assert_int_equal(heard.left, 1);
	assert_int_equal(requests_count(host.front.requests), 0);
}

static void
requests_may_be_open_when_all_is_freed(void **state)
{
	(void)state;
	double_automatic(STORE, false);
	begin_with(1, "profile_code", "{\"code\":\"pass\"}", &(struct wishes){ .token = "1",
	    .output = true });
	begin(2, "list_profiles", "{}");
	begin(3, "server_status", "{}");
	begin(4, "get_job", "{\"job_id\":\"" A_ULID "\"}");
	let_calls_begin();
	assert_int_equal(heard.slots[1].finished, 0);
}

int
main(void)
{
#define WITH_HOST(f) cmocka_unit_test_setup_teardown(f, open_host, close_host)
	const struct CMUnitTest tests[] = {
		WITH_HOST(a_call_goes_its_steps_and_is_answered_once),
		WITH_HOST(a_workers_refusal_is_a_result_with_its_words),
		WITH_HOST(a_worker_that_dies_of_a_call_is_blamed_on_it_and_the_second_ends_it),
		WITH_HOST(an_answer_that_cannot_be_read_ends_the_call),
		WITH_HOST(a_degraded_class_is_told),
		WITH_HOST(read_only_refuses_what_changes_anything),
		WITH_HOST(a_job_is_remembered_before_it_is_written_down_and_waited_for),
		WITH_HOST(the_id_that_an_earlier_front_gave_is_kept),
		WITH_HOST(who_waits_no_longer_is_answered_while_the_job_goes_on),
		WITH_HOST(get_job_waits_for_the_end),
		cmocka_unit_test_setup_teardown(get_job_waits_until_it_is_known_which_jobs_go_on,
		    open_unlisted, close_host),
		WITH_HOST(cancel_job_stops_the_run_and_waits_for_its_end),
		WITH_HOST(a_job_that_cannot_be_written_down_is_an_error_for_who_waits),
		WITH_HOST(a_front_that_leaves_begins_no_job),
		WITH_HOST(progress_rises_and_goes_to_who_gave_a_token),
		WITH_HOST(output_goes_to_who_wants_it_and_waits_for_its_transport),
		WITH_HOST(a_cancelled_call_gets_no_answer_and_stops_only_its_own_job),
		WITH_HOST(a_call_is_cancelled_at_each_moment),
		WITH_HOST(requests_are_found_by_their_token),
		WITH_HOST(the_tree_is_told_as_the_supervisor_tells_it),
		WITH_HOST(a_cancelled_reader_of_the_tree_leaves_no_rows_behind),
		WITH_HOST(with_nothing_open_one_leaves_at_once),
		WITH_HOST(what_can_still_be_answered_is_before_one_leaves),
		WITH_HOST(what_runs_is_cancelled_and_answered_with_its_outcome),
		WITH_HOST(what_never_answers_is_told_that_the_server_stopped),
		WITH_HOST(requests_may_be_open_when_all_is_freed),
	};

	return cmocka_run_group_tests_name("front_requests", tests, NULL, NULL);
}
