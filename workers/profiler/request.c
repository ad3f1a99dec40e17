#include "workers/profiler/request.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/ulid.h"

#define ARGS_MAX 4096            /* entries of script_args and of env */
#define LIMIT_S_MAX (366.0 * 24 * 3600)
#define MEMORY_MB_MAX (16 << 20) /* 16 TiB */
#define WINDOW_MAX (1 << 30)     /* bytes between two allocation samples */

/* ---- lists ---- */

static void
list_free(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

static bool
plain(struct text t)
{
	return t.at != NULL && memchr(t.at, '\0', t.len) == NULL;
}

static enum err
copy_args(const msgpack_object *o, struct run_request *r, struct refusal *why)
{
	if (o->type == MSGPACK_OBJECT_NIL)
		return OK;
	if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size > ARGS_MAX)
		return refuse(why, ERR_INVALID_ARGUMENT,
		    "script_args is not an array of at most %d texts", ARGS_MAX);
	r->args = calloc((size_t)o->via.array.size + 1, sizeof *r->args);
	if (r->args == NULL)
		return refuse(why, ERR_NO_MEMORY, "out of memory");
	for (uint32_t i = 0; i < o->via.array.size; i++) {
		struct text t = value_as_text(&o->via.array.ptr[i]);
		if (!plain(t))
			return refuse(why, ERR_INVALID_ARGUMENT,
			    "script_args[%u] is not text without NUL", (unsigned)i);
		r->args[i] = strndup(t.at, t.len);
		if (r->args[i] == NULL)
			return refuse(why, ERR_NO_MEMORY, "out of memory");
		r->arg_count++;
	}
	return OK;
}

static char *
pair(struct text key, struct text value)
{
	char *text = malloc(key.len + value.len + 2);

	if (text == NULL)
		return NULL;
	memcpy(text, key.at, key.len);
	text[key.len] = '=';
	memcpy(text + key.len + 1, value.at, value.len);
	text[key.len + 1 + value.len] = '\0';
	return text;
}

static enum err
copy_env(const msgpack_object *o, struct run_request *r, struct refusal *why)
{
	if (o->type == MSGPACK_OBJECT_NIL)
		return OK;
	if (o->type != MSGPACK_OBJECT_MAP || o->via.map.size > ARGS_MAX)
		return refuse(why, ERR_INVALID_ARGUMENT,
		    "env is not a map of at most %d texts to texts", ARGS_MAX);
	r->env = calloc((size_t)o->via.map.size + 1, sizeof *r->env);
	if (r->env == NULL)
		return refuse(why, ERR_NO_MEMORY, "out of memory");
	for (uint32_t i = 0; i < o->via.map.size; i++) {
		struct text key = value_as_text(&o->via.map.ptr[i].key);
		struct text value = value_as_text(&o->via.map.ptr[i].val);
		if (!plain(key) || key.len == 0 || memchr(key.at, '=', key.len) != NULL)
			return refuse(why, ERR_INVALID_ARGUMENT,
			    "env has a name that is not a variable's name");
		if (!plain(value))
			return refuse(why, ERR_INVALID_ARGUMENT, "env.%.*s is not text without NUL",
			    (int)(key.len < 100 ? key.len : 100), key.at);
		r->env[i] = pair(key, value);
		if (r->env[i] == NULL)
			return refuse(why, ERR_NO_MEMORY, "out of memory");
		r->env_count++;
	}
	return OK;
}

static enum err
copy_lists(struct run_request *r, struct refusal *why)
{
	struct value_tree args, env;
	enum err e = OK;

	enum err args_error = value_parse(r->body.script_args, &args);
	enum err env_error = value_parse(r->body.env, &env);
	if (args_error != OK || env_error != OK)
		e = refuse(why, ERR_INVALID_ARGUMENT, "%s is not well-formed", args_error != OK
		    ? "script_args" : "env");
	if (e == OK && r->body.script_args.at != NULL)
		e = copy_args(value_root(&args), r, why);
	if (e == OK && r->body.env.at != NULL)
		e = copy_env(value_root(&env), r, why);
	value_tree_fini(&args);
	value_tree_fini(&env);
	return e;
}

/* ---- checks ---- */

static enum err
check_program(struct run_request *r, struct refusal *why)
{
	const struct body_profile_run *b = &r->body;
	int given = (b->script_path.at != NULL) + (b->code.at != NULL) + (b->module.at != NULL);

	if (given != 1) {
		refuse(why, ERR_INVALID_ARGUMENT, "%s of script_path, code and module is given",
		    given == 0 ? "none" : "more than one");
		refusal_hint(why, "Give exactly one of script_path, code and module.");
		return why->code;
	}
	r->kind = b->script_path.at != NULL ? PROGRAM_SCRIPT : b->code.at != NULL ? PROGRAM_CODE
	    : PROGRAM_MODULE;
	return OK;
}

static bool
module_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '_' ||
	    c == '.' || (unsigned char)c >= 0x80;
}

