#include "protocol/control.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define WIRE_VERSION 1
#define TEXT_AT 40
_Static_assert(TEXT_AT + CONTROL_TEXT + 1 == CONTROL_RECORD_SIZE, "the text ends the record");

static const char *const state_names[CHILD_STATES] = {
	[CHILD_DOWN] = "down",
	[CHILD_STARTING] = "starting",
	[CHILD_READY] = "ready",
	[CHILD_BACKOFF] = "backoff",
	[CHILD_DEGRADED] = "degraded",
	[CHILD_STOPPING] = "stopping",
	[CHILD_KILLED] = "killed",
};

static void
put(uint8_t *at, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
get(const uint8_t *at, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v |= (uint64_t)at[i] << (8 * i);
	return v;
}

void
control_encode(const struct control_record *r, uint8_t ret_bytes[CONTROL_RECORD_SIZE])
{
	memset(ret_bytes, 0, CONTROL_RECORD_SIZE);
	ret_bytes[0] = WIRE_VERSION;
	ret_bytes[1] = (uint8_t)r->type;
	ret_bytes[2] = (uint8_t)r->role;
	put(ret_bytes + 4, r->index, 4);
	put(ret_bytes + 8, r->incarnation, 4);
	put(ret_bytes + 12, r->peer_incarnation, 4);
	put(ret_bytes + 16, r->count, 4);
	put(ret_bytes + 20, (uint32_t)r->pid, 4);
	put(ret_bytes + 24, (uint64_t)r->value_ms, 8);
	memcpy(ret_bytes + TEXT_AT, r->text, strnlen(r->text, CONTROL_TEXT));
}

enum err
control_decode(const uint8_t *bytes, size_t len, struct control_record *ret_r)
{
	if (len != CONTROL_RECORD_SIZE || bytes[0] != WIRE_VERSION)
		return ERR_MALFORMED;
	if (bytes[1] == 0 || bytes[1] >= CONTROL_TYPES || bytes[2] >= ROLE_COUNT)
		return ERR_MALFORMED;
	if (bytes[CONTROL_RECORD_SIZE - 1] != 0)
		return ERR_MALFORMED;
	ret_r->type = (enum control_type)bytes[1];
	ret_r->role = (enum role)bytes[2];
	ret_r->index = (uint32_t)get(bytes + 4, 4);
	ret_r->incarnation = (uint32_t)get(bytes + 8, 4);
	ret_r->peer_incarnation = (uint32_t)get(bytes + 12, 4);
	ret_r->count = (uint32_t)get(bytes + 16, 4);
	ret_r->pid = (int32_t)(uint32_t)get(bytes + 20, 4);
	ret_r->value_ms = (int64_t)get(bytes + 24, 8);
	memcpy(ret_r->text, bytes + TEXT_AT, CONTROL_TEXT + 1);
	return OK;
}

static bool
would_block(int number)
{
	return number == EAGAIN || number == ENOBUFS;
}

enum err
control_send(int fd, const struct control_record *r)
{
	uint8_t bytes[CONTROL_RECORD_SIZE];
	ssize_t n;

	control_encode(r, bytes);
	do
		n = send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return would_block(errno) ? ERR_BUSY : ERR_WORKER_LOST;
	return OK;
}

enum err
control_receive(int fd, struct control_record *ret_r)
{
	uint8_t bytes[CONTROL_RECORD_SIZE + 1];
	ssize_t n;

	do
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return would_block(errno) ? ERR_BUSY : ERR_WORKER_LOST;
	if (n == 0)
		return ERR_WORKER_LOST;
	return control_decode(bytes, (size_t)n, ret_r);
}

const char *
child_state_name(enum child_state state)
{
	return state >= 0 && state < CHILD_STATES ? state_names[state] : "?";
}
