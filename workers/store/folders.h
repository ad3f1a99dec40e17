/* Job folders: what a run left under "jobs/<ULID>" of the state directory. Their content comes
 * from hostile programs. */
#ifndef WORKERS_STORE_FOLDERS_H
#define WORKERS_STORE_FOLDERS_H

#include "protocol/message.h"

#define FOLDER_DEPTH 32                  /* folders within folders that are removed */
#define FOLDER_ENTRIES 20000             /* names removed in one call */

/*
 * Removes the folder of a job and all that is in it, link by link: no link is followed, nothing
 * outside is touched. Missing is fine. ERR_INVALID_ARGUMENT when job_id is no id, ERR_TOO_LARGE
 * past the bounds above (what was reached is gone), else the error of the first name that could not
 * be removed.
 */
enum err folder_remove(int state_fd, struct text job_id);

/* Calls `visit` for each job folder, at most `max` of them, in no order. */
typedef void folder_fn(void *arg, struct text job_id);
void folder_each(int state_fd, unsigned max, folder_fn *visit, void *arg);

#endif
