#include "tests/front/front_host.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/inherit.h"
#include "workers/front/job.h"
#include "workers/front/requests.h"
#include "workers/front/schema.h"
#include "workers/front/tree.h"
#include "workers/runtime/json.h"

struct front_host host;

/* ---- values ---- */

struct value
value_from_json(struct value_writer *w, const char *json)
{
	const struct json_limits limits = { 20, 1000 };
	cJSON *parsed;

	assert_int_equal(json_parse(json, strlen(json), &limits, &parsed), OK);
	value_writer_init(w);
	assert_int_equal(json_to_value(parsed, w), OK);
	cJSON_Delete(parsed);
	return value_done(w);
}

const struct tool *
tool_named(const char *name)
{
	const struct tool *tool = catalog_find(host.front.catalog, name);

	assert_non_null(tool);
	return tool;
}

struct value
arguments_from_json(struct value_writer *w, const struct tool *tool, const char *json)
{
	const struct json_limits limits = { 20, 100000 };
	struct schema_problem problem = { .text = "" };
	cJSON *parsed;

	assert_int_equal(json_parse(json, strlen(json), &limits, &parsed), OK);
	if (schema_check(tool->input, parsed, &problem) != OK)
		fail_msg("%s", problem.text);
	assert_int_equal(schema_fill(tool->input, parsed), OK);
	value_writer_init(w);
	assert_int_equal(json_to_value(parsed, w), OK);
	cJSON_Delete(parsed);
	return value_done(w);
}

/* ---- ordinary answers ---- */

void
double_send(struct double_worker *d, uint64_t number, enum msg_type type, const void *body)
{
	const struct frame f = { .type = type, .request = number, .incarnation = d->incarnation };

	assert_int_equal(mailbox_send_body(d->mailbox, &f, body), OK);
}

static void
answer_ran(struct double_worker *d, uint64_t number)
{
	struct value_writer run, provenance;
	struct body_profile_ran body = { .run_outcome = text_of("ok"),
	    .program = text_of("/x/a.py"),
		.run = value_from_json(&run, "{\"exit_code\":0}"),
		.provenance = value_from_json(&provenance, "{\"host\":\"h\"}"),
		.profile = { .bytes = { (const uint8_t *)"{}", 2 } } };

	double_send(d, number, MSG_PROFILE_RAN, &body);
	value_writer_fini(&run);
	value_writer_fini(&provenance);
}

static void
answer_model(struct double_worker *d, uint64_t number)
{
	struct value_writer summary;
	struct body_profile_model body = { .outcome = text_of("ok"), .elapsed_s = 1.5,
	    .peak_memory_mb = 2.5,
		.summary = value_from_json(&summary, "{\"samples\":7}"),
		.model = { .bytes = { (const uint8_t *)"M", 1 } } };

	double_send(d, number, MSG_PROFILE_MODEL, &body);
	value_writer_fini(&summary);
}

static void
answer_loaded(struct double_worker *d, uint64_t number)
{
	struct value_writer facts;
	struct body_profile_loaded body = { .facts = value_from_json(&facts, "{\"profile_id\":\""
	    A_ULID "\"}"),
		.model = { .bytes = { (const uint8_t *)"M", 1 } } };

	double_send(d, number, MSG_PROFILE_LOADED, &body);
	value_writer_fini(&facts);
}

/* Messages whose only field is a value. */
static void
answer_value(struct double_worker *d, uint64_t number, enum msg_type type, const char *json)
{
	struct value_writer w;
	struct value value = value_from_json(&w, json);
	struct body_job_loaded body = { .result = value };

	double_send(d, number, type, &body);
	value_writer_fini(&w);
}

void
double_opened(struct double_worker *d, const struct seen *s, const char *state)
{
	const struct body_job_opened body = { .state = text_of(state) };

	double_send(d, s->number, MSG_JOB_OPENED, &body);
}

void
double_answer(struct double_worker *d, const struct seen *s)
{
	switch (s->type) {
	case MSG_JOB_OPEN:
		double_opened(d, s, "queued");
		break;
	case MSG_JOB_MARK:
		double_send(d, s->number, MSG_JOB_MARKED, &(struct body_job_marked){ .end_ = 0 });
		break;
	case MSG_JOB_CLOSE:
		answer_value(d, s->number, MSG_JOB_CLOSED, "{\"closed\":true}");
		break;
	case MSG_JOB_LOAD:
		answer_value(d, s->number, MSG_JOB_LOADED, "{\"job_id\":\"" A_ULID
		    "\",\"outcome\":\"ok\"}");
		break;
	case MSG_JOB_UNFINISHED:
		answer_value(d, s->number, MSG_JOB_LIST, "[]");
		break;
	case MSG_PROFILE_RUN:
	case MSG_PROFILE_ATTACH:
		answer_ran(d, s->number);
		break;
	case MSG_PROFILE_READ:
		answer_model(d, s->number);
		break;
	case MSG_PROFILE_SAVE:
		answer_value(d, s->number, MSG_PROFILE_SAVED, "{\"saved\":true}");
		break;
	case MSG_PROFILE_LOAD:
		answer_loaded(d, s->number);
		break;
	case MSG_ANALYZE:
		answer_value(d, s->number, MSG_ANALYSIS, "{\"profile_id\":\"x\",\"hotspots\":[]}");
		break;
	case MSG_PROFILE_LIST:
		answer_value(d, s->number, MSG_PROFILE_ROWS, "{\"profiles\":[]}");
		break;
	default:
		fail_msg("no ordinary answer to %d", s->type);
	}
}

