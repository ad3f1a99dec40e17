#include "tests/front/front_host.h"

#include <unistd.h>

#include "workers/runtime/log.h"

#define ASKS_MAX 300
#define FLOOD 5000

/* An ask and what became of it. */
struct watched {
	struct ask *ask;
	unsigned done, sent, lost, progress, output;
	unsigned sent_to;
	enum err error;
	enum msg_type type;
	char message[256], hint[256];
	double last_progress;
	unsigned order;              /* of its end among all */
};

static struct watched asks[ASKS_MAX];
static unsigned ended;

static void
on_done(void *arg, const struct reply *reply)
{
	struct watched *w = arg;

	w->done++;
	w->ask = NULL;
	w->error = reply->error;
	w->type = reply->type;
	w->order = ++ended;
	if (reply->message.at != NULL)
		text_copy(reply->message, w->message, sizeof(w->message));
	if (reply->hint.at != NULL)
		text_copy(reply->hint, w->hint, sizeof(w->hint));
	loop_stop(host.front.loop);
}

static void
on_sent(void *arg, unsigned index)
{
	struct watched *w = arg;

	w->sent++;
	w->sent_to = index;
}

static void
on_progress(void *arg, const struct body_progress *progress)
{
	struct watched *w = arg;

	assert_int_equal(w->done, 0);
	w->progress++;
	w->last_progress = progress->done;
	loop_stop(host.front.loop);
}

static void
on_output(void *arg, const struct body_output *output)
{
	struct watched *w = arg;

	(void)output;
	w->output++;
	if (w->output == 1 ||
	    w->output == FLOOD)    /* a loop that is stopped all the time fires no timers */
		loop_stop(host.front.loop);
}

static void
on_lost(void *arg)
{
	((struct watched *)arg)->lost++;
	loop_stop(host.front.loop);
}

static const struct ask_events all_events = {
	.done = on_done, .sent = on_sent, .progress = on_progress, .output = on_output,
	    .lost = on_lost,
};
static const struct ask_events few_events = { .done = on_done };

static int
open_host(void **state)
{
	memset(asks, 0, sizeof(asks));
	ended = 0;
	return host_open(state);
}

/* A message of little meaning to any role: JOB_LOAD, ANALYZE, PROFILE_RUN (never repeated) or
 * PROFILE_ATTACH. */
static struct watched *
ask_with(unsigned number, enum msg_type type, int index, int64_t deadline_ms,
    const struct ask_events *events)
{
	struct watched *w = &asks[number];
	struct value_writer body, facts;
	struct body_profile_run run = { .job_id = text_of(A_ULID), .code = text_of("pass"),
	    .cpu_sampling_rate = 0.01,
		.timeout = 1, .duration = 1 };
	struct body_job_load load = { .job_id = text_of(A_ULID) };
	struct body_profile_attach attach = { .job_id = text_of(A_ULID) };
	struct body_analyze analyze = { .model = { .bytes = { (const uint8_t *)"M", 1 } },
		.facts = value_from_json(&facts, "{}"), .view = text_of("x"), .top_n = number };
	const void *bodies[MSG_TYPE_END] = { [MSG_JOB_LOAD] = &load, [MSG_PROFILE_RUN] = &run,
		[MSG_PROFILE_ATTACH] = &attach, [MSG_ANALYZE] = &analyze };

	value_writer_init(&body);
	assert_int_equal(body_encode(type, bodies[type], &body), OK);
	w->ask = links_ask(host.front.links, msg_info(type)->owner, index, type, value_done(&body),
	    deadline_ms, events, w);
	assert_non_null(w->ask);
	assert_int_equal(w->done, 0);
	value_writer_fini(&body);
	value_writer_fini(&facts);
	return w;
}

static struct watched *
ask(unsigned number, enum msg_type type)
{
	return ask_with(number, type, LINK_ANY, 0, &all_events);
}

static void
expect_end(struct watched *w, enum err e)
{
	HOST_UNTIL(w->done > 0);
	if (w->error != e)
		fail_msg("%s instead of %s", err_info(w->error)->name, err_info(e)->name);
	assert_int_equal(w->done, 1);
}

