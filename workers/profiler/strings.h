/* A growing list of owned strings that ends with NULL, as argv and envp want it. */
#ifndef WORKERS_PROFILER_STRINGS_H
#define WORKERS_PROFILER_STRINGS_H

#include <stdbool.h>
#include <stddef.h>

/* Zero is the empty list. After a failed allocation every call does nothing and `failed` stays
 * set. */
struct strings {
	char **at;               /* NULL while empty */
	size_t count, size;
	bool failed;
};

void strings_add(struct strings *s, const char *text);
void strings_addf(struct strings *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strings_fini(struct strings *s);

/* For lists of KEY=VALUE: sets one, reads one (NULL: not there), takes one out. */
void strings_set(struct strings *s, const char *key, const char *value);
const char *strings_value(const struct strings *s, const char *key);
void strings_unset(struct strings *s, const char *key);

#endif
