#include "workers/profiler/command.h"

#include <stdio.h>
#include <string.h>

static const char *const dropped[] = {
	"PYTHONMALLOC", "PYTHONDEVMODE", "PYTHONTRACEMALLOC",
	"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
	"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
};

#define OWN_SETTINGS "SCALENE_MCP_"

enum err
environment_build(char *const *inherited, const struct run_request *request,
    struct strings *ret_environment)
{
	struct strings e = { 0 };

	for (size_t i = 0; inherited != NULL && inherited[i] != NULL; i++) {
		if (strncmp(inherited[i], OWN_SETTINGS, sizeof OWN_SETTINGS - 1) != 0)
			strings_add(&e, inherited[i]);
	}
	for (size_t i = 0; i < request->env_count; i++) {
		char *equals = strchr(request->env[i], '=');
		*equals = '\0';
		strings_set(&e, request->env[i], equals + 1);
		*equals = '=';
	}
	for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
		strings_unset(&e, dropped[i]);
	if (e.failed) {
		strings_fini(&e);
		return ERR_NO_MEMORY;
	}
	*ret_environment = e;
	return OK;
}

static bool
at_least(const struct interpreter *i, int major, int minor)
{
	return i->major > major || (i->major == major && i->minor >= minor);
}

/* ---- the command line ---- */

static void
add_grammar(struct strings *argv, const struct interpreter *python, const char *outfile)
{
	strings_add(argv, python->path);
	strings_add(argv, "-m");
	strings_add(argv, "scalene");
	if (at_least(python, 2, 0)) {
		strings_add(argv, "run");
		strings_add(argv, "-o");
	} else {
		strings_add(argv, "--json");
		strings_add(argv, "--cli");
		strings_add(argv, "--outfile");
	}
	strings_add(argv, outfile);
}

static void
add_mode(struct strings *argv, const struct body_profile_run *b)
{
	if (b->memory)
		strings_add(argv, "--memory");
	if (b->gpu)
		strings_add(argv, "--gpu");
	if (!b->memory && !b->gpu)
		strings_add(argv, "--cpu-only");
}

/* On unless refused from 2.3 on, off unless asked for before; unknown to the early releases of
 * 1.5. */
static void
add_stacks(struct strings *argv, const struct interpreter *python, bool stacks)
{
	bool known = at_least(python, 2, 0) || python->patch >= 55;

	if (at_least(python, 2, 3) && !stacks)
		strings_add(argv, "--no-stacks");
	if (!at_least(python, 2, 3) && stacks && known)
		strings_add(argv, "--stacks");
}

static void
add_text(struct strings *argv, const char *option, struct text value)
{
	if (value.at == NULL || value.len == 0)
		return;
	strings_addf(argv, "%s=%.*s", option, (int)value.len, value.at);
}

static void
add_options(struct strings *argv, const struct interpreter *python,
    const struct body_profile_run *b)
{
	add_mode(argv, b);
	add_stacks(argv, python, b->stacks);
	strings_add(argv, "--cpu-sampling-rate");
	strings_addf(argv, "%.10g", b->cpu_sampling_rate);
	strings_add(argv, "--allocation-sampling-window");
	strings_addf(argv, "%lld", (long long)b->allocation_sampling_window);
	add_text(argv, "--profile-only", b->profile_only);
	add_text(argv, "--profile-exclude", b->profile_exclude);
	if (b->profile_all)
		strings_add(argv, "--profile-all");
	if (b->use_virtual_time)
		strings_add(argv, "--use-virtual-time");
}

static void
add_program(struct strings *argv, const struct run_request *request, const struct run_paths *paths)
{
	strings_addf(argv, "--program-path=%s", paths->project);
	strings_add(argv, "---");
	if (request->kind == PROGRAM_MODULE) {
		strings_add(argv, "-m");
		strings_addf(argv, "%.*s", (int)request->body.module.len, request->body.module.at);
	} else
		strings_add(argv, paths->program);
	for (size_t i = 0; i < request->arg_count; i++)
		strings_add(argv, request->args[i]);
}

/* ---- the environment ---- */

static void
preset_path(struct strings *envp, const char *key, const char *first)
{
	const char *old = strings_value(envp, key);
	struct strings joined = { 0 };

	strings_addf(&joined, old != NULL && *old != '\0' ? "%s:%s" : "%s%s", first,
	    old != NULL ? old : "");
	if (joined.failed)
		envp->failed = true;
	else
		strings_set(envp, key, joined.at[0]);
	strings_fini(&joined);
}

static void
preset_default(struct strings *envp, const char *key, const char *value)
{
	if (strings_value(envp, key) == NULL)
		strings_set(envp, key, value);
}

static void
preset(struct strings *envp, const struct interpreter *python, const struct body_profile_run *b,
    const char *tmp)
{
	char window[32];

	snprintf(window, sizeof window, "%lld", (long long)b->allocation_sampling_window);
	strings_set(envp, "SCALENE_ALLOCATION_SAMPLING_WINDOW", window);
	strings_set(envp, "TMPDIR", tmp);
	if (python->free_threaded)
		preset_default(envp, "PYTHON_GIL", "1");
	if (!at_least(python, 2, 1)) {
		preset_default(envp, "JAX_DISABLE_JIT", "1");
		preset_default(envp, "PYTORCH_JIT", "0");
	}
	if (b->memory) {
		preset_path(envp, "LD_LIBRARY_PATH", python->scalene_dir);
		preset_path(envp, "LD_PRELOAD", "libscalene.so");
	}
}

enum err
command_build(const struct run_request *request, const struct interpreter *python,
    const struct run_paths *paths, const char *outfile, const char *tmp,
    const struct strings *environment, struct command *ret_command)
{
	struct command c = { 0 };

	add_grammar(&c.argv, python, outfile);
	add_options(&c.argv, python, &request->body);
	add_program(&c.argv, request, paths);
	for (size_t i = 0; i < environment->count; i++)
		strings_add(&c.envp, environment->at[i]);
	preset(&c.envp, python, &request->body, tmp);
	if (c.argv.failed || c.envp.failed) {
		command_fini(&c);
		return ERR_NO_MEMORY;
	}
	*ret_command = c;
	return OK;
}

void
command_fini(struct command *command)
{
	strings_fini(&command->argv);
	strings_fini(&command->envp);
}
