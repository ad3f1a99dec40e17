#include "workers/profiler/run.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workers/profiler/command.h"
#include "workers/profiler/evidence.h"
#include "workers/profiler/job_dir.h"
#include "workers/profiler/output.h"
#include "workers/profiler/phrases.h"
#include "workers/profiler/question.h"
#include "workers/profiler/report.h"
#include "workers/profiler/slots.h"
#include "workers/profiler/spawn.h"
#include "workers/profiler/sweep.h"
#include "workers/profiler/tree.h"
#include "workers/runtime/log.h"

#define TICK_MS 1000
#define SLOT_RETRY_MS 200
#define SAVED_MS 500             /* between "profile saved" and the end of a process that we stop */
#define WRITING_MS 30000         /* for Scalene to write a large profile once it was interrupted */
#define WRITING_CANCELLED_MS 3000
#define KILL_MS 500
#define KILL_TRIES 10
#define KILL_PAUSE_MS 50
#define MEMORY_MODE_SPACE (1127ll << 20)     /* address space that memory profiling maps for itself */

enum run_state { RUN_WAITING, RUN_ASKING, RUN_GOING, RUN_STOPPING, RUN_ENDING };

struct run {
	struct run_host host;
	uint64_t number;
	enum run_state state;
	struct run_request request;
	struct run_paths paths;
	struct job_dir dir;
	struct strings environment;
	char python_path[LIMIT_PATH];
	struct interpreter python;
	bool python_known;
	struct command command;
	bool started;
	int slot_fd;
	struct question *question;
	struct child leaf;
	struct watch *leaf_ended;
	struct output *output;
	struct timer *tick, *limit, *step;   /* step: the next thing of the present state */
	struct pid_set seen;
	struct ending ending;
	struct rusage usage;
	double load_1m, wall_s, last_progress;
	int64_t started_ms;
	uint64_t oom_kills;
	unsigned rung, kill_tries;
	bool writing;                        /* Scalene was given WRITING_MS */
};

/* How a program is asked to stop (SCALENE.md 3.2): INT gives a profile and is never lost, TERM one at once and is
 * lost in 8 % of all cases, but not twice. */
static const struct {
	int signal;
	int64_t wait_ms;
} ladder[] = {
	{ SIGINT, 1500 },
	{ SIGTERM, 1000 },
	{ SIGTERM, 1000 },
};
#define RUNGS (sizeof ladder / sizeof *ladder)

static void
run_free(struct run *r)
{
	question_close(&r->question);
	watch_close(&r->leaf_ended);
	output_close(&r->output);
	timer_close(&r->tick);
	timer_close(&r->limit);
	timer_close(&r->step);
	child_close(&r->leaf);
	if (r->slot_fd >= 0)
		close(r->slot_fd);
	job_dir_close(&r->dir);
	command_fini(&r->command);
	strings_fini(&r->environment);
	request_fini(&r->request);
	pid_set_fini(&r->seen);
	free(r);
}

static void
run_done(struct run *r)
{
	struct run_host host = r->host;

	run_free(r);
	host.done(host.arg);
}

static struct spool *
spool_of(const struct run *r)
{
	return worker_spool(r->host.worker);
}

/* ---- progress ---- */

static double
elapsed_s(const struct run *r)
{
	return r->started ? (double)(loop_now_ms() - r->started_ms) / 1000 : 0;
}

static void
say(struct run *r, const char *text)
{
	bool is_duration;
	double limit_s = request_limit_s(&r->request, &is_duration), done = elapsed_s(r);

	if (r->number == 0)
		return;
	r->last_progress = done > r->last_progress ? done : r->last_progress + 1e-6;
	worker_progress(r->host.worker, r->number, r->last_progress, limit_s > 0 ? limit_s : NAN, text);
}

static void
tick(void *arg)
{
	struct run *r = arg;
	char text[64];

	if (r->started)
		tree_note(&r->seen, r->leaf.pid);
	snprintf(text, sizeof text, "%s, %.0f s", r->state == RUN_STOPPING ? "stopping" : "running", elapsed_s(r));
	say(r, r->state == RUN_WAITING ? "waiting until fewer programs run"
	    : r->state == RUN_ASKING   ? "asking the interpreter for Scalene"
				       : text);
	timer_start(r->tick, TICK_MS);
}

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
		e = encoded.at != NULL ? job_dir_put(&r->dir, RESULT_NAME, encoded.at, encoded.len) : ERR_NO_MEMORY;
	value_writer_fini(&w);
	return e;
}