/* ---- order ---- */

static void
a_worker_has_one_message_at_a_time_and_the_others_wait_in_order(void **state)
{
	(void)state;
	double_up(&host.analyzer);
	for (unsigned i = 0; i < 20; i++)
		ask(i, MSG_ANALYZE);
	assert_int_equal(links_waiting(host.front.links, ROLE_ANALYZER), 20);
	for (unsigned i = 0; i < 20; i++) {
		const struct seen *s = double_expect(&host.analyzer, MSG_ANALYZE);
		struct body_analyze body;

		seen_decode(s, &body);
		assert_int_equal(body.top_n, i);
		assert_int_equal(double_unread(&host.analyzer), 0);
		double_answer(&host.analyzer, s);
		expect_end(&asks[i], OK);
		assert_int_equal(asks[i].order, i + 1);
		assert_int_equal(asks[i].type, MSG_ANALYSIS);
		assert_int_equal(asks[i].sent, 1);
	}
	assert_int_equal(links_waiting(host.front.links, ROLE_ANALYZER), 0);
	double_settle(&host.analyzer);
	assert_int_equal(host.analyzer.acks, 20);
}

static void
two_workers_of_a_role_share_the_queue(void **state)
{
	const struct seen *first, *second;

	(void)state;
	double_up(&host.profilers[0]);
	double_up(&host.profilers[1]);
	for (unsigned i = 0; i < 3; i++)
		ask(i, MSG_PROFILE_RUN);
	first = double_expect(&host.profilers[0], MSG_PROFILE_RUN);
	second = double_expect(&host.profilers[1], MSG_PROFILE_RUN);
	assert_int_not_equal(first->number, second->number);
	double_answer(&host.profilers[1], second);
	double_expect(&host.profilers[1], MSG_PROFILE_RUN);
	assert_int_equal(asks[2].sent_to, 1);
	assert_int_equal(links_waiting(host.front.links, ROLE_PROFILER), 2);
}

static void
a_message_for_one_worker_waits_for_that_one(void **state)
{
	(void)state;
	double_up(&host.profilers[0]);
	ask_with(0, MSG_PROFILE_RUN, 1, 0, &all_events);
	ask_with(1, MSG_PROFILE_RUN, 0, 0, &all_events);
	double_expect(&host.profilers[0], MSG_PROFILE_RUN);
	assert_int_equal(asks[0].sent, 0);
	double_up(&host.profilers[1]);
	double_expect(&host.profilers[1], MSG_PROFILE_RUN);
	assert_int_equal(asks[0].sent_to, 1);
}

static void
attaching_reaches_a_worker_that_is_busy(void **state)
{
	const struct seen *run, *attach;

	(void)state;
	double_up(&host.profilers[0]);
	ask(0, MSG_PROFILE_RUN);
	run = double_expect(&host.profilers[0], MSG_PROFILE_RUN);
	ask(1, MSG_PROFILE_RUN);
	ask(2, MSG_PROFILE_ATTACH);
	attach = double_expect(&host.profilers[0], MSG_PROFILE_ATTACH);
	double_answer(&host.profilers[0], attach);
	expect_end(&asks[2], OK);
	assert_int_equal(asks[1].sent, 0);
	double_answer(&host.profilers[0], run);
	expect_end(&asks[0], OK);
	double_expect(&host.profilers[0], MSG_PROFILE_RUN);
}

static void
messages_wait_for_a_worker_that_is_not_there_yet(void **state)
{
	(void)state;
	ask(0, MSG_JOB_LOAD);
	assert_int_equal(asks[0].sent, 0);
	double_up(&host.store);
	double_answer(&host.store, double_expect(&host.store, MSG_JOB_LOAD));
	expect_end(&asks[0], OK);
}

