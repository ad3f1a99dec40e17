/* PROFILE_LIST: saved profiles, newest first, page by page. */
#ifndef WORKERS_STORE_PROFILE_LIST_H
#define WORKERS_STORE_PROFILE_LIST_H

#include "workers/store/store.h"

#define PROFILE_LIST_ROWS 1000           /* in one page, whatever was asked for */
#define PROFILE_LIST_BYTES 480000        /* of one page, below the message's limit */

/*
 * Appends {profiles: [{profile_id, created, program, label?, outcome, elapsed_s?, peak_memory_mb?,
 * job_id?}...], total, next_cursor?} to `w`; total counts all that the search finds. The search is
 * a part of the program's name or of the label, its case ignored as far as ASCII goes. A cursor
 * goes on behind the last row of its page also when rows were saved or deleted meanwhile, and
 * belongs to its search. ERR_INVALID_ARGUMENT: a limit below 1, a cursor that we did not make.
 */
enum err profile_list(struct store *s, const struct body_profile_list *in, struct value_writer *w);

#endif
