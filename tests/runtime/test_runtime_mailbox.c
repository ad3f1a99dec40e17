/*
 * Two mailboxes in one process, and a second process where its death or its pid matters: this
 * executable run again, because nng does not survive a bare fork.
 */
#include "tests/runtime/turn.h"

#include <fcntl.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/limits.h"
#include "workers/runtime/mailbox.h"

#define LAST_WORDS 200           /* more than nng's buffers hold, less than the socket's does */
#define MANY 1500
#define MIB (1u << 20)
#define BEGIN_FD 3
#define PATIENCE_MS 10000
#define STUCK 99                 /* exit status: nothing happened any more */
#define NOBODY 1                 /* a pid that never dials */

struct end {
	struct mailbox *mailbox;
	unsigned received, gone;
	unsigned received_when_gone;
	uint32_t numbers[MANY];      /* the first four bytes of each message */
	size_t last_len;
	bool closes_on_receive, closes_on_gone;
	struct end *closes;          /* another one, with the first message */
};

static struct {
	struct loop *loop;
	char dir[64], path[96];
	unsigned paths;
	int begin_fd;                /* the child waits for a byte from it */
	struct end one, two, third;
} here;

static void
on_message(void *arg, const uint8_t *bytes, size_t len)
{
	struct end *e = arg;

	assert_non_null(e->mailbox);
	if (e->received < MANY && len >= 4)
		memcpy(&e->numbers[e->received], bytes, 4);
	e->received++;
	e->last_len = len;
	if (e->closes != NULL)
		mailbox_close(&e->closes->mailbox);
	if (e->closes_on_receive)
		mailbox_close(&e->mailbox);
	loop_stop(here.loop);
}

static void
on_gone(void *arg)
{
	struct end *e = arg;

	e->received_when_gone = e->received;
	e->gone++;
	if (e->closes_on_gone)
		mailbox_close(&e->mailbox);
	loop_stop(here.loop);
}

/* A path that is closed may live on for a moment. */
static void
take_next_path(void)
{
	snprintf(here.path, sizeof(here.path), "%s/store.0.1-%u-1", here.dir, here.paths++);
}

/* May come after the first message. */
static void
on_connected(void *arg)
{
	(void)arg;
	loop_stop(here.loop);
}

static int
open_place(void **state)
{
	(void)state;
	memset(&here, 0, sizeof(here));
	scratch_make(here.dir);
	take_next_path();
	here.loop = loop_new();
	return here.loop == NULL;
}

static int
close_place(void **state)
{
	(void)state;
	mailbox_close(&here.one.mailbox);
	mailbox_close(&here.two.mailbox);
	mailbox_close(&here.third.mailbox);
	loop_free(here.loop);
	scratch_remove(here.dir);
	return 0;
}

static void
listen_for(struct end *e, pid_t peer)
{
	assert_int_equal(mailbox_listen(here.loop, here.path, peer, on_message, on_gone, e,
	    &e->mailbox), OK);
	mailbox_on_connected(e->mailbox, on_connected);
}

static void
dial_to(struct end *e, pid_t peer)
{
	assert_int_equal(mailbox_dial(here.loop, here.path, peer, on_message, on_gone, e,
	    &e->mailbox), OK);
	mailbox_on_connected(e->mailbox, on_connected);
}

static void
send_number(struct end *e, uint32_t number)
{
	assert_int_equal(mailbox_send(e->mailbox, &number, sizeof(number)), OK);
}

/* one listens, two has dialed, and each has heard the other. */
static void
connect_both(void)
{
	take_next_path();
	listen_for(&here.one, getpid());
	dial_to(&here.two, getpid());
	send_number(&here.two, 1000);
	TURN_UNTIL(here.loop, here.one.received == 1);
	send_number(&here.one, 2000);
	TURN_UNTIL(here.loop, here.two.received == 1);
}

/* ---- the second process ---- */

static struct {
	struct loop *loop;
	unsigned received;
} child;

static void
child_message(void *arg, const uint8_t *bytes, size_t len)
{
	(void)arg, (void)bytes, (void)len;
	child.received++;
	loop_stop(child.loop);
}

static void
child_stop(void *arg)
{
	(void)arg;
	loop_stop(child.loop);
}

