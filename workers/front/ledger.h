/*
 * What a front on stdio must not forget: which bytes of its client it has dealt with, which
 * requests are still open, and which answers the client has been given. It lives in three memory
 * files and in the file offsets of two of them, all kept by the supervisor, so that kill -9 at any
 * instruction loses nothing, answers nothing twice and cuts no line; the next incarnation goes on
 * from here.
 *
 * How:
 *  - Input goes from the client's pipe to the file `in` by splice(2) without an offset argument.
 *    The kernel moves bytes and file offset together, so the offset says exactly how much has
 *    arrived.
 *  - Output lines are written into `out` behind the committed length and go to the client's pipe
 *    by splice in the same way; the offset of `out` says to the byte how much the client has been
 *    given.
 *  - `record` holds two copies of the rest and a version word whose lowest bit says which copy is
 *    current. Changes are staged in ordinary memory; ledger_commit fills the other copy and steps
 *    the word, so everything that was staged becomes true at once: "request done" and "answer
 *    present" together, or neither.
 *  - Offsets only grow. Space is freed by punching holes and never used again, because what lies
 *    in a pipe is a reference to the page itself.
 *
 * One process, one thread, at a time. System calls used after ledger_open, for whoever confines the
 * process: splice, mmap, munmap, pwritev, fallocate, ioctl(FIONREAD), rt_sigprocmask,
 * rt_sigtimedwait, rt_sigpending.
 */
#ifndef WORKERS_FRONT_LEDGER_H
#define WORKERS_FRONT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/error.h"
#include "protocol/limits.h"

/*
 * Bytes that have arrived and are not consumed yet; above it ledger_fill moves nothing. More than
 * one whole line, so that the line at the head can always be completed.
 */
#define LEDGER_BACKLOG_BYTES (2 * LIMIT_JSON_LINE)
/* Text of all open requests together; above it ledger_hold refuses as if the table were full. */
#define LEDGER_HELD_BYTES (4 * LIMIT_JSON_LINE)

struct ledger;

/*
 * Takes up what the descriptors hold. They stay the caller's and stay open longer than the ledger.
 * client_in and client_out are pipes; an empty `record` is the first incarnation's and is set up in
 * a way that survives being killed. Changes that an earlier incarnation staged and did not commit
 * never happened.
 *
 * ERR_INVALID_ARGUMENT: client_in or client_out is no pipe. ERR_CORRUPT: the record has a wrong
 * size, magic or layout, or says what cannot be (more consumed than has arrived, more given than
 * written, open requests that overlap or lie outside what was consumed, a job that is no id):
 * nothing is changed, and nothing can be taken up. ERR_NO_MEMORY, ERR_SYSTEM.
 */
enum err ledger_open(int client_in, int client_out, int in, int out, int record,
    struct ledger **ret_ledger);
/* Drops what is staged, frees, sets *l to NULL; *l may be NULL. */
void ledger_close(struct ledger **l);

/* ---- input ---- */

/*
 * Takes what the client has sent, at most 1 MiB, without waiting. OK: something has moved;
 * ERR_BUSY: nothing is there now, poll client_in for POLLIN; ERR_NOT_FOUND: end of file;
 * ERR_TOO_LARGE: more than LEDGER_BACKLOG_BYTES wait, so nothing was moved: do not poll client_in,
 * take lines (ledger_next) and commit first. Other errors are those of splice(2).
 */
enum err ledger_fill(struct ledger *l);

struct ledger_line {
	const char *at;      /* not NUL-terminated */
	size_t len;          /* at least 1 unless too_long */
	uint64_t offset;     /* of its first byte in all that was sent: names the line */
	bool too_long;       /* it was over LIMIT_JSON_LINE; its text was not kept: len is 0 */
};

/*
 * The first line that is neither consumed nor held, without its newline and a CR before that; the
 * same one again until it is. False when no whole line is there. Empty lines are passed over. At
 * end of file (ledger_fill said so) what stands behind the last newline counts as a line. A line
 * over LIMIT_JSON_LINE is thrown away as it comes, in this incarnation and the next ones, and
 * returned once, with too_long, when its end is there.
 *
 * `at` lives until ledger_next is called for another line; once consumed or done, only until
 * ledger_commit. Aborts the process when the kernel refuses to map the input (the next incarnation
 * goes on).
 */