static void
answer(struct run *r, const struct report *report)
{
	enum err e = store_result(r, report);

	log_line(LOG_INFO, "job=%s ended: %s after %.2f s", r->request.job_id, classify_outcome(&r->ending), r->wall_s);
	if (e != OK)
		log_line(LOG_ERROR, "job=%s result not written: %s", r->request.job_id, err_info(e)->text);
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
		.python = r->python_known ? &r->python : NULL, .argv = r->started ? &r->command.argv : NULL,
		.output = r->output, .ending = &r->ending, .wall_s = r->wall_s, .usage = r->usage,
		.load_1m = r->load_1m, .profile_name = there ? profile : NULL };
	enum err e = report_make(&in, spool_of(r), &report);
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

/* Kills what is left, in short turns so that the loop goes on, and then finishes. */
static void
run_end(struct run *r)
{
	size_t running = 0;

	if (r->state != RUN_ENDING) {
		watch_close(&r->leaf_ended);
		timer_stop(r->limit);
		r->wall_s = elapsed_s(r);
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

static void
leaf_ended(void *arg, short revents)
{
	(void)revents;
	run_end(arg);
}

/* ---- stopping ---- */

static void
climb(struct run *r)
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

static void
run_stop(struct run *r, enum stop_reason reason)
{
	r->ending.stopped = reason;
	if (r->state != RUN_GOING)
		return;
	r->state = RUN_STOPPING;
	timer_stop(r->limit);
	climb(r);
}

static void
limit_reached(void *arg)
{
	struct run *r = arg;
	bool is_duration;

	request_limit_s(&r->request, &is_duration);
	run_stop(r, is_duration ? STOP_DURATION : STOP_TIMEOUT);
}

static void
phrases_seen(void *arg, uint32_t seen)
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

static void
pass_on(void *arg, int stream, const char *text, size_t len)
{
	struct run *r = arg;

	if (r->number != 0)
		worker_output(r->host.worker, r->number, stream, text, len);
}

/* ---- starting ---- */

/* Nothing was run after all: the job's folder goes, so that the job is as if it had never been started. */
static void
run_refuse(struct run *r, const struct refusal *why)
{
	log_line(LOG_INFO, "job=%s refused: %s", r->request.job_id, why->message);
	job_dir_discard(spool_dir_fd(spool_of(r)), &r->dir);
	if (r->number != 0)
		worker_fail(r->host.worker, r->number, why->code, why->message, why->hint[0] != '\0' ? why->hint : NULL);
	run_done(r);
}

static int64_t
address_space(const struct body_profile_run *b)
{
	return b->max_memory_mb > 0 ? (b->max_memory_mb << 20) + (b->memory ? MEMORY_MODE_SPACE : 0) : 0;
}

/* Starts the program with its standard input and two pipes, whose read ends go to ret_out and ret_err. */
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
		.envp = r->command.envp.at, .cwd = r->paths.cwd, .stdin_fd = in, .stdout_fd = out[1],
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
	timer_start(r->tick, TICK_MS);
	log_line(LOG_INFO, "job=%s started: pid %d", r->request.job_id, (int)r->leaf.pid);
}

static enum err
watch_leaf(struct run *r, int out_fd, int err_fd)
{
	struct loop *loop = worker_loop(r->host.worker);
	enum err e = output_open(loop, out_fd, err_fd, pass_on, phrases_seen, r, &r->output);

	if (e != OK)
		return e;
	output_listen(r->output, r->number != 0);
	r->leaf_ended = loop_watch(loop, r->leaf.pidfd, POLLIN, leaf_ended, r);
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
	enum err e = command_build(&r->request, &r->python, &r->paths, outfile, r->dir.tmp, &r->environment, &r->command);
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

/* Whether something here changes where Scalene is imported from, so that answers hold for this run alone. */
static bool
asks_elsewhere(const struct run *r)
{
	char path[LIMIT_PATH + 32];

	if (request_env(&r->request, "PYTHONPATH") != NULL || request_env(&r->request, "PYTHONHOME") != NULL)
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
	if (question_ask(worker_loop(r->host.worker), r->python_path, &r->environment, r->paths.cwd, asked, r,
		&r->question, &why) != OK)
		run_refuse(r, &why);
}

static void
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

/* Stopped before anything was started: there is no program to wait for, but a result all the same. */
static void
run_end_unstarted(struct run *r)
{
	question_close(&r->question);
	job_dir_clean(&r->dir);
	run_report(r);
	run_done(r);
}

static void
step(void *arg)
{
	struct run *r = arg;

	if (r->ending.stopped != STOP_NONE && !r->started)
		run_end_unstarted(r);
	else if (r->state == RUN_WAITING)
		run_wait(r);
	else if (r->state == RUN_STOPPING)
		climb(r);
	else if (r->state == RUN_ENDING)
		run_end(r);
}

/* ---- from outside ---- */

static enum err
find_python(struct run *r, struct refusal *why)
{
	char given[LIMIT_PATH], here[LIMIT_PATH];
	bool has_given = text_copy(r->request.body.python, given, sizeof given);
	const char *project = r->paths.project;

	if (r->request.kind == PROGRAM_CODE)
		project = r->paths.cwd[0] != '\0' ? r->paths.cwd : getcwd(here, sizeof here) != NULL ? here : "/";
	return interpreter_find(has_given ? given : NULL, &r->environment,
	    r->paths.cwd[0] != '\0' ? r->paths.cwd : project, project, r->python_path, why);
}

static enum err
prepare(struct run *r, const struct body_profile_run *body, struct refusal *why)
{
	struct loop *loop = worker_loop(r->host.worker);
	struct spool *spool = spool_of(r);
	enum err e;

	if ((e = request_copy(body, &r->request, why)) != OK ||
	    (e = paths_resolve(&r->request, r->host.roots, &r->paths, why)) != OK)
		return e;
	if ((e = environment_build(environ, &r->request, &r->environment)) != OK)
		return refuse(why, e, "out of memory");
	if ((e = find_python(r, why)) != OK)
		return e;
	r->tick = loop_timer(loop, tick, r);
	r->limit = loop_timer(loop, limit_reached, r);
	r->step = loop_timer(loop, step, r);
	if (r->tick == NULL || r->limit == NULL || r->step == NULL)
		return refuse(why, ERR_NO_MEMORY, "out of memory");
	e = job_dir_make(spool_dir_fd(spool), worker_settings(r->host.worker)->state_dir, r->request.job_id, &r->dir, why);
	if (e != OK)
		return e;
	if (r->request.kind == PROGRAM_CODE &&
	    (e = job_dir_put_code(&r->dir, r->request.body.code, &r->paths, why)) != OK)
		job_dir_discard(spool_dir_fd(spool), &r->dir);
	return e;
}

enum err
run_start(const struct run_host *host, uint64_t number, const struct body_profile_run *body,
    struct run **ret_run, struct refusal *why)
{
	struct run *r = calloc(1, sizeof *r);

	if (r == NULL)
		return refuse(why, ERR_NO_MEMORY, "out of memory");
	r->host = *host;
	r->number = number;
	r->slot_fd = r->leaf.pidfd = r->dir.fd = r->dir.tmp_fd = -1;
	enum err e = prepare(r, body, why);
	if (e != OK) {
		run_free(r);
		return e;
	}
	timer_start(r->step, 0);
	timer_start(r->tick, TICK_MS);
	*ret_run = r;
	return OK;
}

const char *
run_job_id(const struct run *run)
{
	return run->request.job_id;
}

uint64_t
run_number(const struct run *run)
{
	return run->number;
}

void
run_attach(struct run *run, uint64_t number)
{
	run->number = number;
	run->last_progress = 0;
	if (run->output != NULL)
		output_listen(run->output, number != 0);
}

void
run_cancel(struct run *run)
{
	run_stop(run, STOP_CANCELLED);
	if (!run->started)
		timer_start(run->step, 0);
}

void
run_output_taken(struct run *run, int64_t bytes)
{
	if (run->output != NULL)
		output_taken(run->output, bytes);
}

void
run_close(struct run **run)
{
	struct run *r = *run;

	if (r == NULL)
		return;
	r->number = 0;
	tree_kill(&r->seen, r->leaf.pid, 2 * KILL_MS, NULL);
	if (r->started && r->ending.stopped != STOP_NONE) {
		r->ending.killed = true;
		r->wall_s = elapsed_s(r);
		collect_leaf(r);
		collect_evidence(r);
		run_report(r);
	}
	sweep_run_files(&r->seen);
	job_dir_clean(&r->dir);
	run_free(r);
	*run = NULL;
}