/* Ends with 10 when it got nothing, 11 when it got a message. nng does not tell every refusal to
 * who dials, so it waits a moment instead, much longer than a message takes. */
static int
child_knock(const char *path, pid_t peer)
{
	struct timer *moment;
	struct mailbox *m;

	child.loop = loop_new();
	moment = loop_timer(child.loop, child_stop, NULL);
	if (mailbox_dial(child.loop, path, peer, child_message, child_stop, NULL, &m) != OK ||
	    mailbox_send(m, "let me in", 9) != OK)
		return 1;
	timer_start(moment, 2000);
	if (loop_run(child.loop) != OK)
		return 1;
	mailbox_close(&m);
	loop_free(child.loop);
	return 10 + (int)child.received;
}

/* Numbered messages, all of them in the socket, and then death without a goodbye. */
static int
child_die_speaking(const char *path)
{
	char url[128];
	nng_socket s;

	snprintf(url, sizeof(url), "ipc://%s", path);
	if (nng_pair0_open(&s) != 0 || nng_dial(s, url, NULL, 0) != 0)
		return 1;
	for (uint32_t i = 0; i < LAST_WORDS + 1; i++)    /* the last one pushes the others out */
		if (nng_send(s, &i, sizeof(i), 0) != 0)
			return 1;
	raise(SIGKILL);
	return 1;
}

/* As fast as it can until it is killed. */
static int
child_flood(const char *path)
{
	char url[128];
	nng_socket s;

	snprintf(url, sizeof(url), "ipc://%s", path);
	if (nng_pair0_open(&s) != 0 || nng_dial(s, url, NULL, 0) != 0)
		return 1;
	while (nng_send(s, "flood", 5, 0) == 0)
		continue;
	return 0;
}

static int
be_child(char **argv)
{
	char word;

	if (read(BEGIN_FD, &word, 1) != 1)
		return 1;
	if (strcmp(argv[1], "knock") == 0)
		return child_knock(argv[2], atoi(argv[3]));
	if (strcmp(argv[1], "die") == 0)
		return child_die_speaking(argv[2]);
	return child_flood(argv[2]);
}

/* Its pid has to be known before it dials, so it begins with child_begin. */
static pid_t
child_prepare(const char *what)
{
	char pid[16];
	const char *arguments[] = { what, here.path, pid, NULL };
	int ends[2], fds[2] = { -1, -1 };
	pid_t made;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	fds[0] = ends[0];
	made = spawn_self(arguments, fds);
	close(ends[0]);
	here.begin_fd = ends[1];
	return made;
}

static void
child_begin(void)
{
	assert_int_equal(write(here.begin_fd, "!", 1), 1);
	close(here.begin_fd);
}

/* ---- both ways ---- */

static void
messages_go_both_ways_and_both_ends_know_they_are_connected(void **state)
{
	(void)state;
	connect_both();
	TURN_UNTIL(here.loop, mailbox_connected(here.one.mailbox));
	TURN_UNTIL(here.loop, mailbox_connected(here.two.mailbox));
	assert_int_equal(here.one.numbers[0], 1000);
	assert_int_equal(here.two.numbers[0], 2000);
	assert_int_equal(here.one.gone + here.two.gone, 0);
}

