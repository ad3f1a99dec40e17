/* A child's end of the control channel: what every process below the supervisor says and hears on it. */
#ifndef WORKERS_RUNTIME_PARENT_H
#define WORKERS_RUNTIME_PARENT_H

#include "protocol/control.h"
#include "workers/runtime/loop.h"
#include "workers/runtime/settings.h"

struct parent;

/* One record from the supervisor. */
typedef void parent_fn(void *arg, const struct control_record *record);
/* The supervisor is gone. Called once; the process must leave. */
typedef void parent_lost_fn(void *arg);

/* Takes over INHERIT_CONTROL and beats every second while the loop turns. */
enum err parent_open(struct loop *loop, enum role role, const struct settings *settings, parent_fn *record,
    parent_lost_fn *lost, void *arg, struct parent **ret_parent);
void parent_close(struct parent **parent);

/* Says something; role, index and incarnation are filled in. Waits, up to a second, while the channel is
 * full, except for beats. */
void parent_say(struct parent *p, enum control_type type, uint32_t peer_incarnation, int64_t value_ms,
    const char *text);

/* READY for a front incarnation, on that channel. */
void parent_say_listening(struct parent *p, uint32_t front_incarnation, uint32_t channel);

#endif
