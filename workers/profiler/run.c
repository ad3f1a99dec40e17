#include "workers/profiler/run_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TICK_MS 1000

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

void
run_done(struct run *r)
{
	struct run_host host = r->host;

	run_free(r);
	host.done(host.arg);
}

struct spool *
run_spool(const struct run *r)
{
	return worker_spool(r->host.worker);
}

double
run_elapsed_s(const struct run *r)
{
	return r->started ? (double)(loop_now_ms() - r->started_ms) / 1000 : 0;
}

/* ---- progress ---- */

static void
say(struct run *r, const char *text)
{
	bool is_duration;
	double limit_s = request_limit_s(&r->request, &is_duration), done = run_elapsed_s(r);

	if (r->number == 0)
		return;
	r->last_progress = done > r->last_progress ? done : r->last_progress + 1e-6;
	worker_progress(r->host.worker, r->number, r->last_progress, limit_s > 0 ? limit_s : NAN,
	    text);
}

static void
tick(void *arg)
{
	struct run *r = arg;
	char text[64];

	if (r->started)
		tree_note(&r->seen, r->leaf.pid);
	snprintf(text, sizeof text, "%s, %.0f s", r->state == RUN_STOPPING ? "stopping" : "running",
	    run_elapsed_s(r));
	say(r, r->state == RUN_WAITING ? "waiting until fewer programs run"
	    : r->state == RUN_ASKING   ? "asking the interpreter for Scalene"
				       : text);
	timer_start(r->tick, TICK_MS);
}

void
run_step(void *arg)
{
	struct run *r = arg;

	if (r->ending.stopped != STOP_NONE && !r->started)
		run_end_unstarted(r);
	else if (r->state == RUN_WAITING)
		run_wait(r);
	else if (r->state == RUN_STOPPING)
		run_climb(r);
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
		project = r->paths.cwd[0] != '\0' ? r->paths.cwd : getcwd(here, sizeof here) != NULL
		    ? here : "/";
	return interpreter_find(has_given ? given : NULL, &r->environment,
	    r->paths.cwd[0] != '\0' ? r->paths.cwd : project, project, r->python_path, why);
}

static enum err
prepare(struct run *r, const struct body_profile_run *body, struct refusal *why)
{
	struct loop *loop = worker_loop(r->host.worker);
	struct spool *spool = run_spool(r);
	enum err e;

	if ((e = request_copy(body, &r->request, why)) != OK ||
	    (e = paths_resolve(&r->request, r->host.roots, &r->paths, why)) != OK)
		return e;
	if ((e = environment_build(environ, &r->request, &r->environment)) != OK)
		return refuse(why, e, "out of memory");
	if ((e = find_python(r, why)) != OK)
		return e;
	r->tick = loop_timer(loop, tick, r);
	r->limit = loop_timer(loop, run_limit_reached, r);
	r->step = loop_timer(loop, run_step, r);
	if (r->tick == NULL || r->limit == NULL || r->step == NULL)
		return refuse(why, ERR_NO_MEMORY, "out of memory");
	e = job_dir_make(spool_dir_fd(spool), worker_settings(r->host.worker)->state_dir,
	    r->request.job_id, &r->dir, why);
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
	run_abandon(r);
	run_free(r);
	*run = NULL;
}
