#include "workers/analyzer/profile.h"

#include <stdlib.h>
#include <string.h>

const struct metric_info metric_infos[METRIC_COUNT] = {
#define METRIC(NAME, key, max, combine) [METRIC_##NAME] = { key, max, COMBINE_##combine },
	METRICS(METRIC)
#undef METRIC
};

void
profile_init(struct profile *p)
{
	*p = (struct profile){ .program = { "", 0 }, .directory = { "", 0 } };
	arena_init(&p->arena);
}

void
profile_fini(struct profile *p)
{
	free(p->files);
	free(p->lines);
	free(p->functions);
	free(p->rows);
	free(p->leaks);
	free(p->frames);
	free(p->stacks);
	free(p->stack_frames);
	free(p->timeline);
	arena_fini(&p->arena);
	profile_init(p);
}

/* The array has room for the next power of two above its count, 16 at least. */
void *
profile_grow(void *array, uint32_t *count, size_t size)
{
	uint32_t n = *count;
	bool full = n == 0 || (n >= 16 && (n & (n - 1)) == 0);
	char *at;

	memcpy(&at, array, sizeof(at));
	if (full) {
		size_t room = n == 0 ? 16 : (size_t)n * 2;

		at = realloc(at, room * size);
		if (at == NULL)
			return NULL;
		memcpy(array, &at, sizeof(at));
	}
	*count = n + 1;
	return memset(at + (size_t)n * size, 0, size);
}

double
metric_cpu(const double metric[METRIC_COUNT])
{
	return metric[METRIC_PYTHON] + metric[METRIC_NATIVE] + metric[METRIC_WAIT];
}

bool
metric_any(const double metric[METRIC_COUNT])
{
	for (unsigned i = 0; i < METRIC_COUNT; i++)
		if (metric[i] > 0)
			return true;
	return false;
}

void
metric_combine(double total[METRIC_COUNT], const double line[METRIC_COUNT])
{
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		if (metric_infos[i].combine == COMBINE_SUM)
			total[i] += line[i];
		else if (metric_infos[i].combine == COMBINE_MAX && line[i] > total[i])
			total[i] = line[i];
	}
}

double
profile_total_cpu_s(const struct profile *p)
{
	return p->elapsed_s * (p->python_percent + p->native_percent) / 100;
}

double
profile_cpu_s(const struct profile *p, double share_percent)
{
	return share_percent / 100 * profile_total_cpu_s(p);
}

static struct text
relative_to(struct text path, struct text directory)
{
	size_t len = directory.len;

	while (len > 1 && directory.at[len - 1] == '/')
		len--;
	if (len == 0 || path.len < len + 2 || memcmp(path.at, directory.at, len) != 0)
		return path;
	if (directory.at[len - 1] == '/')
		return (struct text){ path.at + len, path.len - len };
	if (path.at[len] != '/')
		return path;
	return (struct text){ path.at + len + 1, path.len - len - 1 };
}

void
profile_name_files(struct profile *p)
{
	for (uint32_t i = 0; i < p->file_count; i++)
		p->files[i].name = relative_to(p->files[i].path, p->directory);
}