bool ledger_next(struct ledger *l, struct ledger_line *ret_line);

/* ---- staged changes: true together at ledger_commit, or, without it, never ---- */

/*
 * The line of ledger_next is dealt with and leaves no open request. Without such a line: nothing.
 */
void ledger_consume(struct ledger *l);

/*
 * The line of ledger_next becomes an open request. Returns its slot (0..LIMIT_OPEN_REQUESTS-1), or
 * -1, and the line stays what ledger_next returns, when the table is full, when the open requests'
 * text would exceed LEDGER_HELD_BYTES, when there is no line or when it is too_long. A slot's
 * number is the same in later incarnations until it is done.
 */
int ledger_hold(struct ledger *l);

/*
 * One line of output; adds the newline. ERR_MALFORMED: there is a newline in it; ERR_TOO_LARGE:
 * over LIMIT_JSON_LINE; ERR_NO_MEMORY and others of pwritev(2). On an error nothing was staged.
 */
enum err ledger_append(struct ledger *l, const char *at, size_t len);

/*
 * That request was answered, or may never be (it was cancelled). For this and the next two: a slot
 * that is not open is left alone.
 */
void ledger_done(struct ledger *l, int slot);

/* The job that the request waits for: a ULID; anything else, as "", is none. */
void ledger_set_job(struct ledger *l, int slot, const char job_id[LIMIT_ULID + 1]);

/* The request has cost one more process (a worker's). Stops at 255. */
void ledger_blame(struct ledger *l, int slot);

/*
 * What a session on stdio knows of its client. All zero at first; the next incarnation finds what
 * was committed.
 */
struct ledger_session {
	char protocol_version[16];       /* NUL-terminated; "" before it is known */
	uint8_t initialized;
	uint8_t log_level;
	uint8_t reserved[14];            /* the front's own use */
};

/*
 * The staged copy, to be read and changed; lives as long as the ledger. A protocol version without
 * NUL is cut when it is committed.
 */
struct ledger_session *ledger_session(struct ledger *l);

void ledger_commit(struct ledger *l);

/* ---- open requests, with what is staged ---- */

bool ledger_is_open(const struct ledger *l, int slot);

/* "" when there is none or the slot is not open. Lives until the slot changes. */
const char *ledger_job(const struct ledger *l, int slot);

/*
 * The request's text once more, with the offset that it had in ledger_next. `at` lives until the
 * next ledger_line_of, and until the commit after ledger_done. ERR_NOT_FOUND: the slot is not open;
 * ERR_NO_MEMORY.
 */
enum err ledger_line_of(struct ledger *l, int slot, struct ledger_line *ret_line);

/*
 * How many processes the request has cost: fronts that died with it in hand, and ledger_blame. 0
 * when not open.
 */
unsigned ledger_deaths(const struct ledger *l, int slot);

/*
 * What the front works on right now, by the line's offset, held or not. Written at once and not
 * staged; survives commits. If the process dies before ledger_nothing_in_hand, the next ledger_open
 * counts one death: in the slot of the request with that offset, or for the line that is not
 * consumed yet.
 */
void ledger_in_hand(struct ledger *l, uint64_t offset);
void ledger_nothing_in_hand(struct ledger *l);

/*
 * Deaths counted for the line that ledger_next has returned; ledger_hold carries them over to the
 * slot.
 */
unsigned ledger_head_deaths(const struct ledger *l);

/* ---- output ---- */

/*
 * Gives the client what is committed, without waiting. OK: all of it is out; ERR_BUSY: the pipe is
 * full, poll client_out for POLLOUT; ERR_WORKER_LOST: nobody reads any more (no SIGPIPE is raised).
 * Other errors are those of splice(2).
 *
 * Frees what the client has read, not what still lies in the pipe: with huge pages for shared
 * memory (transparent_hugepage/shmem_enabled) the kernel clears the punched part of a large page in
 * place, and whoever reads the pipe later gets zeros (seen on 6.18 with a tmpfs of huge=always;
 * with small pages the pipe keeps its own).
 */
enum err ledger_flush(struct ledger *l);

/* Committed bytes that are not out yet. */
uint64_t ledger_backlog(const struct ledger *l);

#endif
