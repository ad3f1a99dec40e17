#include "workers/analyzer/arena.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536u

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	char bytes[];
};

void
arena_init(struct arena *a)
{
	*a = (struct arena){ .blocks = NULL };
}

void
arena_fini(struct arena *a)
{
	while (a->blocks != NULL) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	arena_init(a);
}

static struct arena_block *
add_block(struct arena *a, size_t least)
{
	size_t size = least > BLOCK_SIZE ? least : BLOCK_SIZE;
	struct arena_block *b = malloc(sizeof(*b) + size);

	if (b == NULL) {
		a->failed = true;
		return NULL;
	}
	*b = (struct arena_block){ .next = a->blocks, .size = size };
	a->blocks = b;
	return b;
}

char *
arena_take(struct arena *a, size_t size)
{
	struct arena_block *b = a->blocks;

	if (a->failed)
		return NULL;
	if (b == NULL || b->size - b->used < size)
		b = add_block(a, size);
	if (b == NULL)
		return NULL;
	b->used += size;
	a->used += size;
	return b->bytes + b->used - size;
}

size_t
text_prefix(struct text t, size_t max)
{
	if (t.len <= max)
		return t.len;
	while (max > 0 && ((unsigned char)t.at[max] & 0xc0) == 0x80)
		max--;
	return max;
}

struct text
arena_text(struct arena *a, struct text t, size_t max)
{
	size_t len = t.at == NULL ? 0 : text_prefix(t, max);
	char *copy;

	if (len == 0)
		return (struct text){ .at = "", .len = 0 };
	copy = arena_take(a, len);
	if (copy == NULL)
		return (struct text){ .at = "", .len = 0 };
	memcpy(copy, t.at, len);
	return (struct text){ .at = copy, .len = len };
}
