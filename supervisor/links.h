/*
 * Who may talk to whom. A data socket belongs to one pair of incarnations, a worker's and the
 * front's:
 *
 *     front n is forked          every worker is told UP(front, n)
 *     worker listens for n       it says READY(n); the front is told UP(worker)
 *     worker dies                the front is told DOWN(worker), and DEGRADED(worker) where it is
 *     front dies                 every worker is told DOWN(front, n)
 *
 * and whoever dies has its sockets unlinked.
 */
#ifndef SUPERVISOR_LINKS_H
#define SUPERVISOR_LINKS_H

#include <stdint.h>

struct supervisor;
struct child;

/* A process was forked into the slot. */
void links_spawned(struct supervisor *s, struct child *c);

/* A worker listens for that incarnation of the front; an older one than the present is dropped. */
void links_listening(struct supervisor *s, struct child *c, uint32_t front_incarnation);

/* The slot's process is gone: its state is already the next one, last_death says why, delay_ms when
 * it is started again. */
void links_gone(struct supervisor *s, struct child *c, int64_t delay_ms);

#endif