void
double_error(struct double_worker *d, const struct seen *s, enum err e, const char *message,
    const char *hint)
{
	const struct body_error body = { .code = e, .message = text_of(message),
	    .hint = text_of(hint) };

	double_send(d, s->number, MSG_ERROR, &body);
}

void
double_progress(struct double_worker *d, const struct seen *s, double done)
{
	const struct body_progress body = { .done = done, .total = 10,
	    .message = text_of("running") };

	double_send(d, s->number, MSG_PROGRESS, &body);
}

void
double_output(struct double_worker *d, const struct seen *s, const char *text)
{
	const struct body_output body = { .stream = 1, .text = text_of(text) };

	double_send(d, s->number, MSG_OUTPUT, &body);
}

/* ---- what a double is sent ---- */

static void
keep(struct double_worker *d, const struct frame *f)
{
	struct seen *s = &d->seen[d->count++];

	assert_true(d->count < SEEN_MAX);
	*s = (struct seen){ .type = f->type, .number = f->request, .deadline_ms = f->deadline_ms,
		.body = malloc(f->body.len), .len = f->body.len };
	memcpy(s->body, f->body.at, f->body.len);
	s->answered = host.settling || d->automatic[f->type];
	if (s->answered)
		double_answer(d, s);
	if (!host.settling)
		return;
	free(s->body);
	d->count--;
}

static void
on_notice(struct double_worker *d, const struct frame *f)
{
	struct body_output_taken taken;

	if (f->type == MSG_ACK) {
		d->acks++;
	} else if (f->type == MSG_CANCEL) {
		d->cancels++;
		d->cancelled = f->request;
	} else {
		assert_int_equal(body_decode(f->type, f->body, &taken), OK);
		d->taken += taken.bytes;
	}
}

static void
on_message(void *arg, const uint8_t *bytes, size_t len)
{
	struct double_worker *d = arg;
	struct frame f;

	assert_int_equal(frame_decode(bytes, len, &f), OK);
	assert_int_equal(f.incarnation, FRONT_INCARNATION);
	if (msg_info(f.type)->owner == ROLE_WORKER) {
		on_notice(d, &f);
	} else {
		assert_int_equal(msg_info(f.type)->owner, d->role);
		keep(d, &f);
	}
	loop_stop(host.front.loop);
}

static void
on_gone(void *arg)
{
	(void)arg;
	loop_stop(host.front.loop);
}

const struct seen *
double_expect(struct double_worker *d, enum msg_type type)
{
	for (;;) {
		HOST_UNTIL(d->read < d->count);
		const struct seen *s = &d->seen[d->read++];

		if (s->answered && s->type != type)
			continue;
		if (s->type != type)
			fail_msg("%s came instead of %s", msg_info(s->type)->name,
			    msg_info(type)->name);
		return s;
	}
}

unsigned
double_unread(const struct double_worker *d)
{
	unsigned n = 0;

	for (unsigned i = d->read; i < d->count; i++)
		n += !d->seen[i].answered;
	return n;
}

void
seen_decode(const struct seen *s, void *ret_body)
{
	assert_int_equal(body_decode(s->type, (struct value){ s->body, s->len }, ret_body), OK);
}

/* ---- coming and going ---- */

void
double_record(const struct double_worker *d, enum control_type type, int64_t value_ms)
{
	const struct control_record r = { .type = type, .role = d->role, .index = d->index,
		.incarnation = d->incarnation, .count = d->channel, .pid = (int32_t)getpid(),
		    .value_ms = value_ms };

	links_record(host.front.links, &r);
}

void
double_offer(struct double_worker *d)
{
	char path[108];

	d->channel++;
	assert_int_equal(channel_path(path, sizeof(path), host.dir, d->role, d->index,
	    d->incarnation,
	    FRONT_INCARNATION, d->channel), OK);
	assert_int_equal(mailbox_listen(host.front.loop, path, getpid(), on_message, on_gone, d,
	    &d->mailbox), OK);
	double_record(d, CONTROL_UP, 0);
}

void
double_up(struct double_worker *d)
{
	d->incarnation++;
	double_offer(d);
}

void
double_hang_up(struct double_worker *d)
{
	mailbox_close(&d->mailbox);
}

void
double_die(struct double_worker *d)
{
	double_hang_up(d);
	double_record(d, CONTROL_DOWN, 0);
}

void
double_automatic(struct double_worker *d, bool automatic)
{
	for (int type = 0; type < MSG_TYPE_END; type++)
		d->automatic[type] = automatic;
}

