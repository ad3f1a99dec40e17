/*
 * A real worker process, this executable run again as one, and the test in the places of its
 * supervisor and its front.
 */
#include "tests/runtime/turn.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/control.h"
#include "protocol/exit.h"
#include "protocol/inherit.h"
#include "workers/runtime/mailbox.h"
#include "workers/runtime/worker.h"

#define WORKER_INCARNATION 4
#define INDEX 2
#define FRONT 11                 /* the front's first incarnation */
#define RECORDS_MAX 256
#define ANSWERS_MAX 64

/* ---- the worker ---- */

static enum err
answer_at_once(struct worker *w, const struct request *request, const void *body)
{
	const struct body_job_load *load = body;
	struct body_job_loaded answer;
	struct value_writer v;

	value_writer_init(&v);
	value_map(&v, 2);
	value_put_text(&v, "job_id", load->job_id);
	value_put_int(&v, "deadline_ms", request->deadline_ms);
	answer.result = value_done(&v);
	worker_answer(w, request->number, MSG_JOB_LOADED, &answer);
	worker_answer(w, request->number, MSG_JOB_LOADED,
	    &answer);      /* a second one goes nowhere */
	worker_fail(w, request->number, ERR_INTERNAL, "too late", NULL);
	value_writer_fini(&v);
	return OK;
}

static enum err
return_an_error(struct worker *w, const struct request *request, const void *body)
{
	(void)w, (void)request, (void)body;
	return ERR_CORRUPT;
}

static enum err
refuse_at_length(struct worker *w, const struct request *request, const void *body)
{
	char longer[4001] = "x";

	(void)body;
	for (size_t i = 1; i + 2 < sizeof(longer); i += 2)
		memcpy(longer + i, "\xc3\xa9", 3);
	return worker_refuse(w, request->number, ERR_NOT_FOUND, longer, "%s", longer);
}

static enum err
report_and_answer(struct worker *w, const struct request *request, const void *body)
{
	const struct body_job_marked answer = { .end_ = 0 };

	(void)body;
	worker_progress(w, request->number, 1, 2, "half");
	worker_output(w, request->number, 2, "out", 3);
	worker_answer(w, request->number, MSG_JOB_MARKED, &answer);
	worker_progress(w, request->number, 2, 2, "too late");
	return OK;
}

static enum err
answer_too_much(struct worker *w, const struct request *request, const void *body)
{
	struct body_job_closed answer;
	struct value_writer v;

	(void)body;
	value_writer_init(&v);
	value_bytes(&v, worker_state(w), 65536);
	answer.result = value_done(&v);
	worker_answer(w, request->number, MSG_JOB_CLOSED, &answer);
	value_writer_fini(&v);
	return OK;
}

static uint64_t held_number;

static enum err
hold(struct worker *w, const struct request *request, const void *body)
{
	(void)w, (void)body;
	held_number = request->number;
	return OK;
}

static void
answer_held(struct worker *w, uint64_t number, const char *why)
{
	worker_fail(w, number, ERR_CANCELLED, why, NULL);
}

static void
on_cancel(struct worker *w, uint64_t number)
{
	answer_held(w, number, "cancelled");
}

static void
on_drain(struct worker *w)
{
	answer_held(w, held_number, "drained");
}

static void
on_output_taken(struct worker *w, uint64_t number, int64_t bytes)
{
	worker_progress(w, number, (double)bytes, 0, "taken");
}

static enum err
check_open(struct worker *w)
{
	const char *how = getenv("TEST_OPEN");

	assert_non_null(worker_spool(w));
	return how == NULL ? OK : (enum err)atoi(how);
}

static int
be_worker(int argc, char **argv)
{
	static char bytes[65536];
	static const struct handler handlers[] = {
		{ MSG_JOB_LOAD, answer_at_once },
		{ MSG_JOB_OPEN, return_an_error },
		{ MSG_PROFILE_LOAD, refuse_at_length },
		{ MSG_JOB_MARK, report_and_answer },
		{ MSG_JOB_CLOSE, answer_too_much },
		{ MSG_JOB_UNFINISHED, hold },
		{ MSG_NONE, NULL },
	};
	const struct worker_spec spec = { .role = ROLE_STORE, .name = "test-worker",
	    .handlers = handlers,
		.state = bytes, .open = check_open, .cancel = on_cancel,
		    .output_taken = on_output_taken,
		.drain = on_drain };

	return worker_main(&spec, argc, argv);
}

/* ---- its supervisor and its front ---- */

