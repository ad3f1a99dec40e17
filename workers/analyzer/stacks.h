/* Scalene's `stacks`: Python frames with sample counts. */
#ifndef WORKERS_ANALYZER_STACKS_H
#define WORKERS_ANALYZER_STACKS_H

#include "workers/analyzer/profile.h"
#include "workers/runtime/json.h"

/*
 * Reads the raw array [[[frame, ...], {count, ...}], ...] into frames, stacks and stack_frames of
 * `p`, stacks with most samples first, until PROFILE_FRAMES_MAX frames are there; the rest is left
 * out with NOTE_STACKS_CUT. *ret_samples is the sum of all counts, left-out stacks included.
 * Weights other than `count` are not read: Scalene renormalises them in place.
 * ERR_NO_MEMORY.
 */
enum err stacks_read(struct profile *p, struct json_span array, uint64_t *ret_samples);

/* Splits "FILE FUNCTION:LINE;" from the right, because FILE may hold spaces and colons. False when
 * it has not that form. The texts borrow from `frame`. */
bool stack_frame_parse(struct text frame, struct profile_frame *ret_frame);

#endif
