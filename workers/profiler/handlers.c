#include "workers/profiler/handlers.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/ulid.h"
#include "workers/profiler/attach.h"
#include "workers/profiler/slots.h"
#include "workers/profiler/sweep.h"
#include "workers/profiler/tree.h"
#include "workers/runtime/log.h"

/* ---- options ---- */

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
	struct profiler *p = state->input;
	char *end;

	if (key == 'r') {
		if (p->roots.count == ROOTS_MAX)
			argp_error(state, "more than %d times --root", ROOTS_MAX);
		else if (arg[0] != '/')
			argp_error(state, "--root %s is not an absolute path", arg);
		else
			p->roots.at[p->roots.count++] = arg;
		return 0;
	}
	if (key == 'n') {
		long n = strtol(arg, &end, 10);
		if (*arg == '\0' || *end != '\0' || n < 1 || n > SLOTS_MAX)
			argp_error(state, "--profilers %s is not between 1 and %d", arg, SLOTS_MAX);
		else
			p->slot_count = (unsigned)n;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "root", 'r', "DIR", 0, "Profile only what lies in this folder (repeatable)", 0 },
	{ "profilers", 'n', "N", 0, "Programs that run at a time on this host for this user", 0 },
	{ 0 },
};

const struct argp profiler_argp = { .options = options, .parser = parse_option };

static unsigned
half_the_cores(void)
{
	cpu_set_t set;
	int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

	return cores < 4 ? 1 : cores / 2 > SLOTS_MAX ? SLOTS_MAX : (unsigned)cores / 2;
}

/* ---- the process ---- */

static void
warn_of_roots(const struct roots *roots)
{
	char resolved[PATH_MAX];

	for (unsigned i = 0; i < roots->count; i++) {
		if (realpath(roots->at[i], resolved) == NULL)
			log_line(LOG_WARN, "--root %s permits nothing: %s", roots->at[i],
			    strerror(errno));
	}
}

enum err
profiler_open(struct worker *w)
{
	struct profiler *p = worker_state(w);
	struct pid_set none = { 0 };

	p->worker = w;
	if (p->slot_count == 0)
		p->slot_count = half_the_cores();
	warn_of_roots(&p->roots);
	enum err e = tree_adopt();
	if (e == OK)
		e = slots_open(spool_dir_fd(worker_spool(w)), &p->slots_fd);
	if (e == OK)
		sweep_run_files(&none);
	return e;
}

void
profiler_close(struct worker *w)
{
	struct profiler *p = worker_state(w);

	run_close(&p->run);
	if (p->slots_fd >= 0)
		close(p->slots_fd);
	p->slots_fd = -1;
}

static void
run_is_done(void *arg)
{
	struct profiler *p = arg;

	p->run = NULL;
}

/* ---- messages ---- */

static enum err
handle_run(struct worker *w, const struct request *request, const void *body)
{
	struct profiler *p = worker_state(w);
	struct run_host host = { .worker = w, .roots = &p->roots, .slots_fd = p->slots_fd,
		.slot_count = p->slot_count, .done = run_is_done, .arg = p };
	struct refusal why;

	const struct body_profile_run *asked = body;

	if (p->run != NULL && text_is(asked->job_id, run_job_id(p->run)))
		return worker_refuse(w, request->number, ERR_NOT_HERE, "Attach to it instead.",
		    "job %s was already started", run_job_id(p->run));
	if (p->run != NULL)
		return worker_refuse(w, request->number, ERR_BUSY,
		    "Try again when that job has ended.",
		    "this profiler runs job %s", run_job_id(p->run));
	enum err e = run_start(&host, request->number, body, &p->run, &why);
	if (e == OK)
		return OK;
	return worker_refuse(w, request->number, e, why.hint[0] != '\0' ? why.hint : NULL, "%s",
	    why.message);
}

static enum err
take_over(struct profiler *p, uint64_t number)
{
	uint64_t before = run_number(p->run);

	run_attach(p->run, number);
	if (before != 0)
		worker_fail(p->worker, before, ERR_NOT_HERE, "another request took this run over",
		    NULL);
	return OK;
}

static enum err
handle_attach(struct worker *w, const struct request *request, const void *body)
{
	struct profiler *p = worker_state(w);
	const struct body_profile_attach *attach = body;
	struct stored_result result;
	char job_id[LIMIT_ULID + 1];

	if (!ulid_valid(attach->job_id.at, attach->job_id.len) ||
	    !text_copy(attach->job_id, job_id, sizeof job_id))
		return worker_refuse(w, request->number, ERR_INVALID_ARGUMENT, NULL,
		    "job_id is not an id");
	if (p->run != NULL && strcmp(run_job_id(p->run), job_id) == 0)
		return take_over(p, request->number);
	enum err e = attach_read(worker_spool(w), job_id, &result);
	if (e != OK)
		return e;
	worker_answer(w, request->number, MSG_PROFILE_RAN, &result.body);
	stored_result_fini(&result);
	return OK;
}

const struct handler profiler_handlers[] = {
	{ MSG_PROFILE_RUN, handle_run },
	{ MSG_PROFILE_ATTACH, handle_attach },
	{ MSG_NONE, NULL },
};

/* ---- events ---- */

void
profiler_cancel(struct worker *w, uint64_t number)
{
	struct profiler *p = worker_state(w);

	if (p->run != NULL && run_number(p->run) == number)
		run_cancel(p->run);
}

void
profiler_output_taken(struct worker *w, uint64_t number, int64_t bytes)
{
	struct profiler *p = worker_state(w);

	if (p->run != NULL && run_number(p->run) == number)
		run_output_taken(p->run, bytes);
}

void
profiler_front_lost(struct worker *w)
{
	struct profiler *p = worker_state(w);

	if (p->run != NULL)
		run_attach(p->run, 0);
}

void
profiler_drain(struct worker *w)
{
	struct profiler *p = worker_state(w);

	if (p->run != NULL)
		run_cancel(p->run);
}
