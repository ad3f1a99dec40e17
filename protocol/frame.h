/*
 * What travels on a data channel: the envelope, a msgpack array
 *
 *     [version, type, request, incarnation, deadline_ms, body]
 *
 * and the typed body, a msgpack array of the message's fields in table order. A receiver decodes
 * everything and checks that nothing is left over before it acts.
 */
#ifndef PROTOCOL_FRAME_H
#define PROTOCOL_FRAME_H

#include "protocol/message.h"
#include "protocol/value.h"

#define FRAME_VERSION 1

struct frame {
	enum msg_type type;
	uint64_t request;        /* minted by the front, unique within one of its incarnations */
	uint32_t incarnation;    /* the sender's */
	int64_t deadline_ms;     /* how long the asker waits from now on; 0: no limit */
	struct value body;       /* still encoded; borrows from the received bytes */
};

/* Appends the whole frame to `w`; `body` is an encoded body. ERR_TOO_LARGE when it breaks the message's
 * limit or LIMIT_FRAME. */
enum err frame_encode(const struct frame *f, struct value_writer *w);

/*
 * Decodes and checks an envelope: version, known type, body within its limit. ERR_MALFORMED, ERR_TOO_LARGE.
 * ret_f borrows from `bytes`.
 */
enum err frame_decode(const uint8_t *bytes, size_t len, struct frame *ret_f);

/* Appends the encoded body: `body` points to the message's body struct. ERR_TOO_LARGE for a field over
 * its maximum, ERR_INVALID_ARGUMENT for a required field that is nil. */
enum err body_encode(enum msg_type type, const void *body, struct value_writer *w);

/* Fills the message's body struct; texts, blobs and values borrow from the encoded bytes. ERR_MALFORMED for
 * a wrong count, type, length, missing required field or anything left over; then *ret_body is untouched. */
enum err body_decode(enum msg_type type, struct value encoded, void *ret_body);

/*
 * The encoded fields of a body one by one, for who passes them on by name without knowing the message
 * (the front's routes). ret_fields has room for the message's field_count; nil fields are the one byte 0xc0.
 */
enum err body_split(enum msg_type type, struct value encoded, struct value *ret_fields);

/* Whether an encoded value may stand in that field: type, length, presence. An integer is accepted for
 * REAL. */
bool field_accepts(const struct field_info *field, struct value encoded);

#endif
