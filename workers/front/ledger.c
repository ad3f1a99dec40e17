#include "workers/front/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "protocol/ulid.h"
#include "workers/front/ledger_input.h"
#include "workers/front/ledger_output.h"
#include "workers/front/ledger_record.h"
#include "workers/front/ledger_space.h"

struct ledger {
	struct ledger_shared *shared;
	struct ledger_input input;
	struct ledger_output output;
	struct ledger_record staged;
	bool touched;                /* the caller has staged something */
	bool has_line;
	struct ledger_line line;     /* when has_line: what ledger_next returns */
	uint64_t line_end;           /* where the next one starts */
	uint64_t held;               /* bytes of open requests */
	uint64_t dead;               /* bytes of input nobody needs, not freed yet */
};

static enum err
check_pipes(int client_in, int client_out)
{
	struct stat in, out;

	if (fstat(client_in, &in) < 0 || fstat(client_out, &out) < 0)
		return err_from_errno(errno);
	return S_ISFIFO(in.st_mode) && S_ISFIFO(out.st_mode) ? OK : ERR_INVALID_ARGUMENT;
}

static enum err
take_up(struct ledger *l, uint64_t written)
{
	const struct ledger_record *r = ledger_shared_current(l->shared);

	if (!ledger_record_valid(r, l->input.arrived, l->output.given, written))
		return ERR_CORRUPT;
	l->staged = *r;
	if (r->in_hand != 0) {
		ledger_record_count_death(&l->staged);
		ledger_shared_publish(l->shared, &l->staged);
	}
	for (unsigned i = 0; i < LIMIT_OPEN_REQUESTS; i++)
		if (l->staged.slots[i].open)
			l->held += l->staged.slots[i].length;
	ledger_space_free_input(l->input.file, &l->staged);
	return OK;
}

enum err
ledger_open(int client_in, int client_out, int in, int out, int record,
    struct ledger **ret_ledger)
{
	struct ledger *l = calloc(1, sizeof(*l));
	uint64_t written;
	enum err e = ERR_NO_MEMORY;

	if (l == NULL)
		goto failed;
	if ((e = check_pipes(client_in, client_out)) != OK)
		goto failed;
	if ((e = ledger_input_init(&l->input, client_in, in)) != OK)
		goto failed;
	if ((e = ledger_output_init(&l->output, client_out, out, &written)) != OK)
		goto failed;
	if ((e = ledger_shared_open(record, &l->shared)) != OK)
		goto failed;
	if ((e = take_up(l, written)) != OK)
		goto failed;
	*ret_ledger = l;
	return OK;
failed:
	ledger_close(&l);
	return e;
}

void
ledger_close(struct ledger **l)
{
	if (*l == NULL)
		return;
	ledger_shared_close(&(*l)->shared);
	ledger_input_fini(&(*l)->input);
	free(*l);
	*l = NULL;
}

/* ---- input ---- */

enum err
ledger_fill(struct ledger *l)
{
	return ledger_input_fill(&l->input, ledger_shared_current(l->shared)->consumed);
}

static void
pass(struct ledger *l, uint64_t to)
{
	l->dead += to - l->staged.consumed;
	l->staged.consumed = to;
}

/*
 * Where the first unconsumed line ends, and where the next one begins; false when its end has not
 * arrived.
 */
static bool
find_end(struct ledger *l, uint64_t *ret_end, uint64_t *ret_next)
{
	uint64_t start = l->staged.consumed, to = l->input.arrived;

	if (to - start > LEDGER_LINE_SPAN)
		to = start + LEDGER_LINE_SPAN;
	if (ledger_input_newline(&l->input, start, to, ret_end)) {
		*ret_next = *ret_end + 1;
		return true;
	}
	if (to < l->input.arrived || !l->input.ended || (to == start && !l->staged.skipping))
		return false;
	*ret_end = *ret_next = to;
	return true;
}

