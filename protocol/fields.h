/*
 * The fields of every message body, in wire order: F(S, TYPE, name, max, PRESENCE), where S is the body struct.
 *
 *   BOOL, INT (int64_t), REAL (double; NaN travels as nil), TEXT (UTF-8, not NUL-terminated),
 *   BLOB (bytes, inline or as a spool file), VALUE (any msgpack value, checked, not unpacked)
 *   max        bytes, for TEXT, inline BLOB and VALUE; 0 otherwise
 *   REQUIRED   nil is refused by the decoder;  NIL: nil is allowed (at == NULL; for REAL: NaN)
 *
 * Names are the names of the public interface: a route takes a step's fields by name from the
 * call's arguments and all earlier answers (protocol/catalog/README.md).
 */
#ifndef PROTOCOL_FIELDS_H
#define PROTOCOL_FIELDS_H

#define FIELDS_ERROR(F, S) \
	F(S, INT, code, 0, REQUIRED)        /* enum err */ \
	F(S, TEXT, message, 2048, NIL)      /* NIL: the error table's text */ \
	F(S, TEXT, hint, 2048, NIL)         /* the next step for the caller */
#define FIELDS_PROGRESS(F, S) \
	F(S, REAL, done, 0, REQUIRED)       /* strictly increasing within a request; seconds for a run */ \
	F(S, REAL, total, 0, NIL) \
	F(S, TEXT, message, 256, NIL)
#define FIELDS_OUTPUT(F, S) \
	F(S, INT, stream, 0, REQUIRED)      /* 1 standard output, 2 standard error of the program */ \
	F(S, TEXT, text, 65536, REQUIRED)   /* made valid UTF-8 by the profiler */
#define FIELDS_ACK(F, S)                    /* the final answer of this request has arrived */
#define FIELDS_CANCEL(F, S)                 /* stop this request; it is answered all the same */
#define FIELDS_OUTPUT_TAKEN(F, S) \
	F(S, INT, bytes, 0, REQUIRED)       /* of OUTPUT text that went on to whoever reads it */

#define FIELDS_JOB_OPEN(F, S) \
	F(S, TEXT, job_id, 26, REQUIRED) \
	F(S, TEXT, instance, 26, REQUIRED)  /* the server that runs it */ \
	F(S, TEXT, tool, 64, REQUIRED) \
	F(S, VALUE, arguments, 200000, REQUIRED) \
	F(S, TEXT, label, 200, NIL)
#define FIELDS_JOB_OPENED(F, S) \
	F(S, TEXT, state, 16, REQUIRED)     /* queued, running, ran, done */
#define FIELDS_JOB_MARK(F, S) \
	F(S, TEXT, job_id, 26, REQUIRED) \
	F(S, TEXT, state, 16, REQUIRED)     /* running: handed to a profiler; ran: its result is in the job's folder */
#define FIELDS_JOB_MARKED(F, S)
#define FIELDS_JOB_CLOSE(F, S) \
	F(S, TEXT, job_id, 26, REQUIRED) \
	F(S, TEXT, outcome, 16, NIL)        /* NIL: the job was refused, see error_code */ \
	F(S, INT, error_code, 0, REQUIRED)  /* enum err; 0 when there is an outcome */ \
	F(S, TEXT, message, 2048, NIL) \
	F(S, TEXT, hint, 2048, NIL) \
	F(S, VALUE, run, 60000, NIL)        /* what is known of the run: merged into the result */
#define FIELDS_JOB_CLOSED(F, S) \
	F(S, VALUE, result, 60000, REQUIRED)
#define FIELDS_JOB_LOAD(F, S) \
	F(S, TEXT, job_id, 26, REQUIRED)
#define FIELDS_JOB_LOADED(F, S) \
	F(S, VALUE, result, 60000, REQUIRED)
#define FIELDS_JOB_UNFINISHED(F, S) \
	F(S, TEXT, instance, 26, REQUIRED)
#define FIELDS_JOB_LIST(F, S) \
	F(S, VALUE, jobs, 500000, REQUIRED) /* array of {job_id, tool, state, arguments} */
#define FIELDS_JOB_WAIT(F, S) \
	F(S, TEXT, job_id, 26, REQUIRED) \
	F(S, REAL, wait_s, 0, REQUIRED)
#define FIELDS_JOB_WAITED(F, S)
#define FIELDS_JOB_STOP(F, S) \
	F(S, TEXT, job_id, 26, REQUIRED)
#define FIELDS_JOB_STOPPED(F, S)

#define FIELDS_PROFILE_RUN(F, S) \
	F(S, TEXT, job_id, 26, REQUIRED) \
	F(S, TEXT, script_path, 4096, NIL)  /* exactly one of script_path, code, module */ \
	F(S, TEXT, code, 200000, NIL) \
	F(S, TEXT, module, 512, NIL) \
	F(S, VALUE, script_args, 131072, NIL)   /* array of text */ \
	F(S, TEXT, python, 4096, NIL) \
	F(S, TEXT, cwd, 4096, NIL) \
	F(S, VALUE, env, 65536, NIL)        /* map of text to text */ \
	F(S, TEXT, stdin, 131072, NIL)      /* NIL: end of file at once */ \
	F(S, BOOL, cpu, 0, REQUIRED) \
	F(S, BOOL, memory, 0, REQUIRED) \
	F(S, BOOL, gpu, 0, REQUIRED) \
	F(S, BOOL, stacks, 0, REQUIRED) \
	F(S, BOOL, profile_all, 0, REQUIRED) \
	F(S, BOOL, use_virtual_time, 0, REQUIRED) \
	F(S, TEXT, profile_only, 4096, NIL) \
	F(S, TEXT, profile_exclude, 4096, NIL) \
	F(S, REAL, cpu_sampling_rate, 0, REQUIRED)          /* s */ \
	F(S, INT, allocation_sampling_window, 0, REQUIRED)  /* bytes */ \
	F(S, REAL, timeout, 0, NIL)         /* s; outcome timeout */ \
	F(S, REAL, duration, 0, NIL)        /* s; stopped then, outcome ok */ \
	F(S, INT, max_memory_mb, 0, REQUIRED)               /* MiB of address space; 0: no limit */
