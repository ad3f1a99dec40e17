#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "workers/profiler/evidence.h"
#include "workers/profiler/phrases.h"
#include "workers/profiler/report.h"
#include "workers/profiler/run_state.h"
#include "workers/profiler/sweep.h"
#include "workers/runtime/log.h"

#define SAVED_MS 500             /* between "profile saved" and the end of a process that we stop */
#define WRITING_MS 30000         /* for Scalene to write a large profile once it was interrupted */
#define WRITING_CANCELLED_MS 3000
#define KILL_TRIES 10
#define KILL_PAUSE_MS 50

/* How a program is asked to stop: INT gives a profile and is never lost, TERM one
 * at once and is lost in 8 % of all cases, but not twice. */
static const struct {
	int signal;
	int64_t wait_ms;
} ladder[] = {
	{ SIGINT, 1500 },
	{ SIGTERM, 1000 },
	{ SIGTERM, 1000 },
};
#define RUNGS (sizeof ladder / sizeof *ladder)

/* ---- the end ---- */

static void
collect_leaf(struct run *r)
{
	int status = 0;
	pid_t pid = wait4(r->leaf.pid, &status, WNOHANG, &r->usage);

	if (pid != r->leaf.pid)
		status = SIGKILL;
	r->ending.by_signal = WIFSIGNALED(status);
	r->ending.number = r->ending.by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void
collect_evidence(struct run *r)
{
	struct ending *e = &r->ending;

	output_finish(r->output);
	e->phrases = output_phrases(r->output);
	e->profile = profile_file_settle(r->dir.fd);
	e->memory_mode = r->request.body.memory;
	e->memory_limited = r->request.body.max_memory_mb > 0;
	e->memory_error = output_tail_has_line(r->output, 2, "MemoryError");
	e->kernel_oom = evidence_oom_kills() > r->oom_kills;
	classify_unwrap(e);
}

static enum err
store_result(struct run *r, const struct report *report)
{
	struct value_writer w;

	value_writer_init(&w);
	enum err e = body_encode(MSG_PROFILE_RAN, &report->body, &w);
	struct value encoded = value_done(&w);
	if (e == OK)
		e = encoded.at != NULL ? job_dir_put(&r->dir, RESULT_NAME, encoded.at, encoded.len)
		    : ERR_NO_MEMORY;
	value_writer_fini(&w);
	return e;
}

static void
answer(struct run *r, const struct report *report)
{
	enum err e = store_result(r, report);

	log_line(LOG_INFO, "job=%s ended: %s after %.2f s", r->request.job_id,
	    classify_outcome(&r->ending), r->wall_s);
	if (e != OK)
		log_line(LOG_ERROR, "job=%s result not written: %s", r->request.job_id,
		    err_info(e)->text);
	if (r->number != 0)
		worker_answer(r->host.worker, r->number, MSG_PROFILE_RAN, &report->body);
}

static void
run_report(struct run *r)
{
	struct report report;
	char profile[SPOOL_NAME_MAX + 1];
	bool there = r->ending.profile != PROFILE_MISSING && r->ending.profile != PROFILE_TOO_LARGE;

	snprintf(profile, sizeof profile, "jobs/%s/" PROFILE_NAME, r->request.job_id);
	struct report_input in = { .request = &r->request, .paths = &r->paths,
		.python = r->python_known ? &r->python : NULL, .argv = r->started ? &r->command.argv
		    : NULL,
		.output = r->output, .ending = &r->ending, .wall_s = r->wall_s, .usage = r->usage,
		.load_1m = r->load_1m, .profile_name = there ? profile : NULL };
	enum err e = report_make(&in, run_spool(r), &report);
	if (e == OK) {
		answer(r, &report);
		report_fini(&report);
	} else if (r->number != 0)
		worker_fail(r->host.worker, r->number, e, NULL, NULL);
}

static void
run_finish(struct run *r)
{
	collect_leaf(r);
	collect_evidence(r);
	sweep_run_files(&r->seen);
	job_dir_clean(&r->dir);
	run_report(r);
	run_done(r);
}

void
run_end(struct run *r)
{
	size_t running = 0;

	if (r->state != RUN_ENDING) {
		watch_close(&r->leaf_ended);
		timer_stop(r->limit);
		r->wall_s = run_elapsed_s(r);
	}
	bool gone = tree_kill(&r->seen, r->leaf.pid, KILL_MS, &running);
	if (r->state != RUN_ENDING)
		r->ending.left_running = running;
	r->state = RUN_ENDING;
	if (!gone && ++r->kill_tries < KILL_TRIES) {
		timer_start(r->step, KILL_PAUSE_MS);
		return;
	}
	r->ending.survivors = !gone;
	run_finish(r);
}

void
run_leaf_ended(void *arg, short revents)
{
	(void)revents;
	run_end(arg);
}

void
run_end_unstarted(struct run *r)
{
	question_close(&r->question);
	job_dir_clean(&r->dir);
	run_report(r);
	run_done(r);
}

void
run_abandon(struct run *r)
{
	r->number = 0;
	tree_kill(&r->seen, r->leaf.pid, 2 * KILL_MS, NULL);
	if (r->started && r->ending.stopped != STOP_NONE) {
		r->ending.killed = true;
		r->wall_s = run_elapsed_s(r);
		collect_leaf(r);
		collect_evidence(r);
		run_report(r);
	}
	sweep_run_files(&r->seen);
	job_dir_clean(&r->dir);
}

/* ---- stopping ---- */

void
run_climb(struct run *r)
{
	bool cancelled = r->ending.stopped == STOP_CANCELLED;
	bool interrupted = phrase_seen(output_phrases(r->output), PHRASE_INTERRUPTED);

	if (interrupted && !r->writing) {
		r->writing = true;
		timer_start(r->step, cancelled ? WRITING_CANCELLED_MS : WRITING_MS);
		return;
	}
	if (r->rung >= RUNGS) {
		r->ending.killed = true;
		run_end(r);
		return;
	}
	kill(tree_leaf(r->leaf.pid), ladder[r->rung].signal);
	timer_start(r->step, ladder[r->rung].wait_ms);
	r->rung++;
}

void
run_stop(struct run *r, enum stop_reason reason)
{
	if (r->state == RUN_ENDING)
		return;
	r->ending.stopped = reason;
	if (r->state != RUN_GOING)
		return;
	r->state = RUN_STOPPING;
	/* Scalene's words must be read, and whoever has let so much output lie is not reading it */
	if (output_waits(r->output))
		output_listen(r->output, false);
	timer_stop(r->limit);
	run_climb(r);
}

void
run_limit_reached(void *arg)
{
	struct run *r = arg;
	bool is_duration;

	request_limit_s(&r->request, &is_duration);
	run_stop(r, is_duration ? STOP_DURATION : STOP_TIMEOUT);
}

void
run_phrases_seen(void *arg, uint32_t seen)
{
	struct run *r = arg;

	if (!phrase_seen(seen, PHRASE_SAVED))
		return;
	profile_file_set_aside(r->dir.fd);
	if (r->state != RUN_STOPPING)
		return;
	r->writing = true;
	r->rung = RUNGS;
	timer_start(r->step, SAVED_MS);
}
