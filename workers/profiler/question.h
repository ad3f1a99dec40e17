/* Asks an interpreter once for its version and for Scalene's, beside the loop and with a
 * deadline. */
#ifndef WORKERS_PROFILER_QUESTION_H
#define WORKERS_PROFILER_QUESTION_H

#include "workers/profiler/interpreter.h"
#include "workers/profiler/refusal.h"
#include "workers/profiler/strings.h"
#include "workers/profiler/tree.h"
#include "workers/runtime/loop.h"

#define QUESTION_MS 20000        /* cold disks are slow; after this the interpreter is given up */

struct question;

/* The answer. `found` is set when e is OK, `why` else; both live until the callback returns, which
 * may close the question. */
typedef void question_fn(void *arg, enum err e, const struct interpreter *found,
    const struct refusal *why);

/* Starts the interpreter at `path` in `cwd`. What it leaves running is killed. */
enum err question_ask(struct loop *loop, const char *path, const struct strings *environment,
    const char *cwd, question_fn *answer, void *arg, struct question **ret_question,
    struct refusal *why);

/* Kills it when it still runs. */
void question_close(struct question **question);

#endif