static void
the_socket_is_private(void **state)
{
	struct stat st;

	(void)state;
	listen_for(&here.one, getpid());
	assert_int_equal(stat(here.path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
more_than_nng_takes_waits_in_order(void **state)
{
	static char filler[8192];

	(void)state;
	connect_both();
	for (uint32_t i = 0; i < MANY - 1; i++) {
		memcpy(filler, &i, sizeof(i));
		assert_int_equal(mailbox_send(here.one.mailbox, filler, sizeof(filler)), OK);
	}
	TURN_UNTIL(here.loop, here.two.received == MANY);
	for (uint32_t i = 0; i < MANY - 1; i++)
		assert_int_equal(here.two.numbers[i + 1], i);
	send_number(&here.one, 77);
	TURN_UNTIL(here.loop, here.two.received == MANY + 1);
	assert_int_equal(here.two.last_len, 4);
}

static void
what_is_sent_before_the_peer_is_there_arrives(void **state)
{
	(void)state;
	listen_for(&here.one, getpid());
	for (uint32_t i = 0; i < 200; i++)
		send_number(&here.one, i);
	dial_to(&here.two, getpid());
	TURN_UNTIL(here.loop, here.two.received == 200);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(here.two.numbers[i], i);
}

static void
the_queue_has_an_end(void **state)
{
	char *bytes = calloc(1, MIB);
	unsigned taken = 0;
	enum err e;

	(void)state;
	listen_for(&here.one, getpid());
	for (int i = 0; i < 64; i++)
		send_number(&here.one, 0);       /* nng's own buffer */
	while ((e = mailbox_send(here.one.mailbox, bytes, MIB)) == OK)
		assert_true(++taken <= 70);
	free(bytes);
	assert_int_equal(e, ERR_NO_MEMORY);
	assert_in_range(taken, 60, 66);
}

static void
the_size_limit_is_the_last_byte(void **state)
{
	static const struct {
		size_t len;
		bool arrives;
	} rows[] = { { LIMIT_FRAME, true }, { LIMIT_FRAME + 1, false } };
	char *bytes = calloc(1, LIMIT_FRAME + 1);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		memset(&here.one, 0, sizeof(here.one));
		memset(&here.two, 0, sizeof(here.two));
		connect_both();
		assert_int_equal(mailbox_send(here.two.mailbox, bytes, rows[i].len), OK);
		TURN_UNTIL(here.loop, here.one.received == 2 || here.one.gone > 0);
		assert_int_equal(here.one.received, rows[i].arrives ? 2 : 1);
		assert_int_equal(here.one.gone, rows[i].arrives ? 0 : 1);
		if (rows[i].arrives)
			assert_int_equal(here.one.last_len, rows[i].len);
		mailbox_close(&here.one.mailbox);
		mailbox_close(&here.two.mailbox);
	}
	free(bytes);
}

/* ---- who is there ---- */

static void
stop_loop(void *arg)
{
	*(bool *)arg = true;
	loop_stop(here.loop);
}

static void
another_process_is_turned_away(void **state)
{
	pid_t knocking;

	(void)state;
	listen_for(&here.one, getpid());
	for (int i = 0; i < 2; i++) {
		knocking = child_prepare("knock");
		child_begin();
		assert_int_equal(reap(knocking), 10);
	}
	assert_false(mailbox_connected(here.one.mailbox));
	assert_int_equal(here.one.received + here.one.gone, 0);
}

/* Listeners of nng 1.5.2 may break when a peer vanishes early. Then, as workers do, another
 * channel is offered. */
static void
the_right_process_gets_in_after_others_tried(void **state)
{
	struct timer *moment;
	bool passed = true;

	(void)state;
	moment = loop_timer(here.loop, stop_loop, &passed);
	for (int i = 0; passed && i < 5; i++) {
		mailbox_close(&here.one.mailbox);
		mailbox_close(&here.two.mailbox);
		take_next_path();
		listen_for(&here.one, getpid());
		if (i == 0) {
			pid_t knocking = child_prepare("knock");

			child_begin();
			assert_int_equal(reap(knocking), 10);
		}
		dial_to(&here.two, getpid());
		send_number(&here.two, 42);
		passed = false;
		timer_start(moment, 2000);
		TURN_UNTIL(here.loop, here.one.received > 0 || passed);
	}
	assert_int_equal(here.one.received, 1);
	assert_int_equal(here.one.numbers[0], 42);
	assert_int_equal(here.one.gone, 0);
	timer_close(&moment);
}

static void
the_expected_process_gets_in(void **state)
{
	pid_t knocking;

	(void)state;
	knocking = child_prepare("knock");
	listen_for(&here.one, knocking);
	child_begin();
	TURN_UNTIL(here.loop, here.one.received > 0);
	send_number(&here.one, 1);
	assert_int_equal(reap(knocking), 11);
}

static void
a_dialer_tells_nothing_to_a_stranger(void **state)
{
	(void)state;
	listen_for(&here.one, getpid());
	dial_to(&here.two, NOBODY);
	send_number(&here.two, 42);
	TURN_UNTIL(here.loop, here.one.gone > 0);
	assert_int_equal(here.one.received, 0);
	assert_int_equal(here.two.received, 0);
	assert_false(mailbox_connected(here.two.mailbox));
}

static void
a_dialer_without_a_listener_is_never_connected(void **state)
{
	(void)state;
	assert_int_equal(mailbox_dial(here.loop, "/tmp/smcp-test-nobody-listens-here", getpid(),
	    on_message, on_gone,
	    &here.third, &here.third.mailbox), OK);
	assert_int_equal(mailbox_send(here.third.mailbox, "?", 1), OK);
	connect_both();
	assert_false(mailbox_connected(here.third.mailbox));
	assert_int_equal(here.third.gone, 0);
}

/* ---- the peer dies ---- */

static void
the_last_words_of_a_killed_peer_come_before_the_news_of_its_death(void **state)
{
	pid_t dying;

	(void)state;
	dying = child_prepare("die");
	listen_for(&here.one, dying);
	child_begin();
	assert_int_equal(reap(dying), 128 + SIGKILL);
	TURN_UNTIL(here.loop, here.one.gone > 0);
	assert_true(here.one.received_when_gone >= LAST_WORDS);
	assert_int_equal(here.one.received, here.one.received_when_gone);
	for (uint32_t i = 0; i < LAST_WORDS; i++)
		assert_int_equal(here.one.numbers[i], i);
	assert_int_equal(here.one.gone, 1);
	assert_false(mailbox_connected(here.one.mailbox));
}

static void
closing_one_end_is_told_to_the_other(void **state)
{
	(void)state;
	connect_both();
	mailbox_close(&here.two.mailbox);
	assert_null(here.two.mailbox);
	TURN_UNTIL(here.loop, here.one.gone > 0);
	assert_false(mailbox_connected(here.one.mailbox));
	mailbox_close(&here.one.mailbox);
	mailbox_close(&here.one.mailbox);
}

static void
one_channel_after_the_other_can_be_opened_and_closed_at_any_moment(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 60; i++) {
		take_next_path();
		listen_for(&here.one, getpid());
		dial_to(&here.two, getpid());
		for (uint32_t k = 0; k < i; k++)
			send_number(&here.two, k);
		if (i % 3 != 0)
			TURN_UNTIL(here.loop, here.one.received == i);
		mailbox_close(i % 2 == 0 ? &here.one.mailbox : &here.two.mailbox);
		mailbox_close(i % 2 == 0 ? &here.two.mailbox : &here.one.mailbox);
		memset(&here.one, 0, sizeof(here.one));
		memset(&here.two, 0, sizeof(here.two));
	}
	connect_both();
}

static void
a_path_that_cannot_be_listened_at_is_an_error(void **state)
{
	char longer[160] = "/tmp/";
	const char *paths[] = { "/nonexistent/folder/socket", longer };

	(void)state;
	memset(longer + 5, 'x', 120);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		assert_int_not_equal(mailbox_listen(here.loop, paths[i], getpid(), on_message,
		    on_gone, &here.one,
		    &here.one.mailbox), OK);
		assert_null(here.one.mailbox);
	}
}

