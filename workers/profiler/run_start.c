#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "workers/profiler/evidence.h"
#include "workers/profiler/run_state.h"
#include "workers/profiler/slots.h"
#include "workers/runtime/log.h"

#define SLOT_RETRY_MS 200
#define MEMORY_MODE_SPACE (1127ll << 20)     /* that memory profiling maps for itself */

static void
pass_on(void *arg, int stream, const char *text, size_t len)
{
	struct run *r = arg;

	if (r->number != 0)
		worker_output(r->host.worker, r->number, stream, text, len);
}

/* Nothing was run after all: the job's folder goes, so that the job is as if it had never been
 * started. */
static void
run_refuse(struct run *r, const struct refusal *why)
{
	log_line(LOG_INFO, "job=%s refused: %s", r->request.job_id, why->message);
	job_dir_discard(spool_dir_fd(run_spool(r)), &r->dir);
	if (r->number != 0)
		worker_fail(r->host.worker, r->number, why->code, why->message, why->hint[0] != '\0'
		    ? why->hint : NULL);
	run_done(r);
}

static int64_t
address_space(const struct body_profile_run *b)
{
	return b->max_memory_mb > 0 ? (b->max_memory_mb << 20) + (b->memory ? MEMORY_MODE_SPACE : 0)
	    : 0;
}

/* Starts the program with its standard input and two pipes, whose read ends go to ret_out and
 * ret_err. */
static enum err
start_leaf(struct run *r, int *ret_out, int *ret_err, const char **ret_step)
{
	const struct body_profile_run *b = &r->request.body;
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, in = -1;
	enum err e;

	*ret_step = "pipe";
	if ((e = spawn_pipe(out)) != OK || (e = spawn_pipe(err)) != OK)
		goto failed;
	if (b->stdin.at != NULL && (e = spawn_input(b->stdin.at, b->stdin.len, &in)) != OK)
		goto failed;
	struct spawn_spec spec = { .path = r->python.path, .argv = r->command.argv.at,
		.envp = r->command.envp.at, .cwd = r->paths.cwd, .stdin_fd = in, .stdout_fd =
		    out[1],
		.stderr_fd = err[1], .address_space = address_space(b) };
	if ((e = spawn(&spec, &r->leaf, ret_step)) != OK)
		goto failed;
	*ret_out = out[0];
	*ret_err = err[0];
	out[0] = err[0] = -1;
failed:
	for (int i = 0; i < 2; i++) {
		if (out[i] >= 0)
			close(out[i]);
		if (err[i] >= 0)
			close(err[i]);
	}
	if (in >= 0)
		close(in);
	return e;
}

static void
note_start(struct run *r)
{
	bool is_duration;
	double limit_s = request_limit_s(&r->request, &is_duration);

	r->state = RUN_GOING;
	r->started = true;
	r->started_ms = loop_now_ms();
	if (getloadavg(&r->load_1m, 1) != 1)
		r->load_1m = 0;
	r->oom_kills = evidence_oom_kills();
	if (limit_s > 0)
		timer_start(r->limit, (int64_t)ceil(limit_s * 1000));
	log_line(LOG_INFO, "job=%s started: pid %d", r->request.job_id, (int)r->leaf.pid);
}

static enum err
watch_leaf(struct run *r, int out_fd, int err_fd)
{
	struct loop *loop = worker_loop(r->host.worker);
	enum err e = output_open(loop, out_fd, err_fd, pass_on, run_phrases_seen, r, &r->output);

	if (e != OK)
		return e;
	output_listen(r->output, r->number != 0);
	r->leaf_ended = loop_watch(loop, r->leaf.pidfd, POLLIN, run_leaf_ended, r);
	return r->leaf_ended != NULL ? OK : ERR_NO_MEMORY;
}

static void
run_launch(struct run *r)
{
	const char *step = "memory";
	char outfile[LIMIT_PATH + 32];
	struct refusal why;
	int out_fd = -1, err_fd = -1;

	snprintf(outfile, sizeof outfile, "%s/" PROFILE_NAME, r->dir.path);
	enum err e = command_build(&r->request, &r->python, &r->paths, outfile, r->dir.tmp,
	    &r->environment, &r->command);
	if (e == OK)
		e = start_leaf(r, &out_fd, &err_fd, &step);
	if (e == OK && (e = watch_leaf(r, out_fd, err_fd)) != OK)
		tree_kill(&r->seen, 0, KILL_MS, NULL);
	if (e != OK) {
		refuse(&why, e == ERR_NOT_FOUND || e == ERR_NOT_READABLE ? ERR_SYSTEM : e,
		    "the program could not be started (%s: %s)", step, err_info(e)->text);
		run_refuse(r, &why);
		return;
	}
	note_start(r);
}

/* Whether something here changes where Scalene is imported from, so that answers hold for this run
 * alone. */
static bool
asks_elsewhere(const struct run *r)
{
	char path[LIMIT_PATH + 32];

	if (request_env(&r->request, "PYTHONPATH") != NULL ||
	    request_env(&r->request, "PYTHONHOME") != NULL)
		return true;
	snprintf(path, sizeof path, "%s/scalene", r->paths.cwd);
	if (access(path, F_OK) == 0)
		return true;
	snprintf(path, sizeof path, "%s/scalene.py", r->paths.cwd);
	return access(path, F_OK) == 0;
}

static void
asked(void *arg, enum err e, const struct interpreter *found, const struct refusal *why)
{
	struct run *r = arg;

	if (e != OK) {
		run_refuse(r, why);
		return;
	}
	r->python = *found;
	r->python_known = true;
	if (!asks_elsewhere(r))
		interpreter_remember(found);
	question_close(&r->question);
	if (r->ending.stopped == STOP_NONE)
		run_launch(r);
}

static void
run_ask(struct run *r)
{
	struct refusal why;

	r->state = RUN_ASKING;
	if (!asks_elsewhere(r) && interpreter_recall(r->python_path, &r->python)) {
		r->python_known = true;
		run_launch(r);
		return;
	}
	if (question_ask(worker_loop(r->host.worker), r->python_path, &r->environment, r->paths.cwd,
	    asked, r,
		&r->question, &why) != OK)
		run_refuse(r, &why);
}

void
run_wait(struct run *r)
{
	struct refusal why;
	enum err e = slots_take(r->host.slots_fd, r->host.slot_count, &r->slot_fd);

	if (e == OK)
		run_ask(r);
	else if (e == ERR_BUSY)
		timer_start(r->step, SLOT_RETRY_MS);
	else {
		refuse(&why, e, "the count of running programs could not be read");
		run_refuse(r, &why);
	}
}
