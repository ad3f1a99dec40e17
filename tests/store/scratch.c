#include "tests/store/scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/ulid.h"
#include "workers/runtime/log.h"
#include "workers/store/jobs.h"

/* ---- the directory ---- */

static void
take_lock(struct scratch *c)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/instances/%s/lock", c->dir, c->instance);
	c->lock_fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_true(c->lock_fd >= 0);
	assert_int_equal(flock(c->lock_fd, LOCK_EX | LOCK_NB), 0);
}

void
scratch_join(struct scratch *c, const char *dir)
{
	*c = (struct scratch){ .lock_fd = -1 };
	snprintf(c->dir, sizeof(c->dir), "%s", dir);
	ulid_make(c->instance);
	assert_int_equal(spool_open(c->dir, c->instance, &c->spool), OK);
	take_lock(c);
	store_init(&c->store, c->dir, c->instance, c->spool);
}

void
scratch_open(struct scratch *c)
{
	const char *parent = getenv("TMPDIR");
	char dir[64];

	log_threshold(LOG_PANIC);
	snprintf(dir, sizeof(dir), "%.40s/store-XXXXXX", parent != NULL ? parent : "/tmp");
	assert_non_null(mkdtemp(dir));
	scratch_join(c, dir);
	assert_int_equal(store_ready(&c->store), OK);
}

void
scratch_leave(struct scratch *c)
{
	store_fini(&c->store);
	spool_close(&c->spool);
	if (c->lock_fd >= 0)
		close(c->lock_fd);
	c->lock_fd = -1;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

void
scratch_close(struct scratch *c)
{
	scratch_leave(c);
	nftw(c->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int64_t
scratch_sql(struct scratch *c, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = -1;
	int code;

	assert_int_equal(sqlite3_prepare_v2(c->store.database.sql, sql, -1, &statement, NULL),
	    SQLITE_OK);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	assert_int_equal(code, SQLITE_DONE);
	sqlite3_finalize(statement);
	return number;
}

void
scratch_job_file(struct scratch *c, const char *job_id, const char *name, const void *at,
    size_t len)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/jobs", c->dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/jobs/%s", c->dir, job_id);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/jobs/%s/%s", c->dir, job_id, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(at, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

bool
scratch_exists(const struct scratch *c, const char *path)
{
	char whole[256];
	struct stat st;

	snprintf(whole, sizeof(whole), "%s/%s", c->dir, path);
	return lstat(whole, &st) == 0;
}

/* ---- other processes ---- */

pid_t
scratch_spawn(const char *mode, const char *dir, int *ret_fd)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (ret_fd != NULL)
			dup2(ends[1], STDOUT_FILENO);
		execl("/proc/self/exe", "-", mode, dir, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	if (ret_fd != NULL)
		*ret_fd = ends[0];
	else
		close(ends[0]);
	return pid;
}

int
scratch_wait(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- messages ---- */

#define KEPT 4096

/* What messages borrow: a ring that is larger than any one test needs. */
const char *
scratch_id(void)
{
	static char ids[KEPT][LIMIT_ULID + 1];
	static unsigned next;
	char *id = ids[next++ % KEPT];

	ulid_make(id);
	return id;
}

struct value
scratch_map(const char *key, ...)
{
	static struct value_writer kept[64];
	static unsigned next;
	struct value_writer *w = &kept[next++ % 64];
	uint32_t pairs = 0;
	size_t opened;
	va_list args;

	value_writer_fini(w);
	value_writer_init(w);
	opened = value_open_map(w);
	va_start(args, key);
	for (; key != NULL; key = va_arg(args, const char *), pairs++)
		value_put_string(w, key, va_arg(args, const char *));
	va_end(args);
	value_close_map(w, opened, pairs);
	return value_done(w);
}

const char *
scratch_open_job(struct scratch *c, const char *job_id)
{
	struct body_job_open in = { .job_id = text_of(job_id),
		.instance = text_of(c->instance),
		.tool = text_of("profile_script"),
		.arguments = scratch_map("script_path", "/a.py", NULL) };
	const char *state = NULL;

	assert_int_equal(job_open(&c->store, &in, &state), OK);
	return state;
}

enum err
scratch_mark(struct scratch *c, const char *job_id, const char *state)
{
	struct body_job_mark in = { .job_id = text_of(job_id), .state = text_of(state) };

	return job_mark(&c->store, &in);
}

static struct blob
blob_of(const char *s)
{
	return (struct blob){ .bytes = { (const uint8_t *)s, s == NULL ? 0 : strlen(s) } };
}

struct body_profile_save
scratch_save(const char *job_id, const char *profile_id, const char *raw, const char *model)
{
	return (struct body_profile_save){
		.job_id = text_of(job_id),
		.profile_id = text_of(profile_id),
		.tool = text_of("profile_script"),
		.outcome = text_of("ok"),
		.program = text_of("/home/u/a.py"),
		.elapsed_s = NAN,
		.peak_memory_mb = NAN,
		.run = scratch_map(NULL),
		.summary = scratch_map(NULL),
		.provenance = scratch_map("python", "3.11", NULL),
		.profile = blob_of(raw),
		.model = blob_of(model),
	};
}

/* ---- answers ---- */

void
answer_init(struct answer *a)
{
	value_writer_init(&a->w);
	a->tree.filled = false;
	a->root = NULL;
}

void
answer_read(struct answer *a)
{
	assert_int_equal(value_parse(value_done(&a->w), &a->tree), OK);
	a->root = value_root(&a->tree);
}

void
answer_fini(struct answer *a)
{
	value_tree_fini(&a->tree);
	value_writer_fini(&a->w);
}

void
assert_member(const msgpack_object *map, const char *key, const char *text)
{
	struct text t = value_get_text(map, key);

	if (text == NULL) {
		assert_null(value_get(map, key));
		return;
	}
	assert_non_null(t.at);
	if (!text_is(t, text))
		fail_msg("%s is \"%.*s\", not \"%s\"", key, (int)t.len, t.at, text);
}
