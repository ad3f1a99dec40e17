#include "protocol/inherit.h"

#include <stdio.h>
#include <string.h>

#define SUN_PATH_MAX 107

enum err
channel_path(char *buf, size_t size, const char *runtime_dir, enum role role, unsigned index,
    uint32_t worker_incarnation, uint32_t front_incarnation, uint32_t channel)
{
	char path[SUN_PATH_MAX + 1];
	int n = snprintf(path, sizeof(path), "%s/%s.%u.%u-%u-%u", runtime_dir, role_name(role),
	    index, worker_incarnation, channel, front_incarnation);

	if (n < 0 || (size_t)n >= sizeof(path) || (size_t)n >= size)
		return ERR_TOO_LARGE;
	memcpy(buf, path, (size_t)n + 1);
	return OK;
}