#define FIELDS_PROFILE_RAN(F, S) \
	F(S, TEXT, run_outcome, 16, REQUIRED)   /* cancelled, timeout, oom, signal, scalene_error, nonzero_exit, ok */ \
	F(S, TEXT, program, 4096, REQUIRED) /* what ran, as one would type it: a path, "-m module", "<code>" */ \
	F(S, VALUE, run, 60000, REQUIRED)   /* exit_code or signal, wall_s, max_rss_mb, stdout_tail, ..., warnings */ \
	F(S, VALUE, provenance, 60000, REQUIRED)            /* interpreter, scalene version, options, host, limits */ \
	F(S, BLOB, profile, 262144, NIL)    /* Scalene's JSON byte for byte, when it wrote any */
#define FIELDS_PROFILE_ATTACH(F, S) \
	F(S, TEXT, job_id, 26, REQUIRED)

#define FIELDS_PROFILE_READ(F, S) \
	F(S, TEXT, run_outcome, 16, REQUIRED) \
	F(S, TEXT, program, 4096, REQUIRED) \
	F(S, BLOB, profile, 262144, NIL)
#define FIELDS_PROFILE_MODEL(F, S) \
	F(S, TEXT, outcome, 16, REQUIRED)   /* run_outcome, or bad_profile or no_samples where that said ok */ \
	F(S, REAL, elapsed_s, 0, NIL) \
	F(S, REAL, peak_memory_mb, 0, NIL) \
	F(S, VALUE, summary, 60000, REQUIRED)   /* map: elapsed_s, peak_memory_mb, samples, top_lines, ..., warnings */ \
	F(S, BLOB, model, 262144, NIL)      /* NIL: no readable profile, so none is saved */
#define FIELDS_ANALYZE(F, S) \
	F(S, BLOB, model, 262144, REQUIRED) \
	F(S, VALUE, facts, 60000, REQUIRED) /* what the store knows: profile_id, job_id, label, created, outcome, run, ... */ \
	F(S, TEXT, view, 32, REQUIRED)      /* the table in workers/analyzer/views.c */ \
	F(S, INT, top_n, 0, REQUIRED) \
	F(S, TEXT, filename, 4096, NIL) \
	F(S, TEXT, cursor, 256, NIL) \
	F(S, TEXT, metric_type, 32, NIL)    /* of the view analyze: all, cpu, memory, ... */ \
	F(S, REAL, cpu_threshold, 0, NIL)           /* percent; NaN: the view has none */ \
	F(S, REAL, memory_threshold_mb, 0, NIL)
#define FIELDS_ANALYSIS(F, S) \
	F(S, VALUE, result, 500000, REQUIRED)

#define FIELDS_PROFILE_SAVE(F, S) \
	F(S, TEXT, job_id, 26, REQUIRED) \
	F(S, TEXT, profile_id, 26, REQUIRED)    /* minted by the front; used only when there is a model */ \
	F(S, TEXT, tool, 64, REQUIRED) \
	F(S, TEXT, label, 200, NIL) \
	F(S, TEXT, outcome, 16, REQUIRED) \
	F(S, TEXT, program, 4096, REQUIRED) \
	F(S, REAL, elapsed_s, 0, NIL) \
	F(S, REAL, peak_memory_mb, 0, NIL) \
	F(S, VALUE, run, 60000, REQUIRED) \
	F(S, VALUE, summary, 60000, REQUIRED) \
	F(S, VALUE, provenance, 60000, REQUIRED) \
	F(S, BLOB, profile, 262144, NIL) \
	F(S, BLOB, model, 262144, NIL)
#define FIELDS_PROFILE_SAVED(F, S) \
	F(S, VALUE, result, 60000, REQUIRED)
#define FIELDS_PROFILE_LOAD(F, S) \
	F(S, TEXT, profile_id, 26, REQUIRED)
#define FIELDS_PROFILE_LOADED(F, S) \
	F(S, BLOB, model, 262144, REQUIRED) \
	F(S, VALUE, facts, 60000, REQUIRED)
#define FIELDS_PROFILE_LIST(F, S) \
	F(S, INT, limit, 0, REQUIRED) \
	F(S, TEXT, cursor, 256, NIL) \
	F(S, TEXT, search, 256, NIL)        /* part of the program's name or of the label */
#define FIELDS_PROFILE_ROWS(F, S) \
	F(S, VALUE, result, 500000, REQUIRED)   /* {profiles: [...], next_cursor?} */

#define FIELDS_TREE_READ(F, S)
#define FIELDS_TREE(F, S) \
	F(S, VALUE, result, 60000, REQUIRED)

#endif
