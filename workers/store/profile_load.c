#include "workers/store/profile_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "workers/store/blobs.h"
#include "workers/store/result.h"
#include "workers/store/statement.h"

#define SQL_LOAD \
	"SELECT job_id, outcome, label, program, tool, created_ms, elapsed_s, peak_memory_mb," \
	" summary, run, provenance, model_sha256 FROM profiles WHERE id = ?1"
enum { LOAD_JOB, LOAD_OUTCOME, LOAD_LABEL, LOAD_PROGRAM, LOAD_TOOL, LOAD_CREATED, LOAD_ELAPSED,
	LOAD_PEAK, LOAD_SUMMARY, LOAD_RUN, LOAD_PROVENANCE, LOAD_MODEL };

void
profile_time(int64_t ms, char ret_text[PROFILE_TIME])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(ret_text, PROFILE_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(ret_text, PROFILE_TIME, "?");
}

/* Each of the three must be whole on its own, or it would take its neighbours with it. */
static bool
values_sound(sqlite3_stmt *row)
{
	for (int column = LOAD_SUMMARY; column <= LOAD_PROVENANCE; column++) {
		struct value v = column_value(row, column);

		if (!value_check(v.at, v.len))
			return false;
	}
	return true;
}

static enum err
write_facts(sqlite3_stmt *row, struct text profile_id, struct value_writer *w)
{
	char created[PROFILE_TIME];
	struct result r;
	enum err e;

	profile_time(sqlite3_column_int64(row, LOAD_CREATED), created);
	result_init(&r);
	result_text(&r, "profile_id", profile_id);
	result_text(&r, "job_id", column_text(row, LOAD_JOB));
	result_text(&r, "outcome", column_text(row, LOAD_OUTCOME));
	result_text(&r, "label", column_text(row, LOAD_LABEL));
	result_text(&r, "program", column_text(row, LOAD_PROGRAM));
	result_text(&r, "tool", column_text(row, LOAD_TOOL));
	result_string(&r, "created", created);
	result_real(&r, "elapsed_s", column_real(row, LOAD_ELAPSED));
	result_real(&r, "peak_memory_mb", column_real(row, LOAD_PEAK));
	result_value(&r, "summary", column_value(row, LOAD_SUMMARY));
	result_value(&r, "run", column_value(row, LOAD_RUN));
	result_value(&r, "provenance", column_value(row, LOAD_PROVENANCE));
	e = result_finish(&r, w);
	result_fini(&r);
	return e;
}

static enum err
load_row(struct store *s, sqlite3_stmt *row, struct text profile_id, struct value_writer *w,
    struct loaded_profile *ret_profile)
{
	struct loaded_profile loaded = { .model = NULL };
	enum err e = values_sound(row) ? OK : ERR_CORRUPT;

	if (e == OK)
		e = blob_read(s, column_value(row, LOAD_MODEL), &loaded.model, &loaded.model_len);
	if (e == OK)
		e = write_facts(row, profile_id, w);
	if (e == OK) {
		*ret_profile = loaded;
		return OK;
	}
	free(loaded.model);
	if (e == ERR_CORRUPT && s->fault.message[0] == 0)
		return fault_set(&s->fault, e, NULL, "the stored profile is damaged");
	return e;
}

enum err
profile_load(struct store *s, const struct body_profile_load *in, struct value_writer *w,
    struct loaded_profile *ret_profile)
{
	sqlite3_stmt *statement = NULL;
	bool row = false;
	enum err e = store_check_id(s, "profile_id", in->profile_id);

	if (e == OK)
		e = statement_open(&s->database, SQL_LOAD, PARAMS(param_text(in->profile_id)),
		    &statement);
	if (e == OK)
		e = statement_step(&s->database, statement, &row);
	if (e == OK && !row)
		e = fault_set(&s->fault, ERR_NOT_FOUND,
		    "list_profiles shows the profiles that are there.", "there is no profile %.*s",
		    (int)in->profile_id.len, in->profile_id.at);
	if (e == OK)
		e = load_row(s, statement, in->profile_id, w, ret_profile);
	statement_close(&statement);
	return e;
}