/* The worker said that it listens, but its socket is broken: nothing was handed over. */
static void
a_channel_that_nobody_answers_on_costs_no_message_its_life(void **state)
{
	struct control_record up = { .type = CONTROL_UP, .role = ROLE_STORE, .incarnation = 1,
	    .count = 77,
		.pid = (int32_t)getpid() };

	(void)state;
	ask(0, MSG_JOB_LOAD);
	for (int i = 0; i < 5; i++) {
		up.count++;
		links_record(host.front.links, &up);
	}
	double_up(&host.store);
	double_answer(&host.store, double_expect(&host.store, MSG_JOB_LOAD));
	expect_end(&asks[0], OK);
	assert_int_equal(asks[0].lost, 0);
	assert_int_equal(asks[0].sent, 1);
}

/* ---- how messages end ---- */

static void
a_workers_error_comes_with_its_words(void **state)
{
	static const struct {
		enum err code, expected;
	} rows[] = { { ERR_NOT_FOUND, ERR_NOT_FOUND }, { ERR_BUSY, ERR_BUSY }, { OK, ERR_INTERNAL },
		{ (enum err)77, ERR_INTERNAL }, { (enum err)-9999, ERR_INTERNAL } };

	(void)state;
	double_up(&host.store);
	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		ask(i, MSG_JOB_LOAD);
		double_error(&host.store, double_expect(&host.store, MSG_JOB_LOAD), rows[i].code,
		    "words", "a hint");
		expect_end(&asks[i], rows[i].expected);
		assert_string_equal(asks[i].message, "words");
		assert_string_equal(asks[i].hint, "a hint");
	}
}

static void
a_deadline_counts_the_waiting(void **state)
{
	(void)state;
	ask_with(0, MSG_JOB_LOAD, LINK_ANY, 30, &all_events);
	expect_end(&asks[0], ERR_DEADLINE);
	assert_int_equal(asks[0].sent, 0);
	assert_int_equal(links_waiting(host.front.links, ROLE_STORE), 0);
	double_up(&host.store);
	double_settle(&host.store);
	assert_int_equal(host.store.count, 0);
}

static void
what_is_left_of_the_deadline_is_told_to_the_worker(void **state)
{
	const struct seen *s;

	(void)state;
	double_up(&host.store);
	ask_with(0, MSG_JOB_LOAD, LINK_ANY, 60000, &all_events);
	s = double_expect(&host.store, MSG_JOB_LOAD);
	assert_in_range(s->deadline_ms, 30000, 60000);
}

static void
a_worker_that_never_answers_stays_busy_and_may_still_answer(void **state)
{
	const struct seen *s;

	(void)state;
	double_up(&host.store);
	ask_with(0, MSG_JOB_LOAD, LINK_ANY, 40, &all_events);
	s = double_expect(&host.store, MSG_JOB_LOAD);
	expect_end(&asks[0], ERR_DEADLINE);
	ask(1, MSG_JOB_LOAD);
	assert_int_equal(asks[1].sent, 0);
	assert_int_equal(links_waiting(host.front.links, ROLE_STORE), 2);
	double_answer(&host.store, s);
	double_answer(&host.store, double_expect(&host.store, MSG_JOB_LOAD));
	expect_end(&asks[1], OK);
	double_settle(&host.store);
	assert_int_equal(host.store.acks, 2);
	assert_int_equal(asks[0].done, 1);
}

static void
what_cannot_be_done_twice_is_not(void **state)
{
	(void)state;
	double_up(&host.profilers[0]);
	ask(0, MSG_PROFILE_RUN);
	double_expect(&host.profilers[0], MSG_PROFILE_RUN);
	double_die(&host.profilers[0]);
	expect_end(&asks[0], ERR_WORKER_LOST);
	assert_int_equal(asks[0].lost, 1);
	double_up(&host.profilers[0]);
	double_settle(&host.profilers[0]);
	assert_int_equal(double_unread(&host.profilers[0]), 0);
}

