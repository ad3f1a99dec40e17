/* The supervisor's one loop. */
#ifndef SUPERVISOR_LOOP_H
#define SUPERVISOR_LOOP_H

struct supervisor;

/* Starts all children and turns until all are down again and nothing of theirs is left. Returns the
 * exit code. */
int loop_run(struct supervisor *s);

#endif