/* ---- closing from within ---- */

static void
a_mailbox_may_close_itself_with_the_first_of_many_messages(void **state)
{
	(void)state;
	connect_both();
	here.two.closes_on_receive = true;
	for (uint32_t i = 0; i < 100; i++)
		send_number(&here.one, i);
	TURN_UNTIL(here.loop, here.one.gone > 0);
	assert_null(here.two.mailbox);
	assert_int_equal(here.two.received, 2);
}

static void
a_mailbox_may_close_another_one(void **state)
{
	(void)state;
	connect_both();
	here.two.closes = &here.one;
	send_number(&here.one, 1);
	send_number(&here.one, 2);
	TURN_UNTIL(here.loop, here.two.gone > 0);
	assert_null(here.one.mailbox);
}

static void
a_mailbox_may_close_itself_when_its_peer_is_gone(void **state)
{
	(void)state;
	connect_both();
	here.one.closes_on_gone = true;
	send_number(&here.two, 1);
	mailbox_close(&here.two.mailbox);
	TURN_UNTIL(here.loop, here.one.gone > 0);
	assert_null(here.one.mailbox);
}

static void
last_words_may_close_the_mailbox_before_its_death_is_told(void **state)
{
	pid_t dying;

	(void)state;
	dying = child_prepare("die");
	here.one.closes_on_receive = true;
	listen_for(&here.one, dying);
	child_begin();
	assert_int_equal(reap(dying), 128 + SIGKILL);
	TURN_UNTIL(here.loop, here.one.received > 0);
	assert_int_equal(here.one.received, 1);
	assert_int_equal(here.one.gone, 0);
}