static void
what_can_be_done_twice_is_and_not_a_third_time(void **state)
{
	const struct seen *s;

	(void)state;
	double_up(&host.store);
	ask(0, MSG_JOB_LOAD);
	ask(1, MSG_JOB_LOAD);
	s = double_expect(&host.store, MSG_JOB_LOAD);
	double_die(&host.store);
	double_up(&host.store);
	assert_int_not_equal(double_expect(&host.store, MSG_JOB_LOAD)->number, s->number);
	assert_int_equal(asks[0].sent, 2);       /* before the one that waited behind it */
	assert_int_equal(asks[0].lost, 1);
	double_die(&host.store);
	expect_end(&asks[0], ERR_POISONED);
	assert_int_equal(asks[0].lost, 2);
	double_up(&host.store);
	double_answer(&host.store, double_expect(&host.store, MSG_JOB_LOAD));
	expect_end(&asks[1], OK);
	assert_int_equal(asks[1].lost, 0);
}

static void
a_channel_that_closes_is_a_loss_until_the_worker_offers_another(void **state)
{
	(void)state;
	double_up(&host.store);
	ask(0, MSG_JOB_LOAD);
	double_expect(&host.store, MSG_JOB_LOAD);
	double_hang_up(&host.store);
	HOST_UNTIL(asks[0].lost > 0);
	double_offer(&host.store);
	double_answer(&host.store, double_expect(&host.store, MSG_JOB_LOAD));
	expect_end(&asks[0], OK);
	assert_int_equal(asks[0].sent, 2);
}

/* ---- taking back ---- */

static void
what_waits_is_taken_back_at_once(void **state)
{
	(void)state;
	ask(0, MSG_JOB_LOAD);
	ask_cancel(asks[0].ask);
	ask_cancel(asks[0].ask);
	assert_int_equal(asks[0].done, 0);
	double_up(&host.store);
	expect_end(&asks[0], ERR_CANCELLED);
	double_settle(&host.store);
	assert_int_equal(host.store.count, 0);
}

static void
a_worker_is_told_to_stop_once_and_its_answer_counts(void **state)
{
	const struct seen *s;

	(void)state;
	double_up(&host.profilers[0]);
	ask(0, MSG_PROFILE_RUN);
	s = double_expect(&host.profilers[0], MSG_PROFILE_RUN);
	ask_cancel(asks[0].ask);
	ask_cancel(asks[0].ask);
	HOST_UNTIL(host.profilers[0].cancels > 0);
	assert_int_equal(host.profilers[0].cancelled, s->number);
	double_answer(&host.profilers[0], s);
	expect_end(&asks[0], OK);
	double_settle(&host.profilers[0]);
	assert_int_equal(host.profilers[0].cancels, 1);
}

static void
a_cancelled_message_whose_worker_dies_is_cancelled(void **state)
{
	static const struct {
		enum msg_type type;
		struct double_worker *d;
	} rows[] = { { MSG_PROFILE_RUN, &host.profilers[0] }, { MSG_JOB_LOAD, &host.store } };

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		double_up(rows[i].d);
		ask(i, rows[i].type);
		double_expect(rows[i].d, rows[i].type);
		ask_cancel(asks[i].ask);
		double_die(rows[i].d);
		expect_end(&asks[i], ERR_CANCELLED);
	}
}

static void
nobody_hears_of_a_forgotten_message(void **state)
{
	const struct seen *s;

	(void)state;
	double_up(&host.store);
	ask(0, MSG_JOB_LOAD);
	ask(1, MSG_JOB_LOAD);
	s = double_expect(&host.store, MSG_JOB_LOAD);
	ask_forget(&asks[0].ask);
	ask_forget(&asks[0].ask);
	ask_forget(&asks[1].ask);
	double_progress(&host.store, s, 1);
	double_output(&host.store, s, "12345");
	double_answer(&host.store, s);
	double_settle(&host.store);
	assert_int_equal(asks[0].done + asks[1].done + asks[0].progress + asks[0].output, 0);
	assert_int_equal(host.store.count, 1);
	assert_int_equal(host.store.acks, 1);
	assert_int_equal(host.store.taken, 5);   /* so that nobody waits for a reader */
}

