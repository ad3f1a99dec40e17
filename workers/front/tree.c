#include "workers/front/tree.h"

#include <stdlib.h>

#include "workers/front/job.h"

struct tree {
	struct front *front;
	struct control_record rows[LIMIT_CHILDREN + 1];
	unsigned count;
	bool asking;             /* the supervisor has not told everything yet */
	struct tree_watch *watches;
};

struct tree *
tree_new(struct front *front)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (tree != NULL)
		tree->front = front;
	return tree;
}

void
tree_free(struct tree **tree)
{
	free(*tree);
	*tree = NULL;
}

void
tree_read(struct tree *tree, struct tree_watch *watch)
{
	watch->waiting = true;
	watch->next = tree->watches;
	tree->watches = watch;
	if (tree->asking)
		return;
	tree->asking = true;
	tree->count = 0;
	parent_say(tree->front->parent, CONTROL_ASK_TREE, 0, 0, "");
}

void
tree_unwatch(struct tree *tree, struct tree_watch *watch)
{
	if (!watch->waiting)
		return;
	watch->waiting = false;
	for (struct tree_watch **at = &tree->watches; *at != NULL; at = &(*at)->next)
		if (*at == watch) {
			*at = watch->next;
			return;
		}
}

static void
put_row(struct value_writer *w, const struct control_record *r)
{
	value_map(w, 8);
	value_put_string(w, "role", role_name(r->role));
	value_put_int(w, "index", r->index);
	value_put_string(w, "state", child_state_name((enum child_state)r->peer_incarnation));
	value_put_int(w, "pid", r->pid);
	value_put_int(w, "incarnation", r->incarnation);
	value_put_int(w, "restarts", r->count);
	value_put_real(w, "uptime_s", (double)r->value_ms / 1000);
	value_put_string(w, "last_death", r->text);
}

static void
put_result(const struct tree *tree, struct value_writer *w)
{
	unsigned running, queued;

	jobs_count(tree->front->jobs, &running, &queued);
	value_map(w, 4);
	value_put_string(w, "version", SCALENE_MCP_VERSION);
	value_put_string(w, "instance", tree->front->settings.instance);
	value_string(w, "processes");
	value_array(w, tree->count);
	for (unsigned i = 0; i < tree->count; i++)
		put_row(w, &tree->rows[i]);
	value_string(w, "jobs");
	value_map(w, 2);
	value_put_int(w, "running", running);
	value_put_int(w, "queued", queued);
}

static void
tell(struct tree *tree)
{
	struct value_writer w;

	tree->asking = false;
	value_writer_init(&w);
	put_result(tree, &w);
	while (tree->watches != NULL) {
		struct tree_watch *watch = tree->watches;

		tree_unwatch(tree, watch);
		watch->ready(watch->arg, value_done(&w));
	}
	value_writer_fini(&w);
}

void
tree_record(struct tree *tree, const struct control_record *r)
{
	if (r->type == CONTROL_CHILD && tree->count < LIMIT_CHILDREN + 1)
		tree->rows[tree->count++] = *r;
	else if (r->type == CONTROL_TREE_END)
		tell(tree);
}
