#include "protocol/ulid.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#define TIME_CHARS 10
#define RANDOM_BYTES 10

static void
fill_random(uint8_t *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = getrandom(bytes + done, len - done, 0);

		if (n > 0)
			done += (size_t)n;
	}
}

void
ulid_make(char ret_id[LIMIT_ULID + 1])
{
	struct timespec now;
	uint8_t random[RANDOM_BYTES];
	uint64_t ms, high = 0, low = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	fill_random(random, sizeof(random));
	for (int i = 0; i < 5; i++) {
		high = high << 8 | random[i];
		low = low << 8 | random[5 + i];
	}
	for (int i = 0; i < TIME_CHARS; i++)
		ret_id[i] = alphabet[ms >> (5 * (TIME_CHARS - 1 - i)) & 31];
	for (int i = 0; i < 8; i++) {
		ret_id[TIME_CHARS + i] = alphabet[high >> (5 * (7 - i)) & 31];
		ret_id[TIME_CHARS + 8 + i] = alphabet[low >> (5 * (7 - i)) & 31];
	}
	ret_id[LIMIT_ULID] = 0;
}

bool
ulid_valid(const char *s, size_t len)
{
	if (s == NULL || len != LIMIT_ULID || s[0] > '7')
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] == 0 || strchr(alphabet, s[i]) == NULL)
			return false;
	return true;
}