struct answer {
	enum msg_type type;
	uint64_t request;
	struct body_error error;
	struct body_progress progress;
	struct body_output output;
	char text[4096];             /* of error, progress or output */
	int64_t deadline_ms;         /* of JOB_LOADED */
};

static struct {
	char dir[64];
	struct loop *loop;
	pid_t worker;
	int control_fd;
	struct watch *control;
	struct mailbox *mailbox;
	uint32_t incarnation;        /* the front's */
	uint32_t channel;            /* where the worker said it listens */
	struct control_record records[RECORDS_MAX];
	unsigned record_count, seen; /* seen: by expect_record */
	bool control_ended;
	struct answer answers[ANSWERS_MAX];
	unsigned answer_count, answers_seen;
	unsigned gone;
} here;

static void
on_control(void *arg, short revents)
{
	(void)arg, (void)revents;
	for (;;) {
		struct control_record r;
		enum err e = control_receive(here.control_fd, &r);

		if (e == ERR_BUSY)
			break;
		if (e == ERR_WORKER_LOST) {
			here.control_ended = true;
			watch_close(&here.control);
			break;
		}
		assert_int_equal(e, OK);
		assert_int_equal(r.role, ROLE_STORE);
		assert_int_equal(r.index, INDEX);
		assert_int_equal(r.incarnation, WORKER_INCARNATION);
		assert_true(here.record_count < RECORDS_MAX);
		here.records[here.record_count++] = r;
	}
	loop_stop(here.loop);
}

static const struct control_record *
next_record(void)
{
	TURN_UNTIL(here.loop, here.seen < here.record_count || here.control_ended);
	return here.seen < here.record_count ? &here.records[here.seen++] : NULL;
}

/* The next record that is no beat. */
static const struct control_record *
expect_record(enum control_type type, uint32_t peer_incarnation)
{
	const struct control_record *r;

	do {
		r = next_record();
		if (r == NULL)
			fail_msg("the worker is gone instead of saying %d", type);
	} while (r->type == CONTROL_BEAT);
	assert_int_equal(r->type, type);
	assert_int_equal(r->peer_incarnation, peer_incarnation);
	return r;
}

static void
tell(enum control_type type, uint32_t incarnation)
{
	const struct control_record r = { .type = type, .role = ROLE_FRONT,
	    .incarnation = incarnation,
		.pid = (int32_t)getpid(), .value_ms = 1000 };

	assert_int_equal(control_send(here.control_fd, &r), OK);
}

static void
start_worker(const char *open_result)
{
	int pair[2], fds[2] = { -1, -1 };
	const char *arguments[] = { "--index=2", "--incarnation=4", "--instance=" A_ULID, "--state",
	    here.dir, "--runtime",
		here.dir, "--log-level=error", NULL };

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	fds[0] = pair[1];
	if (open_result != NULL)
		setenv("TEST_OPEN", open_result, 1);
	here.worker = spawn_self(arguments, fds);
	unsetenv("TEST_OPEN");
	close(pair[1]);
	here.control_fd = pair[0];
	here.control = loop_watch(here.loop, here.control_fd, POLLIN, on_control, NULL);
	assert_non_null(here.control);
}

static void
keep_text(struct answer *a, struct text t)
{
	assert_true(t.len < sizeof(a->text));
	memcpy(a->text, t.at, t.len);
	a->text[t.len] = 0;
}

static void
on_message(void *arg, const uint8_t *bytes, size_t len)
{
	struct answer *a = &here.answers[here.answer_count++];
	struct frame f;

	(void)arg;
	assert_true(here.answer_count <= ANSWERS_MAX);
	assert_int_equal(frame_decode(bytes, len, &f), OK);
	assert_int_equal(f.incarnation, WORKER_INCARNATION);
	a->type = f.type;
	a->request = f.request;
	if (f.type == MSG_ERROR) {
		assert_int_equal(body_decode(f.type, f.body, &a->error), OK);
		keep_text(a, a->error.message.at != NULL ? a->error.message : text_of(""));
	} else if (f.type == MSG_PROGRESS) {
		assert_int_equal(body_decode(f.type, f.body, &a->progress), OK);
		keep_text(a, a->progress.message);
	} else if (f.type == MSG_OUTPUT) {
		assert_int_equal(body_decode(f.type, f.body, &a->output), OK);
		keep_text(a, a->output.text);
	} else if (f.type == MSG_JOB_LOADED) {
		struct body_job_loaded loaded;
		struct value_tree tree;

		assert_int_equal(body_decode(f.type, f.body, &loaded), OK);
		assert_int_equal(value_parse(loaded.result, &tree), OK);
		a->deadline_ms = value_get_int(value_root(&tree), "deadline_ms", -1);
		value_tree_fini(&tree);
	}
	loop_stop(here.loop);
}

