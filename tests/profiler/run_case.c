#include "tests/profiler/run_case.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/ulid.h"

const char *
test_python(void)
{
	const char *python = getenv("SCALENE_MCP_TEST_PYTHON");

	if (python == NULL || *python == '\0') {
		print_message("skipped: SCALENE_MCP_TEST_PYTHON names no interpreter with "
		    "Scalene\n");
		skip();
	}
	return python;
}

void
case_init(struct run_case *c, struct front_double *front, const char *name, const char *source)
{
	*c = (struct run_case){ .front = front };
	ulid_make(c->job_id);
	snprintf(c->tag, sizeof c->tag, "RUN_TAG=%s", c->job_id);
	value_writer_init(&c->env);
	value_writer_init(&c->args);
	value_map(&c->env, 1);
	value_put_string(&c->env, "RUN_TAG", c->job_id);
	c->body = (struct body_profile_run){ .job_id = text_of(c->job_id), .python =
	    text_of(test_python()),
		.env = value_done(&c->env), .cpu = true, .cpu_sampling_rate = 0.01,
		.allocation_sampling_window = 1048576, .timeout = 40, .duration = (double)NAN };
	if (source == NULL)
		return;
	snprintf(c->script, sizeof c->script, "%s/%s", front->folder, name);
	FILE *file = fopen(c->script, "w");
	assert_non_null(file);
	assert_true(fputs(source, file) >= 0);
	assert_int_equal(fclose(file), 0);
	c->body.script_path = text_of(c->script);
}

void
case_set_args(struct run_case *c, const char *const *args)
{
	size_t count = 0;

	while (args[count] != NULL)
		count++;
	value_array(&c->args, count);
	for (size_t i = 0; i < count; i++)
		value_string(&c->args, args[i]);
	c->body.script_args = value_done(&c->args);
}

void
case_send(struct run_case *c)
{
	front_send(c->front, MSG_PROFILE_RUN, &c->body);
}

void
case_run(struct run_case *c)
{
	case_send(c);
	front_wait(c->front);
	if (c->front->answer == MSG_ERROR)
		print_message("refused: %.*s\n", (int)c->front->error.message.len,
		    c->front->error.message.at);
	else
		print_message("%.*s: %.*s\n", (int)c->front->ran.run_outcome.len,
		    c->front->ran.run_outcome.at,
		    (int)c->front->ran.program.len, c->front->ran.program.at);
}

static bool
expected_in_folder(const char *name)
{
	static const char *const names[] = { ".", "..", "profile.json", "result.msgpack", "code.py",
	    "work" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static void
check_folder(struct run_case *c)
{
	char path[200];
	struct dirent *entry;
	bool result = false;

	snprintf(path, sizeof path, "%s/jobs/%s", c->front->state, c->job_id);
	DIR *folder = opendir(path);
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (!expected_in_folder(entry->d_name))
			fail_msg("%s is left in the job's folder", entry->d_name);
		result = result || strcmp(entry->d_name, "result.msgpack") == 0;
	}
	closedir(folder);
	assert_true(result);
}

static void
check_files_of(long pid)
{
	static const char *const kinds[] = { "malloc-init", "malloc-lock", "malloc-signal",
	    "memcpy-init",
		"memcpy-lock", "memcpy-signal" };
	char path[80];

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		snprintf(path, sizeof path, "/tmp/scalene-%s%ld", kinds[i], pid);
		assert_int_not_equal(access(path, F_OK), 0);
	}
}

void
case_check_clean(struct run_case *c)
{
	long pid;

	assert_int_equal(processes_with(c->tag), 0);
	check_folder(c);
	if (sscanf(c->front->first_output, "pid %ld", &pid) == 1)
		check_files_of(pid);
}

void
case_fini(struct run_case *c)
{
	value_writer_fini(&c->env);
	value_writer_fini(&c->args);
}

/* ---- the answer ---- */

int64_t
ran_int(struct front_double *f, const char *key)
{
	struct value_tree tree;

	assert_int_equal(value_parse(f->ran.run, &tree), OK);
	int64_t number = value_get_int(value_root(&tree), key, INT64_MIN);
	value_tree_fini(&tree);
	return number;
}

double
ran_real(struct front_double *f, const char *key)
{
	struct value_tree tree;

	assert_int_equal(value_parse(f->ran.run, &tree), OK);
	double number = value_get_real(value_root(&tree), key, -1);
	value_tree_fini(&tree);
	return number;
}

bool
ran_text_has(struct front_double *f, const char *key, const char *part)
{
	struct value_tree tree;

	assert_int_equal(value_parse(f->ran.run, &tree), OK);
	struct text text = value_get_text(value_root(&tree), key);
	bool has = text.at != NULL && memmem(text.at, text.len, part, strlen(part)) != NULL;
	value_tree_fini(&tree);
	return has;
}

bool
ran_warns(struct front_double *f, const char *part)
{
	struct value_tree tree;
	bool has = false;

	assert_int_equal(value_parse(f->ran.run, &tree), OK);
	const msgpack_object *list = value_get(value_root(&tree), "warnings");
	assert_non_null(list);
	assert_int_equal(list->type, MSGPACK_OBJECT_ARRAY);
	for (uint32_t i = 0; i < list->via.array.size; i++) {
		struct text text = value_as_text(&list->via.array.ptr[i]);
		has = has || (text.at != NULL && memmem(text.at, text.len, part,
		    strlen(part)) != NULL);
	}
	value_tree_fini(&tree);
	return has;
}