/* ---- hostile peers ---- */

static struct {
	int64_t due_ms;              /* when a timer should have its turn; 0: not yet started */
	unsigned late;               /* messages that came before it all the same */
} fairness;

static void
work_slowly(void *arg, const uint8_t *bytes, size_t len)
{
	struct end *e = arg;

	(void)bytes, (void)len;
	if (e->received++ == 0)
		loop_stop(here.loop);
	for (volatile unsigned i = 0; i < 200000;)
		i = i + 1;
	fairness.late += fairness.due_ms > 0 && loop_now_ms() > fairness.due_ms;
}

static void
a_peer_that_never_pauses_does_not_hold_up_the_loop(void **state)
{
	struct timer *t;
	bool fired = false;
	pid_t flooding;

	(void)state;
	flooding = child_prepare("flood");
	assert_int_equal(mailbox_listen(here.loop, here.path, flooding, work_slowly, on_gone,
	    &here.one, &here.one.mailbox), OK);
	child_begin();
	alarm(30);                   /* a loop that is held up cannot lose patience */
	TURN_UNTIL(here.loop, here.one.received > 0);
	t = loop_timer(here.loop, stop_loop, &fired);
	fairness.due_ms = loop_now_ms() + 100;
	timer_start(t, 100);
	TURN_UNTIL(here.loop, fired);
	alarm(0);
	assert_true(here.one.received > 10);
	assert_in_range(fairness.late, 0, 100);
	kill(flooding, SIGKILL);
	reap(flooding);
}

static int
connect_raw(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, here.path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Until nng hangs up. */
static void
wait_for_hangup(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char bytes[256];

	do
		assert_int_equal(poll(&p, 1, 20000), 1);
	while (read(fd, bytes, sizeof(bytes)) > 0);
}

#define HELLO "\0SP\0\0\x10\0\0"

static void
garbage_on_the_socket_harms_nobody(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool hangs_up;       /* by itself: it has read enough */
	} rows[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 18, true },
		{ "\0SP\0\0\x11\0\0", 8, true },                            /* another protocol */
		{ "\0SP\1\0\x10\0\0", 8, true },                            /* another version */
		{ "\0S", 2, false },
		{ "", 0, false },
		{ HELLO "\1\xff\xff\xff\xff\xff\xff\xff\xff", 17, true },   /* 16 EiB announced */
		{ HELLO "\1\0\0\0\0\0\x20\0\0", 17, true },                 /* 2 MiB announced */
		{ HELLO "\7\0\0\0\0\0\0\0\1x", 18, true },                  /* no message type */
		{ HELLO "\1\0\0\0\0\0\0\0\x09half", 21, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int fd;

		take_next_path();        /* a listener that lost a peer early may be broken */
		listen_for(&here.one, getpid());
		fd = connect_raw();
		assert_int_equal(write(fd, rows[i].bytes, rows[i].len), rows[i].len);
		if (rows[i].hangs_up)
			wait_for_hangup(fd);
		close(fd);
		assert_int_equal(here.one.received, 0);
		mailbox_close(&here.one.mailbox);
		memset(&here.one, 0, sizeof(here.one));
	}
	connect_both();
	assert_int_equal(here.one.received, 1);
}

/* ---- frames ---- */

static void
on_frame(void *arg, const uint8_t *bytes, size_t len)
{
	struct body_error body;
	struct frame f;

	assert_int_equal(frame_decode(bytes, len, &f), OK);
	assert_int_equal(f.type, MSG_ERROR);
	assert_int_equal(f.request, 5);
	assert_int_equal(f.incarnation, 9);
	assert_int_equal(f.deadline_ms, 250);
	assert_int_equal(body_decode(f.type, f.body, &body), OK);
	assert_int_equal(body.code, ERR_BUSY);
	assert_true(text_is(body.message, "full"));
	((struct end *)arg)->received++;
	loop_stop(here.loop);
}