static void
on_gone(void *arg)
{
	(void)arg;
	here.gone++;
	loop_stop(here.loop);
}

static const struct answer *
next_answer(void)
{
	TURN_UNTIL(here.loop, here.answers_seen < here.answer_count || here.gone > 0);
	assert_true(here.answers_seen < here.answer_count);
	return &here.answers[here.answers_seen++];
}

static void
dial(uint32_t front)
{
	char path[108];

	here.incarnation = front;
	assert_int_equal(channel_path(path, sizeof(path), here.dir, ROLE_STORE, INDEX,
	    WORKER_INCARNATION, front, here.channel), OK);
	assert_int_equal(mailbox_dial(here.loop, path, here.worker, on_message, on_gone, NULL,
	    &here.mailbox), OK);
}

static void
come_up(uint32_t front)
{
	tell(CONTROL_UP, front);
	here.channel = expect_record(CONTROL_READY, front)->count;
	dial(front);
}

static void
send_body(uint64_t number, enum msg_type type, const void *body)
{
	const struct frame f = { .type = type, .request = number, .incarnation = here.incarnation,
	    .deadline_ms = 1234 };

	assert_int_equal(mailbox_send_body(here.mailbox, &f, body), OK);
}

static void
send_load(uint64_t number)
{
	send_body(number, MSG_JOB_LOAD, &(struct body_job_load){ .job_id = text_of(A_ULID) });
}

static void
send_ack(uint64_t number)
{
	send_body(number, MSG_ACK, &(struct body_ack){ .end_ = 0 });
}

static void
send_held(uint64_t number)
{
	send_body(number, MSG_JOB_UNFINISHED,
	    &(struct body_job_unfinished){ .instance = text_of(A_ULID) });
}

/* The worker has handled everything sent before, and answered nothing else in between. */
static void
expect_sentinel(uint64_t number)
{
	const struct answer *a;

	send_load(number);
	a = next_answer();
	assert_int_equal(a->type, MSG_JOB_LOADED);
	assert_int_equal(a->request, number);
	send_ack(number);
}

static void
expect_error(uint64_t number, enum err e, const char *message)
{
	const struct answer *a = next_answer();

	assert_int_equal(a->type, MSG_ERROR);
	assert_int_equal(a->request, number);
	assert_int_equal(a->error.code, e);
	if (message != NULL)
		assert_string_equal(a->text, message);
}

static void
expect_exit(int status)
{
	TURN_UNTIL(here.loop, here.control_ended);
	assert_int_equal(reap(here.worker), status);
	here.worker = 0;
}

static int
open_place(void **state)
{
	(void)state;
	memset(&here, 0, sizeof(here));
	here.control_fd = -1;
	scratch_make(here.dir);
	here.loop = loop_new();
	return here.loop == NULL;
}

static int
close_place(void **state)
{
	(void)state;
	if (here.worker > 0) {
		kill(here.worker, SIGKILL);
		reap(here.worker);
	}
	mailbox_close(&here.mailbox);
	watch_close(&here.control);
	if (here.control_fd >= 0)
		close(here.control_fd);
	loop_free(here.loop);
	scratch_remove(here.dir);
	return 0;
}

static int
open_connected(void **state)
{
	if (open_place(state) != 0)
		return 1;
	start_worker(NULL);
	expect_record(CONTROL_READY, 0);
	come_up(FRONT);
	return 0;
}

/* ---- start and end ---- */

static void
it_is_ready_and_then_listens_for_the_front(void **state)
{
	const struct control_record *r;

	(void)state;
	start_worker(NULL);
	r = expect_record(CONTROL_READY, 0);
	assert_int_equal(r->pid, here.worker);
	come_up(FRONT);
	expect_sentinel(1);
}

static void
what_open_says_decides_the_exit_status(void **state)
{
	static const struct {
		enum err open;
		int status;
	} rows[] = { { ERR_STORAGE, EXIT_CODE_STORAGE }, { ERR_CORRUPT, EXIT_CODE_STORAGE },
		{ ERR_STORAGE_FULL, EXIT_CODE_STORAGE }, { ERR_NO_MEMORY, EXIT_CODE_INTERNAL } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char number[16];

		snprintf(number, sizeof(number), "%d", rows[i].open);
		start_worker(number);
		expect_exit(rows[i].status);
		assert_int_equal(here.record_count, 0);
		close(here.control_fd);
		here.control_ended = false;
	}
	here.control_fd = -1;
}