static enum err
check_module(const struct run_request *r, struct refusal *why)
{
	struct text m = r->body.module;
	bool good = r->kind != PROGRAM_MODULE || (m.len > 0 && m.at[0] != '.' &&
	    m.at[m.len - 1] != '.');

	for (size_t i = 0; good && m.at != NULL && i < m.len; i++)
		good = module_character(m.at[i]);
	if (good)
		return OK;
	refuse(why, ERR_INVALID_ARGUMENT, "module is not the dotted name of a module");
	refusal_hint(why,
	    "Give it as after `python -m`, for example \"package.module\"; options go into "
	    "script_args.");
	return why->code;
}

static enum err
check_texts(const struct run_request *r, struct refusal *why)
{
	const struct body_profile_run *b = &r->body;
	const struct {
		const char *name;
		struct text text;
		bool empty_allowed;
	} texts[] = {
		{ "script_path", b->script_path, false },
		{ "code", b->code, false },
		{ "module", b->module, false },
		{ "python", b->python, false },
		{ "cwd", b->cwd, false },
		{ "profile_only", b->profile_only, true },
		{ "profile_exclude", b->profile_exclude, true },
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i].text.at == NULL)
			continue;
		if (!plain(texts[i].text))
			return refuse(why, ERR_INVALID_ARGUMENT, "%s holds a NUL character",
			    texts[i].name);
		if (texts[i].text.len == 0 && !texts[i].empty_allowed)
			return refuse(why, ERR_INVALID_ARGUMENT, "%s is empty", texts[i].name);
	}
	return OK;
}

static enum err
check_numbers(const struct run_request *r, struct refusal *why)
{
	const struct body_profile_run *b = &r->body;
	const struct {
		const char *name;
		double value, least, most;
	} numbers[] = {
		{ "cpu_sampling_rate", b->cpu_sampling_rate, 0.0001, 60 },
		{ "allocation_sampling_window", (double)b->allocation_sampling_window, 1,
		    WINDOW_MAX },
		{ "timeout", isnan(b->timeout) ? 1 : b->timeout, 0.001, LIMIT_S_MAX },
		{ "duration", isnan(b->duration) ? 1 : b->duration, 0.001, LIMIT_S_MAX },
		{ "max_memory_mb", (double)b->max_memory_mb, 0, MEMORY_MB_MAX },
	};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (!(numbers[i].value >= numbers[i].least && numbers[i].value <= numbers[i].most))
			return refuse(why, ERR_INVALID_ARGUMENT,
			    "%s is not between %.15g and %.15g", numbers[i].name,
			    numbers[i].least, numbers[i].most);
	}
	if (!b->cpu) {
		refuse(why, ERR_INVALID_ARGUMENT,
		    "cpu is false, but Scalene always profiles the CPU");
		refusal_hint(why, "Leave `cpu` out, or set it to true.");
		return why->code;
	}
	return OK;
}

/* ---- the whole ---- */

static enum err
own_body(const struct body_profile_run *body, struct run_request *r, struct refusal *why)
{
	enum err e = body_encode(MSG_PROFILE_RUN, body, &r->encoded);

	if (e == OK)
		e = body_decode(MSG_PROFILE_RUN, value_done(&r->encoded), &r->body);
	if (e != OK)
		return refuse(why, e, "the request could not be copied");
	if (!ulid_valid(r->body.job_id.at, r->body.job_id.len) ||
	    !text_copy(r->body.job_id, r->job_id, sizeof r->job_id))
		return refuse(why, ERR_INVALID_ARGUMENT, "job_id is not an id");
	return OK;
}

enum err
request_copy(const struct body_profile_run *body, struct run_request *ret_request,
    struct refusal *why)
{
	struct run_request *r = ret_request;
	enum err e;

	*r = (struct run_request){ 0 };
	value_writer_init(&r->encoded);
	if ((e = own_body(body, r, why)) != OK || (e = check_program(r, why)) != OK ||
	    (e = check_texts(r, why)) != OK || (e = check_module(r, why)) != OK ||
	    (e = check_numbers(r, why)) != OK || (e = copy_lists(r, why)) != OK)
		request_fini(r);
	return e;
}

void
request_fini(struct run_request *request)
{
	list_free(request->args);
	list_free(request->env);
	value_writer_fini(&request->encoded);
	*request = (struct run_request){ 0 };
}

const char *
request_env(const struct run_request *request, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < request->env_count; i++) {
		if (strncmp(request->env[i], name, len) == 0 && request->env[i][len] == '=')
			return request->env[i] + len + 1;
	}
	return NULL;
}

double
request_limit_s(const struct run_request *request, bool *ret_is_duration)
{
	double timeout = isnan(request->body.timeout) ? INFINITY : request->body.timeout;
	double duration = isnan(request->body.duration) ? INFINITY : request->body.duration;

	*ret_is_duration = duration <= timeout && isfinite(duration);
	double limit = duration < timeout ? duration : timeout;
	return isfinite(limit) ? limit : 0;
}