static void
files_of_an_answer_that_nobody_waits_for_are_removed(void **state)
{
	struct body_profile_model body = { .outcome = text_of("ok") };
	char name[SPOOL_NAME_MAX + 1], path[256];
	struct value_writer w, summary;
	const struct seen *s;
	static uint8_t large[LIMIT_INLINE];

	(void)state;
	double_up(&host.analyzer);
	value_writer_init(&w);
	assert_int_equal(body_encode(MSG_PROFILE_READ,
	    &(struct body_profile_read){ .run_outcome = text_of("ok"),
	    .program = text_of("p") }, &w), OK);
	asks[0].ask = links_ask(host.front.links, ROLE_ANALYZER, LINK_ANY, MSG_PROFILE_READ,
	    value_done(&w), 0,
	    &all_events, &asks[0]);
	value_writer_fini(&w);
	s = double_expect(&host.analyzer, MSG_PROFILE_READ);
	ask_forget(&asks[0].ask);
	assert_int_equal(spool_put(host.front.spool, large, sizeof(large), name, &body.model), OK);
	snprintf(path, sizeof(path), "%s/%s", host.dir, name);
	assert_int_equal(access(path, F_OK), 0);
	body.summary = value_from_json(&summary, "{}");
	double_send(&host.analyzer, s->number, MSG_PROFILE_MODEL, &body);
	double_settle(&host.analyzer);
	assert_int_not_equal(access(path, F_OK), 0);
	value_writer_fini(&summary);
}

/* ---- a class over its limit ---- */

static void
only_a_degraded_class_refuses(void **state)
{
	(void)state;
	ask(0, MSG_JOB_LOAD);
	double_record(&host.store, CONTROL_DEGRADED, 60000);
	expect_end(&asks[0], ERR_DEGRADED);
	ask(1, MSG_JOB_LOAD);
	expect_end(&asks[1], ERR_DEGRADED);
	ask(2, MSG_ANALYZE);
	double_up(&host.analyzer);
	double_answer(&host.analyzer, double_expect(&host.analyzer, MSG_ANALYZE));
	expect_end(&asks[2], OK);
	double_up(&host.store);
	ask(3, MSG_JOB_LOAD);
	double_answer(&host.store, double_expect(&host.store, MSG_JOB_LOAD));
	expect_end(&asks[3], OK);
}

static void
a_class_with_a_worker_left_does_not_refuse(void **state)
{
	(void)state;
	double_up(&host.profilers[0]);
	ask(0, MSG_PROFILE_RUN);
	ask(1, MSG_PROFILE_RUN);
	double_expect(&host.profilers[0], MSG_PROFILE_RUN);
	double_record(&host.profilers[1], CONTROL_DEGRADED, 60000);
	double_settle(&host.profilers[0]);
	assert_int_equal(asks[0].done + asks[1].done, 0);
}

static void
after_its_rest_a_class_is_waited_for_again(void **state)
{
	(void)state;
	double_record(&host.store, CONTROL_DEGRADED, 0);
	ask(0, MSG_JOB_LOAD);
	double_up(&host.store);
	double_answer(&host.store, double_expect(&host.store, MSG_JOB_LOAD));
	expect_end(&asks[0], OK);
}

/* ---- workers that misbehave ---- */

static void
answer_of_another_type(struct double_worker *d, const struct seen *s)
{
	double_opened(d, s, "queued");
}

static void
answer_with_a_request(struct double_worker *d, const struct seen *s)
{
	double_send(d, s->number, MSG_JOB_LOAD,
	    &(struct body_job_load){ .job_id = text_of(A_ULID) });
}

static void
answer_with_an_acknowledgement(struct double_worker *d, const struct seen *s)
{
	double_send(d, s->number, MSG_ACK, &(struct body_ack){ .end_ = 0 });
}

static void
answer_with_an_error_that_is_none(struct double_worker *d, const struct seen *s)
{
	const struct frame f = { .type = MSG_ERROR, .request = s->number,
	    .incarnation = d->incarnation,
		.body = { (const uint8_t *)"\x91\xc0", 2 } };

	assert_int_equal(mailbox_send_frame(d->mailbox, &f), OK);
}

