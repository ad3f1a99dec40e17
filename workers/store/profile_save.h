/* PROFILE_SAVE: what a finished run left, for good. */
#ifndef WORKERS_STORE_PROFILE_SAVE_H
#define WORKERS_STORE_PROFILE_SAVE_H

#include "workers/store/store.h"

/*
 * In one transaction: the blobs and the profile's row, when there is a model; the job's end and its
 * result. The result, at most RESULT_MAX bytes, is {profile_id?, job_id, outcome, label?, program,
 * what `run` has, what `summary` has besides, warnings of both, left_out?} and is appended to `w`.
 * A job that has ended already changes nothing and answers its result, without a look at the blobs.
 * Afterwards the job's folder is removed; a failure there is only logged.
 *
 * ERR_INVALID_ARGUMENT, ERR_NOT_FOUND (no such job), ERR_OTHER_SERVER, ERR_CORRUPT (a file is not
 * what the message says), storage errors as in database.h.
 */
enum err profile_save(struct store *s, const struct body_profile_save *in, struct value_writer *w);

#endif