/* Throws away what has arrived of a line without end. False when there is nothing to throw away. */
static bool
skip(struct ledger *l)
{
	struct ledger_record *s = &l->staged;
	uint64_t unread = l->input.arrived - s->consumed;

	if (unread == 0 || (!s->skipping && unread < LEDGER_LINE_SPAN))
		return false;
	if (!s->skipping)
		s->skip_from = s->consumed;
	s->skipping = 1;
	pass(l, s->consumed + (unread < LEDGER_LINE_SPAN ? unread : LEDGER_LINE_SPAN));
	return true;
}

/* False for an empty line. */
static bool
take_line(struct ledger *l, uint64_t end)
{
	uint64_t start = l->staged.consumed;
	size_t len = (size_t)(end - start);
	const char *text = len > 0 ? ledger_input_text(&l->input, start, end) : "";

	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (len == 0 && !l->staged.skipping)
		return false;
	l->line = (struct ledger_line){ .at = text, .len = len, .offset = start };
	if (l->staged.skipping)
		l->line.offset = l->staged.skip_from;
	if (!l->staged.skipping && len <= LIMIT_JSON_LINE)
		return true;
	l->line.at = "";
	l->line.len = 0;
	l->line.too_long = true;
	return true;
}

static bool
find_line(struct ledger *l)
{
	uint64_t end, next;

	for (;;) {
		if (find_end(l, &end, &next)) {
			l->line_end = next;
			if (take_line(l, end))
				return true;
			pass(l, next);
		} else if (!skip(l)) {
			return false;
		}
	}
}

static void
free_input(struct ledger *l)
{
	if (l->dead < LEDGER_DEAD_BYTES)
		return;
	ledger_space_free_input(l->input.file, &l->staged);
	l->dead = 0;
}

/* Commits what was passed over, so that its space can be freed, and nothing of the caller's. */
static void
commit_progress(struct ledger *l)
{
	const struct ledger_record *now = ledger_shared_current(l->shared);
	struct ledger_session session = l->staged.session;

	if (l->touched || l->staged.consumed == now->consumed)
		return;
	l->staged.session = now->session;
	ledger_shared_publish(l->shared, &l->staged);
	l->staged.session = session;
	free_input(l);
}

bool
ledger_next(struct ledger *l, struct ledger_line *ret_line)
{
	if (!l->has_line)
		l->has_line = find_line(l);
	if (!l->has_line) {
		commit_progress(l);
		return false;
	}
	*ret_line = l->line;
	return true;
}

/* ---- staged changes ---- */

/* The line of ledger_next is behind us. Returns the deaths that were counted for it. */
static unsigned
leave_line(struct ledger *l)
{
	unsigned deaths = ledger_head_deaths(l);

	if (l->staged.head_offset <= l->line.offset)
		l->staged.head_deaths = 0;
	l->staged.skipping = 0;
	l->staged.consumed = l->line_end;
	l->has_line = false;
	l->touched = true;
	return deaths;
}

void
ledger_consume(struct ledger *l)
{
	if (!l->has_line)
		return;
	l->dead += l->line_end - l->staged.consumed;
	leave_line(l);
}

static int
free_slot(const struct ledger *l)
{
	for (int i = 0; i < LIMIT_OPEN_REQUESTS; i++)
		if (!l->staged.slots[i].open)
			return i;
	return -1;
}

int
ledger_hold(struct ledger *l)
{
	int slot = free_slot(l);

	if (slot < 0 || !l->has_line || l->line.too_long)
		return -1;
	if (l->held + l->line.len > LEDGER_HELD_BYTES)
		return -1;
	l->staged.slots[slot] = (struct ledger_slot){
		.offset = l->line.offset, .length = (uint32_t)l->line.len, .open = 1,
	};
	l->held += l->line.len;
	l->staged.slots[slot].deaths = (uint8_t)leave_line(l);
	return slot;
}