static void
wrong_answers_end_the_message_as_malformed(void **state)
{
	static void (*const wrong[])(struct double_worker *d,
	    const struct seen *s) = { answer_of_another_type,
		answer_with_a_request, answer_with_an_acknowledgement,
		    answer_with_an_error_that_is_none };

	(void)state;
	double_up(&host.store);
	for (unsigned i = 0; i < COUNT_OF(wrong); i++) {
		ask(i, MSG_JOB_LOAD);
		wrong[i](&host.store, double_expect(&host.store, MSG_JOB_LOAD));
		expect_end(&asks[i], ERR_MALFORMED);
	}
	double_settle(&host.store);
}

static void
what_is_no_answer_to_anything_is_dropped(void **state)
{
	static const uint8_t garbage[] = { 0x96, 0x01, 0x02 };
	const struct body_progress late = { .done = 5 };
	struct double_worker *d = &host.store;
	const struct seen *s;

	(void)state;
	double_up(d);
	ask(0, MSG_JOB_LOAD);
	s = double_expect(d, MSG_JOB_LOAD);
	d->incarnation++;                        /* not the one the supervisor announced */
	double_answer(d, s);
	double_progress(d, s, 1);
	d->incarnation--;
	assert_int_equal(mailbox_send(d->mailbox, garbage, sizeof(garbage)), OK);
	assert_int_equal(mailbox_send(d->mailbox, "", 0), OK);
	double_send(d, s->number + 1, MSG_ERROR, &(struct body_error){ .code = ERR_BUSY });
	double_send(d, 0, MSG_ERROR, &(struct body_error){ .code = ERR_BUSY });
	double_answer(d, s);
	double_answer(d, s);
	double_send(d, s->number, MSG_PROGRESS, &late);
	expect_end(&asks[0], OK);
	double_settle(d);
	assert_int_equal(asks[0].progress, 0);
	assert_int_equal(d->acks, 1);
}

static void
progress_and_output_go_to_who_wants_them(void **state)
{
	const struct seen *s;

	(void)state;
	double_up(&host.store);
	ask(0, MSG_JOB_LOAD);
	s = double_expect(&host.store, MSG_JOB_LOAD);
	double_progress(&host.store, s, 1);
	double_progress(&host.store, s, 2);
	double_output(&host.store, s, "hello");
	HOST_UNTIL(asks[0].output == 1);
	assert_int_equal(asks[0].progress, 2);
	assert_true(asks[0].last_progress == 2);
	ask_output_taken(asks[0].ask, 5);
	double_answer(&host.store, s);
	expect_end(&asks[0], OK);
	ask_with(1, MSG_JOB_LOAD, LINK_ANY, 0, &few_events);
	s = double_expect(&host.store, MSG_JOB_LOAD);
	double_progress(&host.store, s, 1);
	double_output(&host.store, s, "unread");
	double_answer(&host.store, s);
	expect_end(&asks[1], OK);
	double_settle(&host.store);
	assert_int_equal(host.store.taken, 5 + 6);
}

static void
stop_loop(void *arg)
{
	*(bool *)arg = true;
	loop_stop(host.front.loop);
}

static void
a_flood_from_one_worker_holds_up_nobody(void **state)
{
	struct timer *t;
	bool fired = false;
	const struct seen *s;

	(void)state;
	double_up(&host.profilers[0]);
	double_up(&host.store);
	ask(0, MSG_PROFILE_RUN);
	s = double_expect(&host.profilers[0], MSG_PROFILE_RUN);
	for (int i = 0; i < FLOOD; i++)
		double_output(&host.profilers[0], s, "output that never ends");
	t = loop_timer(host.front.loop, stop_loop, &fired);
	timer_start(t, 0);
	ask(1, MSG_JOB_LOAD);
	double_answer(&host.store, double_expect(&host.store, MSG_JOB_LOAD));
	expect_end(&asks[1], OK);
	HOST_UNTIL(fired);
	assert_true(asks[0].output < FLOOD);      /* it was answered in between */
	HOST_UNTIL(asks[0].output == FLOOD);
	timer_close(&t);
}

