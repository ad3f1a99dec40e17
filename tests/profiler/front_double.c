#include "tests/profiler/front_double.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/control.h"
#include "protocol/inherit.h"
#include "workers/profiler/sweep.h"
#include "workers/runtime/mailbox.h"

#define PATIENCE_MS 45000
#define ARGS_MAX 32

static void
out_of_patience(void *arg)
{
	(void)arg;
	fail_msg("no answer within %d ms", PATIENCE_MS);
}

static void
turn_until_stopped(struct front_double *f)
{
	timer_start(f->patience, PATIENCE_MS);
	assert_int_equal(loop_run(f->loop), OK);
	timer_stop(f->patience);
}

/* ---- messages ---- */

static void
keep_answer(struct front_double *f, const struct frame *frame)
{
	value_writer_fini(&f->bytes);
	value_writer_init(&f->bytes);
	value_raw(&f->bytes, frame->body);
	f->answer = frame->type;
	void *body = frame->type == MSG_PROFILE_RAN ? (void *)&f->ran : (void *)&f->error;
	assert_int_equal(body_decode(frame->type, value_done(&f->bytes), body), OK);
	struct frame ack = { .type = MSG_ACK, .request = frame->request, .incarnation =
	    f->incarnation };
	struct body_ack nothing = { 0 };
	assert_int_equal(mailbox_send_body(f->mailbox, &ack, &nothing), OK);
	loop_stop(f->loop);
}

static void
take_output(struct front_double *f, const struct body_output *o)
{
	assert_in_range(o->stream, 1, 2);
	if (o->stream == 1 && f->output[1] < sizeof f->first_output - 1) {
		size_t at = (size_t)f->output[1], room = sizeof f->first_output - 1 - at;
		memcpy(f->first_output + at, o->text.at, o->text.len < room ? o->text.len : room);
	}
	f->output[o->stream] += o->text.len;
	f->untaken += o->text.len;
	if (f->taking)
		front_take_all(f);
	loop_stop(f->loop);
}

static void
take_progress(struct front_double *f, const struct body_progress *p)
{
	f->progress_rose = (f->progress == 0 || f->progress_rose) && p->done > f->last_done;
	f->last_done = p->done;
	f->progress++;
	loop_stop(f->loop);
}

static void
receive(void *arg, const uint8_t *bytes, size_t len)
{
	struct front_double *f = arg;
	struct frame frame;
	struct body_progress progress;
	struct body_output output;

	assert_int_equal(frame_decode(bytes, len, &frame), OK);
	if (frame.request != f->request) {
		f->other_answers += frame.type == MSG_ERROR;
		return;
	}
	if (frame.type == MSG_PROGRESS) {
		assert_int_equal(body_decode(frame.type, frame.body, &progress), OK);
		take_progress(f, &progress);
	} else if (frame.type == MSG_OUTPUT) {
		assert_int_equal(body_decode(frame.type, frame.body, &output), OK);
		take_output(f, &output);
	} else
		keep_answer(f, &frame);
}

static void
gone(void *arg)
{
	(void)arg;
	fail_msg("the profiler closed its channel");
}

static void
send_now(struct front_double *f, enum msg_type type, const void *body)
{
	struct frame frame = { .type = type, .request = f->request, .incarnation = f->incarnation };

	assert_int_equal(mailbox_send_body(f->mailbox, &frame, body), OK);
}

void
front_take_all(struct front_double *f)
{
	struct body_output_taken taken = { .bytes = (int64_t)f->untaken };

	f->untaken = 0;
	send_now(f, MSG_OUTPUT_TAKEN, &taken);
}

void
front_send(struct front_double *f, enum msg_type type, const void *body)
{
	f->request++;
	f->answer = MSG_NONE;
	f->progress = 0;
	f->last_done = -1;
	f->untaken = f->output[1] = f->output[2] = 0;
	memset(f->first_output, 0, sizeof f->first_output);
	f->taking = true;
	send_now(f, type, body);
}

void
front_notice(struct front_double *f, enum msg_type type, const void *body)
{
	send_now(f, type, body);
}

void
front_wait(struct front_double *f)
{
	while (f->answer == MSG_NONE)
		turn_until_stopped(f);
}

void
front_wait_output(struct front_double *f, uint64_t bytes)
{
	while (f->answer == MSG_NONE && f->output[1] < bytes)
		turn_until_stopped(f);
	assert_true(f->output[1] >= bytes);
}

/* ---- control ---- */

