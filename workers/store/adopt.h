/* JOB_UNFINISHED: what a server has to go on with, jobs of dead servers included. */
#ifndef WORKERS_STORE_ADOPT_H
#define WORKERS_STORE_ADOPT_H

#include "workers/store/store.h"

#define ADOPT_ROWS 200                   /* jobs in one answer */
#define ADOPT_BYTES 480000               /* of one answer, below the message's limit */

/*
 * First, in one transaction, makes the unfinished jobs of dead instances jobs of in->instance,
 * which must be this store's. Then appends the array of our unfinished jobs, oldest first: {job_id,
 * tool, state, label?, arguments}. Where the bounds above do not allow all of them it is the oldest
 * ones; the rest comes when those have ended. Last, removes folders of jobs that ended just before
 * their store died.
 */
enum err jobs_unfinished(struct store *s, const struct body_job_unfinished *in,
    struct value_writer *w);

#endif
