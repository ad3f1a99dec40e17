#include "workers/analyzer/rule_table.h"

#include <string.h>

#include "workers/analyzer/code.h"
#include "workers/analyzer/warnings.h"

static bool
same_text(struct text a, struct text b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static struct text
skip_blanks(struct text t)
{
	while (t.len > 0 && t.at[0] == ' ')
		t = (struct text){ t.at + 1, t.len - 1 };
	return t;
}

static bool
begins_with(struct text t, const char *word)
{
	size_t len = strlen(word);

	return t.len >= len && memcmp(t.at, word, len) == 0;
}

/* A row that makes `name` a list. */
static bool
makes_list(const struct body_row *row, struct text name)
{
	struct text rest;

	if (!row->begins || !same_text(code_name(row->code), name))
		return false;
	rest = skip_blanks((struct text){ row->code.at + name.len, row->code.len - name.len });
	if (begins_with(rest, ": list"))
		return true;
	if (!begins_with(rest, "=") || begins_with(rest, "=="))
		return false;
	rest = skip_blanks((struct text){ rest.at + 1, rest.len - 1 });
	return begins_with(rest, "[") || begins_with(rest, "list(") || begins_with(rest, "sorted(");
}

/* The code after `in` of a membership test, not of a `for`; nil when there is none. */
static struct text
membership(struct text code)
{
	struct text after;

	if (!code_has(code, " in ", &after) || code_has(code, "for ", NULL))
		return (struct text){ NULL, 0 };
	return skip_blanks(after);
}

/* R7: `x in NAME`, where the function makes NAME a list, or `x in [...]`. */
static bool
match_list_membership(const struct body *b, const struct body_row *row)
{
	struct text list = membership(row->code), name;

	if (list.at == NULL)
		return false;
	if (begins_with(list, "["))
		return true;
	name = code_name(list);
	if (name.len == 0 || (list.len > name.len && strchr("([", list.at[name.len]) != NULL))
		return false;
	for (uint32_t i = 0; i < b->row_count; i++)
		if (makes_list(&b->rows[i], name))
			return true;
	return false;
}

/* R6: a text grows by another. */
static bool
match_growing_text(const struct body *b, const struct body_row *row)
{
	(void)b;
	return row->begins && source_grows_value(row->source)
	    && code_has(row->code, "\"\"", NULL);
}

/* The first row of the innermost `for` whose only statement this row is, or NULL. */
static const struct body_row *
alone_in_for(const struct body *b, const struct body_row *row)
{
	const struct body_row *end = b->rows + b->row_count;

	if (row == b->rows || !row->begins || !row[-1].is_for || row[-1].indent >= row->indent)
		return NULL;
	return row + 1 == end || (row[1].begins && row[1].indent < row->indent) ? row - 1 : NULL;
}

/* R5: a `for` that only appends. */
static bool
match_append_loop(const struct body *b, const struct body_row *row)
{
	struct text name = code_name(row->code);

	return alone_in_for(b, row) != NULL && name.len > 7
	    && memcmp(name.at + name.len - 7, ".append", 7) == 0;
}

/* R14: rows one by one. */
static bool
match_axis(const struct body *b, const struct body_row *row)
{
	(void)b;
	return code_has(row->code, ".iterrows(", NULL)
	    || (code_has(row->code, ".apply(", NULL) && code_has(row->code, "axis=1", NULL));
}

/* R24: everything at once. */
static bool
match_materialisation(const struct body *b, const struct body_row *row)
{
	static const char *const words[] = { ".read()", ".readlines()", ".fetchall()", "list(",
	    ".read_csv(", "dict(" };
	struct text after;

	(void)b;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (code_has(row->code, words[i], NULL))
			return true;
	return (code_has(row->code, "[", &after) || code_has(row->code, "{", &after))
	    && code_has(after, " for ", NULL);
}

const struct rule rule_table[] = {
	{ "R5", PLACE_LOOP, 10, RULE_PYTHON, 70, CONFIDENCE_MEDIUM, match_append_loop, { NULL },
	  "build the list with a comprehension, or list() for a plain copy",
	  "the loop only appends; a comprehension saves the method call of each turn" },
	{ "R6", PLACE_LINE, 5, RULE_NATIVE, 50, CONFIDENCE_LOW, match_growing_text, { NULL },
	  "collect the pieces in a list and join them once, or write to io.StringIO",
	  "each addition may copy the whole text again" },
	{ "R7", PLACE_LOOP, 5, RULE_CPU, 0, CONFIDENCE_HIGH, match_list_membership, { NULL },
	  "use a set, or a dict, for the membership test",
	  "a list is searched from its beginning at each turn" },
	{ "R8", PLACE_LOOP, 5, RULE_NATIVE, 30, CONFIDENCE_HIGH, NULL,
	  { ".pop(0)", ".insert(0,", NULL },
	  "use collections.deque: popleft, appendleft",
	  "a list moves all its elements when its front changes" },
	{ "R10", PLACE_LOOP, 5, RULE_NATIVE, 30, CONFIDENCE_MEDIUM, NULL,
	  { "sorted(", ".sort(", NULL },
	  "sort once outside the loop; heapq, bisect, min or max where only the ends matter",
	  "the whole sequence is sorted at each turn" },
	{ "R11", PLACE_LOOP, 5, RULE_CPU, 0, CONFIDENCE_MEDIUM, NULL,
	  { "re.match(", "re.search(", "re.sub(", "re.findall(", "re.compile(", "re.split(",
	    "re.fullmatch(", NULL },
	  "compile the pattern once outside the loop, or use methods of str",
	  "each call looks the pattern up again" },
	{ "R14", PLACE_LINE, 5, RULE_CPU, 0, CONFIDENCE_HIGH, match_axis, { NULL },
	  "work on whole columns, merge, or itertuples",
	  "a Series object is made for each row" },
	{ "R15", PLACE_LOOP, 5, RULE_CPU, 0, CONFIDENCE_HIGH, NULL,
	  { "np.append(", "np.concatenate(", "np.vstack(", "np.hstack(", "numpy.append(",
	    "numpy.concatenate(", "pd.concat(", NULL },
	  "collect the parts and concatenate once, or allocate the array beforehand",
	  "all that is there is copied at each turn" },
	{ "R16", PLACE_LINE, 0, RULE_COPY, 100, CONFIDENCE_MEDIUM, NULL,
	  { "[:]", ".copy()", "bytes(", "bytearray(", NULL },
	  "use views: memoryview, slices of arrays, changes in place",
	  "the volume copied here is the cost" },
	{ "R17", PLACE_LOOP, 10, RULE_NATIVE, 30, CONFIDENCE_MEDIUM, NULL,
	  { "json.loads(", "json.dumps(", "pickle.loads(", "pickle.dumps(", "yaml.load(",
	    "yaml.safe_load(", NULL },
	  "parse in batches, keep what was parsed, or use a faster parser",
	  "the parser runs for each item" },
	{ "R19", PLACE_LINE, 5, RULE_CPU, 0, CONFIDENCE_HIGH, NULL, { "deepcopy(", NULL },
	  "copy only what changes: a shallow copy, dataclasses.replace, immutable values",
	  "deepcopy walks everything that can be reached, in Python" },
	{ "R20", PLACE_LOOP, 5, RULE_WAIT, 30, CONFIDENCE_MEDIUM, NULL,
	  { "print(", "logging.", "logger.", "log.", NULL },
	  "print or log less often, guard by level, or collect and write once",
	  "each call formats and may enter the kernel" },
	{ "R21", PLACE_LOOP, 5, RULE_WAIT, 40, CONFIDENCE_MEDIUM, NULL,
	  { "open(", ".read(", ".recv(", "requests.", "urlopen(", "subprocess.", ".execute(",
	    NULL },
	  "do it in batches, or several at a time: executemany, a session, threads, asyncio",
	  "the loop waits for each answer before the next question" },
	{ "R22", PLACE_LINE, 5, RULE_WAIT, 60, CONFIDENCE_HIGH, NULL,
	  { "sleep(", ".join()", ".acquire()", ".result()", ".wait()", NULL },
	  "wait for the event itself, or do other work meanwhile",
	  "the time passes here without any work" },
	{ "R33", PLACE_ASYNC, 5, RULE_CPU, 0, CONFIDENCE_HIGH, NULL,
	  { "time.sleep(", "requests.", "urlopen(", "open(", "subprocess.run(", NULL },
	  "use an asynchronous library, or asyncio.to_thread",
	  "a blocking call stops every task of the event loop" },
	{ "R24", PLACE_LINE, 0, RULE_PEAK, 30, CONFIDENCE_MEDIUM, match_materialisation, { NULL },
	  "if not all of it is needed at once: a generator, chunks, mmap",
	  "the line holds everything at once, and that is much of the peak" },
};

const size_t rule_count = sizeof(rule_table) / sizeof(rule_table[0]);

bool
rule_is_about_memory(const struct rule *r)
{
	return r->metric == RULE_COPY || r->metric == RULE_PEAK;
}