static void
records_of_strangers_and_of_old_incarnations_change_nothing(void **state)
{
	struct double_worker stranger = { .role = ROLE_STORE, .index = 5, .incarnation = 1 };
	struct double_worker old;

	(void)state;
	double_up(&host.store);
	double_up(&host.store);
	ask(0, MSG_JOB_LOAD);
	const struct seen *s = double_expect(&host.store, MSG_JOB_LOAD);
	double_record(&stranger, CONTROL_UP, 0);
	double_record(&stranger, CONTROL_DOWN, 0);
	stranger.role = ROLE_FRONT;
	double_record(&stranger, CONTROL_UP, 0);
	old = (struct double_worker){ .role = ROLE_STORE, .incarnation = 1 };
	double_record(&old, CONTROL_DOWN, 0);
	double_answer(&host.store, s);
	expect_end(&asks[0], OK);
	assert_int_equal(asks[0].lost, 0);
}

/* ---- the end ---- */

static void
asks_may_be_open_when_all_is_freed(void **state)
{
	(void)state;
	double_up(&host.store);
	ask(0, MSG_JOB_LOAD);
	double_expect(&host.store, MSG_JOB_LOAD);
	ask(1, MSG_JOB_LOAD);
	ask(2, MSG_ANALYZE);
	ask_cancel(asks[1].ask);
}

int
main(void)
{
#define WITH_HOST(f) cmocka_unit_test_setup_teardown(f, open_host, host_close)
	const struct CMUnitTest tests[] = {
		WITH_HOST(a_worker_has_one_message_at_a_time_and_the_others_wait_in_order),
		WITH_HOST(two_workers_of_a_role_share_the_queue),
		WITH_HOST(a_message_for_one_worker_waits_for_that_one),
		WITH_HOST(attaching_reaches_a_worker_that_is_busy),
		WITH_HOST(messages_wait_for_a_worker_that_is_not_there_yet),
		WITH_HOST(a_channel_that_nobody_answers_on_costs_no_message_its_life),
		WITH_HOST(a_workers_error_comes_with_its_words),
		WITH_HOST(a_deadline_counts_the_waiting),
		WITH_HOST(what_is_left_of_the_deadline_is_told_to_the_worker),
		WITH_HOST(a_worker_that_never_answers_stays_busy_and_may_still_answer),
		WITH_HOST(what_cannot_be_done_twice_is_not),
		WITH_HOST(what_can_be_done_twice_is_and_not_a_third_time),
		WITH_HOST(a_channel_that_closes_is_a_loss_until_the_worker_offers_another),
		WITH_HOST(what_waits_is_taken_back_at_once),
		WITH_HOST(a_worker_is_told_to_stop_once_and_its_answer_counts),
		WITH_HOST(a_cancelled_message_whose_worker_dies_is_cancelled),
		WITH_HOST(nobody_hears_of_a_forgotten_message),
		WITH_HOST(files_of_an_answer_that_nobody_waits_for_are_removed),
		WITH_HOST(only_a_degraded_class_refuses),
		WITH_HOST(a_class_with_a_worker_left_does_not_refuse),
		WITH_HOST(after_its_rest_a_class_is_waited_for_again),
		WITH_HOST(wrong_answers_end_the_message_as_malformed),
		WITH_HOST(what_is_no_answer_to_anything_is_dropped),
		WITH_HOST(progress_and_output_go_to_who_wants_them),
		WITH_HOST(a_flood_from_one_worker_holds_up_nobody),
		WITH_HOST(records_of_strangers_and_of_old_incarnations_change_nothing),
		WITH_HOST(asks_may_be_open_when_all_is_freed),
	};

	log_threshold(LOG_PANIC);
	return cmocka_run_group_tests_name("front_link", tests, NULL, NULL);
}