/* ---- settling ---- */

static void
settled(void *arg, const struct reply *reply)
{
	assert_int_equal(reply->error, OK);
	*(bool *)arg = true;
	loop_stop(host.front.loop);
}

static void
put_settling(const struct double_worker *d, enum msg_type *ret_type, struct value_writer *w)
{
	const struct body_job_load load = { .job_id = text_of(A_ULID) };
	const struct body_profile_attach attach = { .job_id = text_of(A_ULID) };
	struct value_writer facts;
	const struct body_analyze analyze = { .model = { .bytes = { (const uint8_t *)"M", 1 } },
		.facts = value_from_json(&facts, "{}"), .view = text_of("x") };
	const void *body = d->role == ROLE_STORE ? (const void *)&load
	    : d->role == ROLE_PROFILER ? (const void *)&attach : (const void *)&analyze;

	*ret_type = d->role == ROLE_STORE ? MSG_JOB_LOAD
	    : d->role == ROLE_PROFILER    ? MSG_PROFILE_ATTACH
	                                  : MSG_ANALYZE;
	assert_int_equal(body_encode(*ret_type, body, w), OK);
	value_writer_fini(&facts);
}

/* One more message and its answer: what was sent before either has been handled then. */
void
double_settle(struct double_worker *d)
{
	static const struct ask_events events = { .done = settled };
	struct value_writer w;
	enum msg_type type;
	bool done = false;

	value_writer_init(&w);
	put_settling(d, &type, &w);
	host.settling = true;
	assert_non_null(links_ask(host.front.links, d->role, (int)d->index, type, value_done(&w), 0,
	    &events, &done));
	HOST_UNTIL(done);
	host.settling = false;
	value_writer_fini(&w);
}

/* ---- the front ---- */

static void
ignore_record(void *arg, const struct control_record *r)
{
	(void)arg;
	tree_record(host.front.tree, r);
	loop_stop(host.front.loop);
}

static void
ignore_lost(void *arg)
{
	(void)arg;
}

static void
open_control(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	host.supervisor_fd = fcntl(pair[0], F_DUPFD_CLOEXEC, 40);
	if (pair[1] != INHERIT_CONTROL) {
		dup2(pair[1], INHERIT_CONTROL);
		close(pair[1]);
	}
	if (pair[0] != INHERIT_CONTROL)
		close(pair[0]);
	assert_int_equal(parent_open(host.front.loop, ROLE_FRONT, &host.front.settings,
	    ignore_record, ignore_lost, NULL,
	    &host.front.parent), OK);
}

static void
name_double(struct double_worker *d, enum role role, unsigned index)
{
	*d = (struct double_worker){ .role = role, .index = index };
}

int
host_open(void **state)
{
	struct front *f = &host.front;
	struct catalog_problem problem;

	(void)state;
	memset(&host, 0, sizeof(host));
	scratch_make(host.dir);
	name_double(&host.store, ROLE_STORE, 0);
	name_double(&host.analyzer, ROLE_ANALYZER, 0);
	for (unsigned i = 0; i < PROFILERS; i++)
		name_double(&host.profilers[i], ROLE_PROFILER, i);
	f->settings = (struct settings){ .incarnation = FRONT_INCARNATION, .instance = A_ULID,
	    .state_dir = host.dir,
		.runtime_dir = host.dir };
	f->profilers = PROFILERS;
	f->analyzers = 1;
	f->loop = loop_new();
	assert_non_null(f->loop);
	open_control();
	assert_int_equal(spool_open(host.dir, A_ULID, &f->spool), OK);
	assert_int_equal(catalog_load(&f->catalog, &problem), OK);
	f->links = links_new(f->loop, &f->settings, f->spool, f->profilers, f->analyzers);
	f->jobs = jobs_new(f);
	f->tree = tree_new(f);
	f->requests = requests_new(f);
	return f->links == NULL || f->jobs == NULL || f->tree == NULL || f->requests == NULL;
}

int
host_open_up(void **state)
{
	if (host_open(state) != 0)
		return 1;
	double_up(&host.store);
	double_up(&host.analyzer);
	double_up(&host.profilers[0]);
	return 0;
}

static void
free_double(struct double_worker *d)
{
	mailbox_close(&d->mailbox);
	for (unsigned i = 0; i < d->count; i++)
		free(d->seen[i].body);
}

int
host_close(void **state)
{
	struct front *f = &host.front;

	(void)state;
	requests_free(&f->requests);
	jobs_free(&f->jobs);
	links_free(&f->links);
	tree_free(&f->tree);
	free_double(&host.store);
	free_double(&host.analyzer);
	for (unsigned i = 0; i < PROFILERS; i++)
		free_double(&host.profilers[i]);
	parent_close(&f->parent);
	close(host.supervisor_fd);
	catalog_free(&f->catalog);
	spool_close(&f->spool);
	loop_free(f->loop);
	scratch_remove(host.dir);
	return 0;
}