static void
tell(struct front_double *f, enum control_type type)
{
	struct control_record r = { .type = type, .role = ROLE_FRONT, .incarnation = f->incarnation,
		.pid = getpid() };

	assert_int_equal(control_send(f->control_fd, &r), OK);
}

static void
control_readable(void *arg, short revents)
{
	struct front_double *f = arg;
	struct control_record r;
	char path[128];

	(void)revents;
	enum err e = control_receive(f->control_fd, &r);
	if (e == ERR_WORKER_LOST)
		fail_msg("the profiler is gone");
	if (e != OK || r.type != CONTROL_READY)
		return;
	if (r.peer_incarnation == 0) {
		tell(f, CONTROL_UP);
		return;
	}
	if (r.peer_incarnation != f->incarnation)
		return;
	assert_int_equal(channel_path(path, sizeof path, f->channel_folder, ROLE_PROFILER, 0, 1,
	    f->incarnation, r.count), OK);
	assert_int_equal(mailbox_dial(f->loop, path, f->profiler, receive, gone, f, &f->mailbox),
	    OK);
	f->ready = true;
	loop_stop(f->loop);
}

void
front_disconnect(struct front_double *f)
{
	mailbox_close(&f->mailbox);
	tell(f, CONTROL_DOWN);
	f->ready = false;
}

void
front_reincarnate(struct front_double *f)
{
	f->incarnation++;
	f->request = 0;
	tell(f, CONTROL_UP);
	while (!f->ready)
		turn_until_stopped(f);
}

/* ---- start and stop ---- */

static void
exec_profiler(struct front_double *f, int control_fd, const char *const *options)
{
	const char *argv[ARGS_MAX] = { PROFILER_PATH, "--index", "0", "--incarnation", "1",
	    "--instance",
		"01J00000000000000000000000", "--state", f->state, "--runtime", f->channel_folder,
		"--log-level", "error" };
	int count = 13;

	for (int i = 0; options != NULL && options[i] != NULL && count < ARGS_MAX - 1; i++)
		argv[count++] = options[i];
	if (control_fd != INHERIT_CONTROL)
		dup2(control_fd, INHERIT_CONTROL);
	else
		fcntl(control_fd, F_SETFD, 0);
	execv(PROFILER_PATH, (char *const *)argv);
	_exit(127);
}

void
front_start(struct front_double *f, const char *const *options)
{
	front_start_beside(f, f, options);
}

void
front_start_beside(struct front_double *f, const struct front_double *other,
    const char *const *options)
{
	int pair[2];

	*f = (struct front_double){ .incarnation = 1, .loop = loop_new() };
	value_writer_init(&f->bytes);
	strcpy(f->folder, "/tmp/profiler-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->state, sizeof f->state, "%s/state", f->folder);
	snprintf(f->channel_folder, sizeof f->channel_folder, "%s/run", f->folder);
	assert_int_equal(mkdir(f->state, 0700), 0);
	assert_int_equal(mkdir(f->channel_folder, 0700), 0);
	setenv("XDG_RUNTIME_DIR", other->folder, 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	f->profiler = fork();
	assert_true(f->profiler >= 0);
	if (f->profiler == 0)
		exec_profiler(f, pair[1], options);
	close(pair[1]);
	f->control_fd = pair[0];
	f->patience = loop_timer(f->loop, out_of_patience, f);
	f->control = loop_watch(f->loop, f->control_fd, POLLIN, control_readable, f);
	while (!f->ready)
		turn_until_stopped(f);
}

void
front_stop(struct front_double *f)
{
	int status;

	mailbox_close(&f->mailbox);
	watch_close(&f->control);
	timer_close(&f->patience);
	close(f->control_fd);
	assert_int_equal(waitpid(f->profiler, &status, 0), f->profiler);
	assert_true(WIFEXITED(status));
	loop_free(f->loop);
	value_writer_fini(&f->bytes);
	sweep_folder(AT_FDCWD, f->folder);
}

/* ---- processes ---- */

static bool
environment_has(const char *pid, const char *variable)
{
	static char text[1 << 17];
	char path[300];

	snprintf(path, sizeof path, "/proc/%s/environ", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t len = read(fd, text, sizeof text);
	close(fd);
	return len > 0 && memmem(text, (size_t)len, variable, strlen(variable)) != NULL;
}

unsigned
processes_with(const char *variable)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned count = 0;

	assert_non_null(proc);
	while ((entry = readdir(proc)) != NULL)
		count += isdigit((unsigned char)entry->d_name[0]) &&
		    environment_has(entry->d_name, variable);
	closedir(proc);
	return count;
}
