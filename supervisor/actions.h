/*
 * What the steps do to the world outside of `struct child`: processes, channels, the log, the
 * budget. Kept apart from steps.c, so that its table can be walked in a test without any of it.
 */
#ifndef SUPERVISOR_ACTIONS_H
#define SUPERVISOR_ACTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct supervisor;
struct child;

/* Forks the next incarnation and tells whoever must know. False when there is no process; logged.
 */
bool action_spawn(struct supervisor *s, struct child *c, int64_t now_ms);

/* SIGKILL for the process and everything that it started. */
void action_kill(struct supervisor *s, struct child *c);

/* Asks it to leave within its stop limit, or what is left of the limit for all. */
void action_drain(struct supervisor *s, struct child *c, int64_t now_ms);

/* The obituary, the verdict, and news of it to those concerned. Moves the child to CHILD_DOWN,
 * CHILD_BACKOFF or CHILD_DEGRADED and may begin the stop of all. wait_status -1: there was no
 * process. */
void action_bury(struct supervisor *s, struct child *c, int wait_status, int64_t now_ms);

/* Answers the front's question for the tree. */
void action_send_tree(struct supervisor *s, struct child *c, int64_t now_ms);

#endif