enum err
ledger_append(struct ledger *l, const char *at, size_t len)
{
	enum err e;

	if (len > LIMIT_JSON_LINE)
		return ERR_TOO_LARGE;
	if (len > 0 && memchr(at, '\n', len) != NULL)
		return ERR_MALFORMED;
	e = ledger_output_write(&l->output, l->staged.out_length, at, len);
	if (e != OK)
		return e;
	l->staged.out_length += len + 1;
	l->touched = true;
	return OK;
}

/* NULL when it is not open. */
static struct ledger_slot *
open_slot(struct ledger *l, int slot)
{
	if (!ledger_is_open(l, slot))
		return NULL;
	l->touched = true;
	return &l->staged.slots[slot];
}

void
ledger_done(struct ledger *l, int slot)
{
	struct ledger_slot *s = open_slot(l, slot);

	if (s == NULL)
		return;
	l->held -= s->length;
	l->dead += s->length;
	*s = (struct ledger_slot){ .open = 0 };
}

void
ledger_set_job(struct ledger *l, int slot, const char job_id[LIMIT_ULID + 1])
{
	struct ledger_slot *s = open_slot(l, slot);

	if (s == NULL)
		return;
	memset(s->job, 0, sizeof(s->job));
	if (ulid_valid(job_id, strnlen(job_id, LIMIT_ULID + 1)))
		memcpy(s->job, job_id, LIMIT_ULID);
}

void
ledger_blame(struct ledger *l, int slot)
{
	struct ledger_slot *s = open_slot(l, slot);

	if (s != NULL && s->deaths < LEDGER_DEATHS_MAX)
		s->deaths++;
}

struct ledger_session *
ledger_session(struct ledger *l)
{
	return &l->staged.session;
}

void
ledger_commit(struct ledger *l)
{
	struct ledger_session *session = &l->staged.session;

	session->protocol_version[sizeof(session->protocol_version) - 1] = '\0';
	ledger_shared_publish(l->shared, &l->staged);
	l->touched = false;
	free_input(l);
}

/* ---- open requests ---- */

bool
ledger_is_open(const struct ledger *l, int slot)
{
	return slot >= 0 && slot < LIMIT_OPEN_REQUESTS && l->staged.slots[slot].open;
}

const char *
ledger_job(const struct ledger *l, int slot)
{
	return ledger_is_open(l, slot) ? l->staged.slots[slot].job : "";
}

enum err
ledger_line_of(struct ledger *l, int slot, struct ledger_line *ret_line)
{
	const struct ledger_slot *s;
	const char *at;
	enum err e;

	if (!ledger_is_open(l, slot))
		return ERR_NOT_FOUND;
	s = &l->staged.slots[slot];
	e = ledger_input_map(&l->input, s->offset, s->length, &at);
	if (e != OK)
		return e;
	*ret_line = (struct ledger_line){ .at = at, .len = s->length, .offset = s->offset };
	return OK;
}

unsigned
ledger_deaths(const struct ledger *l, int slot)
{
	return ledger_is_open(l, slot) ? l->staged.slots[slot].deaths : 0;
}

void
ledger_in_hand(struct ledger *l, uint64_t offset)
{
	l->staged.in_hand = offset + 1;
	ledger_shared_set_in_hand(l->shared, l->staged.in_hand);
}

void
ledger_nothing_in_hand(struct ledger *l)
{
	l->staged.in_hand = 0;
	ledger_shared_set_in_hand(l->shared, 0);
}

unsigned
ledger_head_deaths(const struct ledger *l)
{
	return l->has_line && l->line.offset == l->staged.head_offset ? l->staged.head_deaths : 0;
}

/* ---- output ---- */

enum err
ledger_flush(struct ledger *l)
{
	return ledger_output_give(&l->output, ledger_shared_current(l->shared)->out_length);
}

uint64_t
ledger_backlog(const struct ledger *l)
{
	return ledger_shared_current(l->shared)->out_length - l->output.given;
}
