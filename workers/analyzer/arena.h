/* Texts that live as long as the profile they belong to: copied in, freed together. */
#ifndef WORKERS_ANALYZER_ARENA_H
#define WORKERS_ANALYZER_ARENA_H

#include <stddef.h>

#include "protocol/message.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;     /* the newest first */
	size_t used;                    /* bytes handed out, all blocks */
	bool failed;                    /* an allocation failed; what was made since is nil */
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);

/* `size` bytes, not aligned: for texts. NULL after a failed allocation. */
char *arena_take(struct arena *a, size_t size);

/* A copy of at most `max` bytes, cut where a UTF-8 sequence begins. A nil text gives the empty
 * text. */
struct text arena_text(struct arena *a, struct text t, size_t max);

/* The length of the longest prefix of at most `max` bytes that does not end inside a UTF-8
 * sequence. */
size_t text_prefix(struct text t, size_t max);

#endif
