/* PROFILE_LOAD: a saved profile for the analyzer. */
#ifndef WORKERS_STORE_PROFILE_LOAD_H
#define WORKERS_STORE_PROFILE_LOAD_H

#include "workers/store/store.h"

/* The model, checked against its SHA-256, and what the store knows of the profile. */
struct loaded_profile {
	uint8_t *model;                  /* the caller frees */
	size_t model_len;
};

/*
 * Appends the facts to `w`, at most RESULT_MAX bytes: {profile_id, job_id, outcome, label?,
 * program, tool, created (RFC 3339, UTC), elapsed_s?, peak_memory_mb?, summary, run, provenance,
 * left_out?}. ERR_NOT_FOUND; ERR_INVALID_ARGUMENT for what is no id; ERR_CORRUPT when any part of
 * it is not as it was saved.
 */
enum err profile_load(struct store *s, const struct body_profile_load *in, struct value_writer *w,
    struct loaded_profile *ret_profile);

/* Milliseconds since the epoch as "2026-11-22T14:03:35Z". */
#define PROFILE_TIME 21
void profile_time(int64_t ms, char ret_text[PROFILE_TIME]);

#endif
