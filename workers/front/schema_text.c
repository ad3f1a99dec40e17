#include "workers/front/schema_text.h"

#include <math.h>
#include <string.h>

#define SHOWN_MAX 48         /* bytes of a name or a text that came from the caller */
#define PATH_MAX_SHOWN 160   /* bytes of a whole path */
#define NAMES_MAX 320        /* bytes of a list of names */
#define NAME_MAX_COMPARED 64
#define EDITS_MAX 2

/* At most `max` bytes, not in the middle of a code point. */
static size_t
cut(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	if (len <= max)
		return len;
	len = max;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* Escaped as in JSON, without quotes. */
static void
add_escaped(struct json_text *t, const char *text, size_t max)
{
	struct json_text quoted;
	size_t len = cut(text, max);

	json_text_init(&quoted);
	json_text_quote(&quoted, text, len);
	if (quoted.failed)
		t->failed = true;
	else
		json_text_add(t, quoted.at + 1, quoted.len - 2);
	if (text[len] != 0)
		json_text_adds(t, "...");
	json_text_fini(&quoted);
}

void
schema_add_path(struct json_text *t, const struct schema_place *place)
{
	if (place == NULL)
		return;
	if (place->parent != NULL)
		schema_add_path(t, place->parent);
	if (place->key == NULL) {
		json_text_addf(t, "[%zu]", place->index);
		return;
	}
	if (place->parent != NULL)
		json_text_adds(t, ".");
	add_escaped(t, place->key, SHOWN_MAX);
}

void
schema_add_place(struct json_text *t, const struct schema_place *place)
{
	size_t start;

	if (place == NULL) {
		json_text_adds(t, "the arguments");
		return;
	}
	json_text_adds(t, "argument '");
	start = t->len;
	schema_add_path(t, place);
	if (!t->failed && t->len - start > PATH_MAX_SHOWN) {
		t->len = start + cut(t->at + start, PATH_MAX_SHOWN);
		json_text_adds(t, "...");
	}
	json_text_adds(t, "'");
}

static void
add_number(struct json_text *t, double v)
{
	if (isfinite(v))
		json_text_number(t, v);
	else
		json_text_adds(t, "a number beyond all range");
}

void
schema_add_value(struct json_text *t, const cJSON *value)
{
	if (cJSON_IsString(value)) {
		json_text_adds(t, "\"");
		add_escaped(t, value->valuestring, SHOWN_MAX);
		json_text_adds(t, "\"");
	} else if (cJSON_IsNumber(value)) {
		add_number(t, value->valuedouble);
	} else if (cJSON_IsBool(value)) {
		json_text_adds(t, cJSON_IsTrue(value) ? "true" : "false");
	} else if (cJSON_IsArray(value)) {
		json_text_adds(t, "an array");
	} else {
		json_text_adds(t, cJSON_IsObject(value) ? "an object" : "null");
	}
}

static void
add_unit(struct json_text *t, double count, const char *unit)
{
	if (unit == NULL)
		return;
	json_text_addf(t, " %s%s", unit, count == 1 ? "" : "s");
}

void
schema_add_bounds(struct json_text *t, const struct schema_bounds *b)
{
	bool both = !isnan(b->low) && !isnan(b->high);

	if (!isnan(b->low)) {
		json_text_adds(t, b->low_excluded ? "more than " : both ? "between " : "at least ");
		json_text_number(t, b->low);
	}
	if (both)
		json_text_adds(t, b->low_excluded ? " and at most " : " and ");
	else if (!isnan(b->high))
		json_text_adds(t, "at most ");
	if (!isnan(b->high))
		json_text_number(t, b->high);
	add_unit(t, isnan(b->high) ? b->low : b->high, b->unit);
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned d = a < b ? a : b;

	return d < c ? d : c;
}

/* Levenshtein's; both at most NAME_MAX_COMPARED bytes. */
static unsigned
edits(const char *a, const char *b)
{
	unsigned row[NAME_MAX_COMPARED + 1];
	size_t len = strlen(b);

	for (unsigned i = 0; i <= len; i++)
		row[i] = i;
	for (unsigned i = 0; a[i] != 0; i++) {
		unsigned diagonal = row[0];
		row[0] = i + 1;
		for (size_t k = 1; k <= len; k++) {
			unsigned above = row[k];
			row[k] = least(above + 1, row[k - 1] + 1, diagonal + (a[i] != b[k - 1]));
			diagonal = above;
		}
	}
	return row[len];
}

const char *
schema_nearest(const cJSON *properties, const char *name)
{
	size_t len = strnlen(name, NAME_MAX_COMPARED + 1);
	const cJSON *property;
	const char *nearest = NULL;
	unsigned best = EDITS_MAX + 1;

	if (len > NAME_MAX_COMPARED)
		return NULL;
	if (len < best)
		best = (unsigned)len;        /* not every letter may change */
	cJSON_ArrayForEach(property, properties) {
		unsigned n;

		if (strlen(property->string) > NAME_MAX_COMPARED)
			continue;
		n = edits(name, property->string);
		if (n >= best)
			continue;
		best = n;
		nearest = property->string;
	}
	return nearest;
}

void
schema_add_names(struct json_text *t, const cJSON *properties)
{
	size_t start = t->len;
	const cJSON *property;

	cJSON_ArrayForEach(property, properties) {
		if (t->len > start)
			json_text_adds(t, ", ");
		if (t->len - start > NAMES_MAX) {
			json_text_adds(t, "...");
			return;
		}
		add_escaped(t, property->string, SHOWN_MAX);
	}
}

enum err
schema_refuse(struct json_text *t, struct schema_problem *ret_problem)
{
	const char *text = t->failed ? err_info(ERR_INVALID_ARGUMENT)->text : t->at;
	size_t max = sizeof(ret_problem->text) - sizeof("...");
	size_t len = cut(text, max);

	memcpy(ret_problem->text, text, len);
	memcpy(ret_problem->text + len, text[len] == 0 ? "" : "...", text[len] == 0 ? 1 : 4);
	json_text_fini(t);
	return ERR_INVALID_ARGUMENT;
}
