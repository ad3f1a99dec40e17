/*
 * The message table: what may travel, who handles it, what answers it, how large and how slow it may
 * be. From messages.def and fields.h; body structs are `struct body_NAME` in lower case.
 */
#ifndef PROTOCOL_MESSAGE_H
#define PROTOCOL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/error.h"
#include "protocol/fields.h"
#include "protocol/role.h"

enum msg_type {
	MSG_NONE = 0,
#define MSG(NAME, name, id, owner, answer, max, ms, repeat) MSG_##NAME = (id),
#include "protocol/messages.def"
#undef MSG
	MSG_TYPE_END = 128
};

enum msg_repeat { REPEAT_NEVER, REPEAT_AGAIN };

enum field_type { FIELD_BOOL, FIELD_INT, FIELD_REAL, FIELD_TEXT, FIELD_BLOB, FIELD_VALUE };
enum field_presence { PRESENCE_REQUIRED, PRESENCE_NIL };

/* UTF-8 that somebody else owns; at == NULL is nil, which differs from the empty text. */
struct text {
	const char *at;
	size_t len;
};

/* One encoded msgpack value that somebody else owns; at == NULL is nil. */
struct value {
	const uint8_t *at;
	size_t len;
};

#define SPOOL_NAME_MAX 96
#define SHA256_SIZE 32

/*
 * Bytes, either here (inline) or in a file of the spool. A nil blob has neither. The file's name is
 * relative to the state directory, see workers/runtime/spool.h.
 */
struct blob {
	struct value bytes;      /* inline when at != NULL */
	struct text file;        /* else the spool file's name when at != NULL */
	uint64_t size;           /* of the file */
	uint8_t sha256[SHA256_SIZE];
};

#define BODY_BOOL bool
#define BODY_INT int64_t
#define BODY_REAL double
#define BODY_TEXT struct text
#define BODY_BLOB struct blob
#define BODY_VALUE struct value
#define BODY_FIELD(s, type, name, max, presence) BODY_##type name;
#define MSG(NAME, name, id, owner, answer, max, ms, repeat) \
	struct body_##name { \
		FIELDS_##NAME(BODY_FIELD, struct body_##name) \
		char end_;       /* keeps bodies without fields legal C */ \
	};
#include "protocol/messages.def"
#undef MSG

struct field_info {
	const char *name;
	enum field_type type;
	enum field_presence presence;
	uint32_t max;
	size_t offset;           /* in the body struct */
};

struct msg_info {
	const char *name;        /* "PROFILE_RUN" */
	enum role owner;
	enum msg_type answer;
	uint32_t body_max;
	uint32_t deadline_ms;
	enum msg_repeat repeat;
	const struct field_info *fields;
	unsigned field_count;
	size_t body_size;        /* sizeof(struct body_NAME) */
};

/* NULL when there is no such message. */
const struct msg_info *msg_info(enum msg_type type);

/* By name ("PROFILE_RUN"); MSG_NONE when there is none. */
enum msg_type msg_by_name(const char *name);

/* The field's index in the message, or -1. */
int msg_field(const struct msg_info *info, const char *name);

/* For string literals and NUL-terminated strings; NULL gives nil. */
struct text text_of(const char *s);
bool text_is(struct text t, const char *s);

/* Copies into buf with a NUL. False, and nothing copied, when nil, too long, or it holds a NUL. */
bool text_copy(struct text t, char *buf, size_t size);

#endif