static void
it_leaves_when_its_parent_is_lost(void **state)
{
	(void)state;
	send_held(1);
	expect_sentinel(2);
	watch_close(&here.control);
	close(here.control_fd);
	here.control_fd = -1;
	assert_int_equal(reap(here.worker), EXIT_CODE_PARENT_LOST);
	here.worker = 0;
}

static void
it_leaves_when_its_parent_is_lost_before_a_front_came(void **state)
{
	(void)state;
	start_worker(NULL);
	expect_record(CONTROL_READY, 0);
	watch_close(&here.control);
	close(here.control_fd);
	here.control_fd = -1;
	assert_int_equal(reap(here.worker), EXIT_CODE_PARENT_LOST);
	here.worker = 0;
}

static void
without_a_front_it_drains_at_once(void **state)
{
	(void)state;
	start_worker(NULL);
	expect_record(CONTROL_READY, 0);
	tell(CONTROL_DRAIN, 0);
	expect_exit(EXIT_CODE_OK);
}

static void
a_front_that_comes_while_it_drains_gets_nothing(void **state)
{
	(void)state;
	send_load(1);
	next_answer();
	tell(CONTROL_DRAIN, 0);
	tell(CONTROL_UP, FRONT + 1);
	send_load(2);
	next_answer();
	send_ack(2);
	send_ack(1);
	for (const struct control_record *r; (r = next_record()) != NULL;)
		assert_int_not_equal(r->type, CONTROL_READY);
	expect_exit(EXIT_CODE_OK);
}

static void
draining_it_waits_for_the_last_acknowledgement(void **state)
{
	(void)state;
	send_load(1);
	send_held(2);
	assert_int_equal(next_answer()->type, MSG_JOB_LOADED);
	expect_sentinel(3);
	tell(CONTROL_DRAIN, 0);
	expect_error(2, ERR_CANCELLED, "drained");
	send_ack(2);
	expect_sentinel(4);
	assert_int_equal(waitpid(here.worker, NULL, WNOHANG), 0);
	send_ack(1);
	expect_exit(EXIT_CODE_OK);
}

static void
draining_it_does_not_wait_for_a_front_that_is_gone(void **state)
{
	(void)state;
	send_load(1);
	next_answer();
	tell(CONTROL_DRAIN, 0);
	mailbox_close(&here.mailbox);
	expect_exit(EXIT_CODE_OK);
}

/* ---- requests ---- */

static void
a_request_is_announced_answered_once_and_the_first_answer_reported(void **state)
{
	static const enum control_type expected[] = { CONTROL_BUSY, CONTROL_DONE, CONTROL_BEAT };
	const struct answer *a;

	(void)state;
	send_load(7);
	a = next_answer();
	assert_int_equal(a->type, MSG_JOB_LOADED);
	assert_int_equal(a->request, 7);
	assert_int_equal(a->deadline_ms, 1234);
	while (here.seen < here.record_count && here.records[here.seen].type == CONTROL_BEAT)
		here.seen++;         /* of the time before */
	for (size_t i = 0; i < COUNT_OF(expected); i++)
		assert_int_equal(next_record()->type, expected[i]);
	assert_string_equal(here.records[here.seen - 3].text, "JOB_LOAD");
	assert_int_equal(here.records[here.seen - 3].value_ms, 10000 + 1000);
	send_ack(7);
	expect_sentinel(8);
	expect_sentinel(9);
	assert_int_equal(here.answer_count, 3);
	expect_record(CONTROL_BUSY, 0);
	expect_record(CONTROL_BUSY, 0);      /* and no DONE in between */
}

static void
a_handlers_error_is_the_answer(void **state)
{
	struct value_writer v;

	(void)state;
	value_writer_init(&v);
	value_map(&v, 0);
	send_body(1, MSG_JOB_OPEN, &(struct body_job_open){ .job_id = text_of(A_ULID),
	    .instance = text_of(A_ULID),
	    .tool = text_of("t"), .arguments = value_done(&v) });
	expect_error(1, ERR_CORRUPT, "");
	value_writer_fini(&v);
}

