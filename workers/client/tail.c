#include "workers/client/tail.h"

#include <stdlib.h>

#include "workers/client/text.h"

void
tail_add(struct tail *t, const char *line, size_t len)
{
	free(t->lines[t->next]);
	t->lines[t->next] = text_clean(line, len, TEXT_ONE_LINE);
	t->next = (t->next + 1) % TAIL_LINES;
}

void
tail_print(const struct tail *t, FILE *out, const char *before)
{
	for (unsigned i = 0; i < TAIL_LINES; i++) {
		const char *line = t->lines[(t->next + i) % TAIL_LINES];

		if (line)
			fprintf(out, "%s%s\n", before, line);
	}
}

void
tail_fini(struct tail *t)
{
	for (unsigned i = 0; i < TAIL_LINES; i++) {
		free(t->lines[i]);
		t->lines[i] = NULL;
	}
}