static void
frames_are_encoded_whole_or_not_sent(void **state)
{
	struct frame f = { .type = MSG_ERROR, .request = 5, .incarnation = 9, .deadline_ms = 250 };
	char longer[3000];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	assert_int_equal(mailbox_listen(here.loop, here.path, getpid(), on_frame, on_gone,
	    &here.one,
	    &here.one.mailbox), OK);
	dial_to(&here.two, getpid());
	assert_int_equal(mailbox_send_body(here.two.mailbox, &f,
	    &(struct body_error){ .code = 1, .message = { longer, sizeof(longer) } }),
	    ERR_TOO_LARGE);
	assert_int_equal(mailbox_send_body(here.two.mailbox,
	    &(struct frame){ .type = MSG_JOB_LOAD },
	    &(struct body_job_load){ .job_id = { NULL, 0 } }), ERR_INVALID_ARGUMENT);
	assert_int_equal(mailbox_send_frame(here.two.mailbox, &(struct frame){ .type = MSG_NONE }),
	    ERR_INTERNAL);
	assert_int_equal(mailbox_send_body(here.two.mailbox, &f,
	    &(struct body_error){ .code = ERR_BUSY, .message = text_of("full") }), OK);
	TURN_UNTIL(here.loop, here.one.received == 1);
}

static int
all_tests(void)
{
#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, open_place, close_place)
	const struct CMUnitTest tests[] = {
		IN_PLACE(messages_go_both_ways_and_both_ends_know_they_are_connected),
		IN_PLACE(the_socket_is_private),
		IN_PLACE(more_than_nng_takes_waits_in_order),
		IN_PLACE(what_is_sent_before_the_peer_is_there_arrives),
		IN_PLACE(the_queue_has_an_end),
		IN_PLACE(the_size_limit_is_the_last_byte),
		IN_PLACE(another_process_is_turned_away),
		IN_PLACE(the_right_process_gets_in_after_others_tried),
		IN_PLACE(the_expected_process_gets_in),
		IN_PLACE(a_dialer_tells_nothing_to_a_stranger),
		IN_PLACE(a_dialer_without_a_listener_is_never_connected),
		IN_PLACE(the_last_words_of_a_killed_peer_come_before_the_news_of_its_death),
		IN_PLACE(closing_one_end_is_told_to_the_other),
		IN_PLACE(one_channel_after_the_other_can_be_opened_and_closed_at_any_moment),
		IN_PLACE(a_path_that_cannot_be_listened_at_is_an_error),
		IN_PLACE(a_mailbox_may_close_itself_with_the_first_of_many_messages),
		IN_PLACE(a_mailbox_may_close_another_one),
		IN_PLACE(a_mailbox_may_close_itself_when_its_peer_is_gone),
		IN_PLACE(last_words_may_close_the_mailbox_before_its_death_is_told),
		IN_PLACE(a_peer_that_never_pauses_does_not_hold_up_the_loop),
		IN_PLACE(garbage_on_the_socket_harms_nobody),
		IN_PLACE(frames_are_encoded_whole_or_not_sent),
	};

	turn_or_exit(PATIENCE_MS, STUCK);
	return cmocka_run_group_tests_name("runtime_mailbox", tests, NULL, NULL);
}

/*
 * The tests run in a process of their own, and once or twice more in another one when that is
 * stuck: nng 1.5.2 has one thread for the end of all pipes, which can come to a stop for good when
 * a pipe ends while it reads, and then no end of any channel is told any more.
 */
int
main(int argc, char **argv)
{
	static const char *const arguments[] = { "tests", NULL };
	int status = STUCK;

	if (argc > 1 && strcmp(argv[1], arguments[0]) == 0)
		return all_tests();
	if (argc > 1)
		return be_child(argv);
	for (int i = 0; i < 3 && status == STUCK; i++)
		status = reap(spawn_self(arguments, NULL));
	return status;
}
