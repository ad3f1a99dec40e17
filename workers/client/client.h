/* One subcommand's conversation with its server: what is shown meanwhile, and what becomes of
 * failures. */
#ifndef WORKERS_CLIENT_CLIENT_H
#define WORKERS_CLIENT_CLIENT_H

#include "workers/client/options.h"
#include "workers/client/progress.h"
#include "workers/client/session.h"
#include "workers/client/tail.h"

struct client {
	const struct options *options;
	struct session_events events;
	struct session *session;
	struct progress progress;
	struct tail log;         /* the server's; empty with --verbose, which passes it through */
	char last_passed;        /* of the program's output on ours; 0: there was none */
	int64_t grace_ms;        /* how long the server may take to end */
	bool lost;               /* the server's end was reported already */
};

/* Starts the server. When it cannot be started that is said on standard error. Call client_end in
 * any case. */
enum err client_begin(struct client *c, const struct options *o);

/* Ends the server, reports a bad end of it, and frees. `code` is what the subcommand came to;
 * returns the exit status. */
int client_end(struct client *c, int code);

/*
 * A call has failed with `e` (session_call): says why on standard error; after an interruption
 * stops the job `job_id` (or the one that session_job knows; "" or NULL: none). Returns the exit
 * status.
 */
int client_fail(struct client *c, enum err e, const char *job_id);

/* The tool answered with an error: prints it (as JSON with --json) and returns the exit status. */
int client_refused(struct client *c, const struct answer *a);

/* Prints an answer as JSON on standard output. Returns `code`, or EXIT_CODE_FAILED when that cannot
 * be done. */
int client_print_json(const struct answer *a, int code);

/* "error: ..." on standard error, cleaned. */
void client_say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