static void
texts_over_their_limit_are_cut_between_characters(void **state)
{
	const struct answer *a;

	(void)state;
	send_body(1, MSG_PROFILE_LOAD,
	    &(struct body_profile_load){ .profile_id = text_of(A_ULID) });
	a = next_answer();
	assert_int_equal(a->error.code, ERR_NOT_FOUND);
	assert_int_equal(strlen(a->text), 2047);
	assert_int_equal(a->error.hint.len, 2047);
}

static void
an_answer_that_cannot_be_sent_becomes_an_error(void **state)
{
	(void)state;
	send_body(1, MSG_JOB_CLOSE, &(struct body_job_close){ .job_id = text_of(A_ULID) });
	expect_error(1, ERR_TOO_LARGE, NULL);
	send_ack(1);
	expect_sentinel(2);
}

static void
progress_and_output_come_before_the_answer_and_not_after(void **state)
{
	static const enum msg_type expected[] = { MSG_PROGRESS, MSG_OUTPUT, MSG_JOB_MARKED };

	(void)state;
	send_body(1, MSG_JOB_MARK, &(struct body_job_mark){ .job_id = text_of(A_ULID),
	    .state = text_of("running") });
	for (size_t i = 0; i < COUNT_OF(expected); i++)
		assert_int_equal(next_answer()->type, expected[i]);
	expect_sentinel(2);
	assert_string_equal(here.answers[0].text, "half");
	assert_string_equal(here.answers[1].text, "out");
	assert_int_equal(here.answers[1].output.stream, 2);
}

static void
what_cannot_be_decoded_is_answered_with_malformed(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "\x90", 1 },                   /* no fields */
		{ "\x91\xc0", 2 },               /* a required one is nil */
		{ "\x91\x07", 2 },               /* of another type */
		{ "\x92\xa1x\xa1y", 5 },         /* one too many */
		{ "\x07", 1 },                   /* no array */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct frame f = { .type = MSG_JOB_LOAD, .request = i + 1,
		    .incarnation = FRONT,
			.body = { (const uint8_t *)rows[i].bytes, rows[i].len } };

		assert_int_equal(mailbox_send_frame(here.mailbox, &f), OK);
		expect_error(i + 1, ERR_MALFORMED, "");
		send_ack(i + 1);
	}
	expect_sentinel(100);
}

static void
what_is_not_for_this_worker_is_dropped(void **state)
{
	static const uint8_t garbage[] = { 0x96, 0xff, 0x00 };
	struct body_job_load body = { .job_id = text_of(A_ULID) };
	struct frame stale = { .type = MSG_JOB_LOAD, .request = 3, .incarnation = FRONT - 1 };

	(void)state;
	assert_int_equal(mailbox_send_body(here.mailbox, &stale, &body), OK);
	stale.incarnation = FRONT + 1;
	assert_int_equal(mailbox_send_body(here.mailbox, &stale, &body), OK);
	assert_int_equal(mailbox_send(here.mailbox, garbage, sizeof(garbage)), OK);
	assert_int_equal(mailbox_send(here.mailbox, "", 0), OK);
	/* a message that nobody handles here, one that is no request, and notices about nothing */
	send_body(4, MSG_PROFILE_ATTACH,
	    &(struct body_profile_attach){ .job_id = text_of(A_ULID) });
	send_body(5, MSG_JOB_MARKED, &(struct body_job_marked){ .end_ = 0 });
	send_body(6, MSG_CANCEL, &(struct body_cancel){ .end_ = 0 });
	send_ack(7);
	send_body(8, MSG_OUTPUT_TAKEN, &(struct body_output_taken){ .bytes = 5 });
	expect_sentinel(9);
	assert_int_equal(here.answer_count, 1);
}

static void
a_number_that_is_in_use_is_dropped_until_it_was_acknowledged(void **state)
{
	(void)state;
	send_load(1);
	next_answer();
	send_load(1);
	expect_sentinel(2);
	send_ack(1);
	send_load(1);
	assert_int_equal(next_answer()->request, 1);
	assert_int_equal(here.answer_count, 3);
}

static void
an_open_request_is_cancelled_once(void **state)
{
	(void)state;
	send_held(1);
	send_body(1, MSG_OUTPUT_TAKEN, &(struct body_output_taken){ .bytes = 17 });
	assert_true(next_answer()->progress.done == 17);
	send_ack(1);                         /* of what was not answered yet: changes nothing */
	send_body(1, MSG_CANCEL, &(struct body_cancel){ .end_ = 0 });
	send_body(1, MSG_CANCEL, &(struct body_cancel){ .end_ = 0 });
	expect_error(1, ERR_CANCELLED, "cancelled");
	send_body(1, MSG_CANCEL, &(struct body_cancel){ .end_ = 0 });
	expect_sentinel(2);
}

