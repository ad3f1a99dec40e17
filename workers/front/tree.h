/* The tree of processes as the supervisor tells it, for `server_status`. */
#ifndef WORKERS_FRONT_TREE_H
#define WORKERS_FRONT_TREE_H

#include "workers/front/front.h"

struct tree_watch {
	/* `result` is an encoded map, borrowed. The watch is off already. */
	void (*ready)(void *arg, struct value result);
	void *arg;
	bool waiting;            /* ours */
	struct tree_watch *next;
};

struct tree *tree_new(struct front *front);
void tree_free(struct tree **tree);

/* Asks the supervisor; `ready` is called when its rows are here. */
void tree_read(struct tree *tree, struct tree_watch *watch);
void tree_unwatch(struct tree *tree, struct tree_watch *watch);

/* CHILD and TREE_END records of the supervisor. */
void tree_record(struct tree *tree, const struct control_record *record);

#endif
