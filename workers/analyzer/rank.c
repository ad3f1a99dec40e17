#include "workers/analyzer/rank.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
larger_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static enum err
add(struct ranking *r, double key, uint32_t index, uint32_t file, uint32_t line)
{
	struct ranked *one;

	one = profile_grow(&r->at, &r->count, sizeof(*one));
	if (one == NULL)
		return ERR_NO_MEMORY;
	*one = (struct ranked){ key, index, file, line };
	return OK;
}

static enum err
finish(struct ranking *r, enum err e, struct ranking *ret_ranking)
{
	if (e != OK) {
		ranking_fini(r);
		return e;
	}
	if (r->count > 1)
		qsort(r->at, r->count, sizeof(*r->at), larger_first);
	*ret_ranking = *r;
	return OK;
}

enum err
rank_lines(const struct profile *p, rank_fn *key, const bool *wanted, struct ranking *ret_ranking)
{
	struct ranking r = { .at = NULL };
	enum err e = OK;

	for (uint32_t i = 0; e == OK && i < p->line_count; i++) {
		const struct profile_line *l = &p->lines[i];

		if ((wanted == NULL || wanted[l->file]) && key(l->metric) > 0)
			e = add(&r, key(l->metric), i, l->file, l->number);
	}
	return finish(&r, e, ret_ranking);
}

enum err
rank_functions(const struct profile *p, rank_fn *key, const bool *wanted,
    struct ranking *ret_ranking)
{
	struct ranking r = { .at = NULL };
	enum err e = OK;

	for (uint32_t i = 0; e == OK && i < p->function_count; i++) {
		const struct profile_function *f = &p->functions[i];

		if ((wanted == NULL || wanted[f->file]) && key(f->metric) > 0)
			e = add(&r, key(f->metric), i, f->file, f->start);
	}
	return finish(&r, e, ret_ranking);
}

enum err
rank_leaks(const struct profile *p, const bool *wanted, struct ranking *ret_ranking)
{
	struct ranking r = { .at = NULL };
	enum err e = OK;

	for (uint32_t i = 0; e == OK && i < p->leak_count; i++) {
		const struct profile_leak *l = &p->leaks[i];

		if (wanted == NULL || wanted[l->file])
			e = add(&r, l->likelihood, i, l->file, l->line);
	}
	return finish(&r, e, ret_ranking);
}

/* Small beside any figure that can be told from 0, so that it only orders what has no other. */
static double
behind(double v)
{
	return v * 1e-18;
}

double
rank_memory(const double metric[METRIC_COUNT])
{
	if (metric[METRIC_PEAK] > 0)
		return metric[METRIC_PEAK];
	return behind(metric[METRIC_ALLOCATED] + metric[METRIC_COPY]);
}

double
rank_gpu(const double metric[METRIC_COUNT])
{
	if (metric[METRIC_GPU] > 0)
		return metric[METRIC_GPU];
	return behind(metric[METRIC_GPU_PEAK] + metric[METRIC_GPU_AVERAGE]);
}

double
rank_cpu_memory(const double metric[METRIC_COUNT])
{
	double cpu = metric_cpu(metric);

	return cpu > 0 ? cpu : behind(rank_memory(metric));
}

void
ranking_fini(struct ranking *r)
{
	free(r->at);
	*r = (struct ranking){ .at = NULL };
}

static bool
ends_with_components(struct text path, struct text tail)
{
	while (tail.len >= 2 && memcmp(tail.at, "./", 2) == 0)
		tail = (struct text){ tail.at + 2, tail.len - 2 };
	if (tail.len == 0 || tail.len > path.len)
		return false;
	if (memcmp(path.at + path.len - tail.len, tail.at, tail.len) != 0)
		return false;
	return tail.len == path.len || tail.at[0] == '/' || path.at[path.len - tail.len - 1] == '/';
}

enum err
rank_match_files(const struct profile *p, struct text filename, bool **ret_wanted)
{
	bool *wanted = calloc(p->file_count + 1, sizeof(*wanted));
	bool any = false;

	if (wanted == NULL)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < p->file_count; i++) {
		wanted[i] = ends_with_components(p->files[i].path, filename);
		any |= wanted[i];
	}
	if (!any) {
		free(wanted);
		return ERR_NOT_FOUND;
	}
	*ret_wanted = wanted;
	return OK;
}

/* FNV-1a; the zero byte keeps "a" "bc" apart from "ab" "c". */
uint32_t
cursor_hash(uint32_t seed, struct text t)
{
	uint32_t h = seed ^ 2166136261u;

	for (size_t i = 0; i < t.len; i++)
		h = (h ^ (unsigned char)t.at[i]) * 16777619u;
	return h * 16777619u;
}

void
cursor_write(uint32_t hash, uint32_t offset, char ret_cursor[CURSOR_BYTES])
{
	snprintf(ret_cursor, CURSOR_BYTES, "%08x%x", hash, offset);
}

enum err
cursor_read(uint32_t hash, struct text cursor, uint32_t *ret_offset)
{
	char copy[CURSOR_BYTES], again[CURSOR_BYTES];
	unsigned long offset;

	if (cursor.at == NULL) {
		*ret_offset = 0;
		return OK;
	}
	if (cursor.len < 9 || !text_copy(cursor, copy, sizeof(copy)))
		return ERR_INVALID_ARGUMENT;
	offset = strtoul(copy + 8, NULL, 16);
	if (offset > UINT32_MAX)
		return ERR_INVALID_ARGUMENT;
	cursor_write(hash, (uint32_t)offset, again);
	if (strcmp(copy, again) != 0)
		return ERR_INVALID_ARGUMENT;
	*ret_offset = (uint32_t)offset;
	return OK;
}
