/* The PROFILE_RAN body of a finished run. */
#ifndef WORKERS_PROFILER_REPORT_H
#define WORKERS_PROFILER_REPORT_H

#include <sys/resource.h>

#include "protocol/message.h"
#include "protocol/value.h"
#include "workers/profiler/classify.h"
#include "workers/profiler/interpreter.h"
#include "workers/profiler/output.h"
#include "workers/profiler/paths.h"
#include "workers/profiler/request.h"
#include "workers/runtime/spool.h"

/* What is known at the end. Pointers may be NULL where the run did not get that far: it was
 * cancelled before it started. */
struct report_input {
	const struct run_request *request;
	const struct run_paths *paths;
	const struct interpreter *python;    /* NULL: none was asked yet */
	const struct strings *argv;          /* NULL: nothing was started */
	const struct output *output;         /* NULL: the same */
	const struct ending *ending;
	double wall_s;
	struct rusage usage;
	double load_1m;                      /* at the start */
	/* below the state directory; NULL: there is no profile */
	const char *profile_name;
};

/* Owns everything that `body` borrows. */
struct report {
	struct body_profile_ran body;
	struct value_writer run, provenance;
	char program[LIMIT_PATH];
	char profile_name[SPOOL_NAME_MAX + 1];
};

/*
 * run: exit_code or signal, wall_s, user_s, system_s, cpu_s (their sum), max_rss_mb, stdout_tail,
 * stderr_tail, stdout_bytes, stderr_bytes, warnings. Times and memory are wait4's, so they are the
 * program's and those of its children that it waited for. provenance: interpreter, python_version,
 * scalene_version, command, cwd, host, kernel, cpus, load_1m, script_sha256, options. A profile
 * that cannot be described is left out with a warning. *ret_report must not be moved.
 * ERR_NO_MEMORY.
 */
enum err report_make(const struct report_input *in, struct spool *spool, struct report *ret_report);
void report_fini(struct report *report);

#endif
