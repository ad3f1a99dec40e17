/*
 * The line that says how far a run is: on standard error, only when that is a terminal that can
 * erase a line, and never in the middle of a line of the program's output.
 */
#ifndef WORKERS_CLIENT_PROGRESS_H
#define WORKERS_CLIENT_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "workers/client/screen.h"

struct progress {
	struct screen screen;
	int64_t begun_ms;        /* CLOCK_MONOTONIC */
	char message[800];
	bool drawn;
	bool in_line;            /* the program's last output on a terminal did not end its line */
};

void progress_init(struct progress *p, FILE *out);

/* Draws the line anew; NULL keeps the message. */
void progress_show(struct progress *p, const char *message);

/* Takes the line away, before anything else is written to a terminal. */
void progress_erase(struct progress *p);

/* Says that this went out to a terminal. */
void progress_passed(struct progress *p, const char *text, size_t len);

#endif
