#include "workers/store/store.h"

#include <stdio.h>
#include <time.h>

#include "protocol/ulid.h"
#include "workers/store/schema.h"

#define WRAPPINGS 4              /* containers around a stored value in the deepest answer */

static const char *const outcomes[] = { "ok", "nonzero_exit", "signal", "timeout", "oom",
	"no_samples", "bad_profile", "scalene_error", "cancelled", "lost" };

void
store_init(struct store *s, const char *state_dir, const char *instance, struct spool *spool)
{
	*s = (struct store){ .state_dir = state_dir, .spool = spool };
	snprintf(s->instance, sizeof(s->instance), "%s", instance);
}

void
store_fini(struct store *s)
{
	database_close(&s->database);
}

enum err
store_ready(struct store *s)
{
	int state_fd = spool_dir_fd(s->spool);
	enum err e;

	fault_clear(&s->fault);
	if (s->database.sql != NULL && !s->database.suspect &&
	    database_in_place(&s->database, state_fd))
		return OK;
	database_close(&s->database);
	e = database_open(&s->database, s->state_dir, state_fd, &s->fault);
	if (e == OK)
		e = schema_apply(&s->database, schema_migrations, schema_version);
	if (e != OK)
		database_close(&s->database);
	return e;
}

int64_t
store_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum err
store_check_id(struct store *s, const char *field, struct text id)
{
	if (id.at != NULL && ulid_valid(id.at, id.len))
		return OK;
	return fault_set(&s->fault, ERR_INVALID_ARGUMENT,
	    "An id is 26 digits and capital letters, taken from an earlier answer.",
	    "%s is not an id", field);
}

static bool
fits_inside(struct value v)
{
	struct value_writer w;
	struct value whole;
	bool fits;

	value_writer_init(&w);
	for (int i = 0; i < WRAPPINGS; i++)
		value_array(&w, 1);
	value_raw(&w, v);
	whole = value_done(&w);
	fits = value_check(whole.at, whole.len);
	value_writer_fini(&w);
	return fits;
}

/* The three forms of a map's header (msgpack's specification). */
static bool
is_map(struct value v)
{
	return (v.at[0] & 0xf0) == 0x80 || v.at[0] == 0xde || v.at[0] == 0xdf;
}

enum err
store_check_value(struct store *s, const char *field, struct value v, bool map_only)
{
	if (!value_check(v.at, v.len))
		return fault_set(&s->fault, ERR_INVALID_ARGUMENT, NULL, "%s is not well-formed",
		    field);
	if (map_only && !is_map(v))
		return fault_set(&s->fault, ERR_INVALID_ARGUMENT, NULL, "%s is not a map", field);
	if (!fits_inside(v))
		return fault_set(&s->fault, ERR_INVALID_ARGUMENT, NULL, "%s is nested too deeply",
		    field);
	return OK;
}

enum err
store_check_outcome(struct store *s, struct text outcome)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (text_is(outcome, outcomes[i]))
			return OK;
	return fault_set(&s->fault, ERR_INVALID_ARGUMENT, NULL, "there is no such outcome");
}