/* ---- fronts come and go ---- */

/* READY for that front, whatever is said before. */
static void
await_ready(uint32_t front)
{
	const struct control_record *r;

	do
		r = next_record();
	while (r != NULL && r->type != CONTROL_READY);
	assert_non_null(r);
	assert_int_equal(r->peer_incarnation, front);
	here.channel = r->count;
}

static void
a_front_that_hangs_up_is_offered_another_channel(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 10; i++) {
		send_held(1);        /* the same number each time: the old one is forgotten */
		expect_sentinel(2);
		mailbox_close(&here.mailbox);
		await_ready(FRONT);
		dial(FRONT);
	}
	expect_sentinel(3);
}

static void
the_next_front_has_a_path_of_its_own_and_old_requests_are_forgotten(void **state)
{
	(void)state;
	send_held(1);
	expect_sentinel(2);
	tell(CONTROL_DOWN, FRONT);
	tell(CONTROL_UP, FRONT + 1);
	await_ready(FRONT + 1);
	TURN_UNTIL(here.loop, here.gone > 0);
	here.gone = 0;
	mailbox_close(&here.mailbox);
	dial(FRONT + 1);
	expect_sentinel(1);
	send_body(2, MSG_CANCEL, &(struct body_cancel){ .end_ = 0 });
	expect_sentinel(3);
}

static void
news_of_other_processes_and_old_fronts_change_nothing(void **state)
{
	const struct control_record others[] = {
		{ .type = CONTROL_DOWN, .role = ROLE_FRONT, .incarnation = FRONT - 1 },
		{ .type = CONTROL_DOWN, .role = ROLE_PROFILER, .incarnation = FRONT },
		{ .type = CONTROL_UP, .role = ROLE_PROFILER, .incarnation = FRONT + 5, .pid = 1 },
		{ .type = CONTROL_DEGRADED, .role = ROLE_FRONT },
		{ .type = CONTROL_TREE_END, .role = ROLE_SUPERVISOR },
	};
	static const uint8_t garbage[CONTROL_RECORD_SIZE] = { 0xff };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_int_equal(control_send(here.control_fd, &others[i]), OK);
	assert_int_equal(send(here.control_fd, garbage, sizeof(garbage), MSG_NOSIGNAL),
	    sizeof(garbage));
	assert_int_equal(send(here.control_fd, garbage, 3, MSG_NOSIGNAL), 3);
	expect_sentinel(1);
	assert_int_equal(here.gone, 0);
}

int
main(int argc, char **argv)
{
#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, open_place, close_place)
#define CONNECTED(f) cmocka_unit_test_setup_teardown(f, open_connected, close_place)
	const struct CMUnitTest tests[] = {
		IN_PLACE(it_is_ready_and_then_listens_for_the_front),
		IN_PLACE(what_open_says_decides_the_exit_status),
		CONNECTED(it_leaves_when_its_parent_is_lost),
		IN_PLACE(it_leaves_when_its_parent_is_lost_before_a_front_came),
		IN_PLACE(without_a_front_it_drains_at_once),
		CONNECTED(a_front_that_comes_while_it_drains_gets_nothing),
		CONNECTED(draining_it_waits_for_the_last_acknowledgement),
		CONNECTED(draining_it_does_not_wait_for_a_front_that_is_gone),
		CONNECTED(a_request_is_announced_answered_once_and_the_first_answer_reported),
		CONNECTED(a_handlers_error_is_the_answer),
		CONNECTED(texts_over_their_limit_are_cut_between_characters),
		CONNECTED(an_answer_that_cannot_be_sent_becomes_an_error),
		CONNECTED(progress_and_output_come_before_the_answer_and_not_after),
		CONNECTED(what_cannot_be_decoded_is_answered_with_malformed),
		CONNECTED(what_is_not_for_this_worker_is_dropped),
		CONNECTED(a_number_that_is_in_use_is_dropped_until_it_was_acknowledged),
		CONNECTED(an_open_request_is_cancelled_once),
		CONNECTED(a_front_that_hangs_up_is_offered_another_channel),
		CONNECTED(the_next_front_has_a_path_of_its_own_and_old_requests_are_forgotten),
		CONNECTED(news_of_other_processes_and_old_fronts_change_nothing),
	};

	if (argc > 1)
		return be_worker(argc, argv);
	return cmocka_run_group_tests_name("runtime_worker", tests, NULL, NULL);
}
