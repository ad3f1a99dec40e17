/* The server's process: started on pipes of its own, in a session of its own, so that Ctrl-C
 * reaches only us. */
#ifndef WORKERS_CLIENT_SERVER_H
#define WORKERS_CLIENT_SERVER_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "protocol/error.h"
#include "workers/client/options.h"

struct server {
	pid_t pid;
	int pidfd;               /* readable once it has ended */
	int in, out, err;        /* our ends of its standard streams, non-blocking; -1: closed */
	bool ended;
	int status;              /* as of waitpid; valid when ended */
};

/* Where nothing is started: every descriptor -1, ended. */
void server_init(struct server *s);

/*
 * Writes the path of the server's executable: SCALENE_MCP_SERVER, else bin/scalene-mcp of the
 * installation that this executable (libexec/scalene-mcp/scalene-mcp-client) belongs to.
 * ERR_TOO_LARGE, ERR_SYSTEM.
 */
enum err server_path(char *buf, size_t size);

/* Starts `path serve --stdio` with the state directory and roots of the options; `mask` is the
 * signal mask that it gets. On an error errno says what the system refused, exec included. */
enum err server_start(const char *path, const struct options *o, const sigset_t *mask,
    struct server *ret_server);

/* Sends a signal to it and to what is left in its session's first process group. */
void server_signal(const struct server *s, int number);

/* Takes its exit status if it has ended; does not wait. */
bool server_reap(struct server *s);

/* Closes what is open; does not wait for it. */
void server_close(struct server *s);

/* "exit status 4: the server cannot start here...", "SIGSEGV". */
void server_describe_end(const struct server *s, char *buf, size_t size);

/* The exit status that we take over from one that ended by itself: its own when it is in the exit
 * table and not 0, else EXIT_CODE_FAILED. */
int server_exit_code(const struct server *s);

#endif
