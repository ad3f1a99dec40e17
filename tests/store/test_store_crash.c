/*
 * Several processes on one database, some of them killed in the middle: what was acknowledged is
 * there, what was not is there as a whole or not at all.
 */
#include "tests/store/scratch.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "protocol/ulid.h"
#include "workers/runtime/log.h"
#include "workers/store/adopt.h"
#include "workers/store/blobs.h"
#include "workers/store/jobs.h"
#include "workers/store/profile_load.h"
#include "workers/store/profile_save.h"

#define WRITERS 2
#define SAVES 40                         /* of one writer that is left in peace */
#define KILLING_MS 5000
#define SQL_NOT_OURS "SELECT count(DISTINCT instance) > 1 FROM jobs WHERE state <> 'done'"
#define CONTENT 60000                    /* bytes of the raw profile */

/* What a writer says, in one write, after a save was answered. */
struct acknowledged {
	char profile_id[LIMIT_ULID + 1];
	char job_id[LIMIT_ULID + 1];
};

/* Bytes that only this id has, and that do not compress. */
static void
content_of(const char *id, uint8_t bytes[CONTENT])
{
	uint8_t hash[SHA256_SIZE];
	uint64_t x;

	sha256_of(id, strlen(id), hash);
	memcpy(&x, hash, sizeof(x));
	for (size_t i = 0; i < CONTENT; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		bytes[i] = (uint8_t)x;
	}
}

/* ---- the writer ---- */

static void
save_one(struct scratch *c, struct acknowledged *ret_said)
{
	static uint8_t content[CONTENT];
	struct body_profile_save in;
	struct value_writer w;

	ulid_make(ret_said->job_id);
	ulid_make(ret_said->profile_id);
	content_of(ret_said->profile_id, content);
	in = scratch_save(ret_said->job_id, ret_said->profile_id, NULL, ret_said->profile_id);
	in.profile = (struct blob){ .bytes = { content, CONTENT } };
	value_writer_init(&w);
	assert_int_equal(store_ready(&c->store), OK);
	scratch_open_job(c, ret_said->job_id);
	scratch_job_file(c, ret_said->job_id, "profile.json", content, CONTENT);
	assert_int_equal(scratch_mark(c, ret_said->job_id, "ran"), OK);
	assert_int_equal(profile_save(&c->store, &in, &w), OK);
	value_writer_fini(&w);
}

static int
writer(const char *dir, int saves)
{
	struct scratch c;

	log_threshold(LOG_PANIC);
	scratch_join(&c, dir);
	for (int i = 0; i != saves; i++) {
		struct acknowledged said = { "", "" };

		save_one(&c, &said);
		if (write(STDOUT_FILENO, &said, sizeof(said)) != sizeof(said))
			return 1;
	}
	scratch_leave(&c);
	return 0;
}

/* ---- checking ---- */

static void
check_saved(struct scratch *c, const struct acknowledged *said)
{
	static uint8_t content[CONTENT];
	struct body_profile_load in = { .profile_id = text_of(said->profile_id) };
	struct loaded_profile loaded;
	uint8_t hash[SHA256_SIZE], *raw;
	struct answer facts;
	size_t len;

	answer_init(&facts);
	assert_int_equal(profile_load(&c->store, &in, &facts.w, &loaded), OK);
	answer_read(&facts);
	assert_member(facts.root, "job_id", said->job_id);
	assert_int_equal(loaded.model_len, LIMIT_ULID);
	assert_memory_equal(loaded.model, said->profile_id, LIMIT_ULID);
	answer_fini(&facts);
	free(loaded.model);
	content_of(said->profile_id, content);
	sha256_of(content, CONTENT, hash);
	assert_int_equal(blob_read(&c->store, (struct value){ hash, SHA256_SIZE }, &raw, &len), OK);
	assert_int_equal(len, CONTENT);
	assert_memory_equal(raw, content, CONTENT);
	free(raw);
}

/* Each counts rows that lack what they stand for. */
static const char *const halves[] = {
	"SELECT count(*) FROM profiles WHERE NOT EXISTS"
	" (SELECT 1 FROM jobs WHERE jobs.profile_id = profiles.id AND state = 'done')",
	"SELECT count(*) FROM jobs WHERE state = 'done'"
	" AND NOT EXISTS (SELECT 1 FROM profiles WHERE job_id = jobs.id)",
	"SELECT count(*) FROM blobs WHERE NOT EXISTS"
	" (SELECT 1 FROM profiles WHERE sha256 IN (raw_sha256, model_sha256))",
	"SELECT count(*) FROM pragma_foreign_key_check",
	"SELECT integrity_check <> 'ok' FROM pragma_integrity_check",
};

static void
check_whole(struct scratch *c)
{
	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++)
		assert_int_equal(scratch_sql(c, halves[i]), 0);
}

static int
set_up(void **state)
{
	static struct scratch scratch;

	scratch_open(&scratch);
	*state = &scratch;
	return 0;
}

static int
tear_down(void **state)
{
	scratch_close(*state);
	return 0;
}

static unsigned
read_acknowledged(struct scratch *c, int fd)
{
	struct acknowledged said;
	unsigned count = 0;

	while (read(fd, &said, sizeof(said)) == sizeof(said)) {
		check_saved(c, &said);
		count++;
	}
	close(fd);
	return count;
}

static void
two_processes_on_one_database(void **state)
{
	struct scratch *c = *state;
	int fds[WRITERS];
	pid_t pids[WRITERS];

	for (int i = 0; i < WRITERS; i++)
		pids[i] = scratch_spawn("write", c->dir, &fds[i]);
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(read_acknowledged(c, fds[i]), SAVES);
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(scratch_wait(pids[i]), 0);
	check_whole(c);
	assert_int_equal(scratch_sql(c, "SELECT count(*) FROM profiles"), WRITERS * SAVES);
}

/* Both make the file, the log and the tables at the same time. */
static void
two_processes_make_one_database(void **state)
{
	struct scratch *c = *state;

	for (int round = 0; round < 15; round++) {
		char dir[128];
		int fds[WRITERS];
		pid_t pids[WRITERS];
		struct acknowledged said;

		snprintf(dir, sizeof(dir), "%s/%d", c->dir, round);
		assert_int_equal(mkdir(dir, 0700), 0);
		for (int i = 0; i < WRITERS; i++)
			pids[i] = scratch_spawn("write-one", dir, &fds[i]);
		for (int i = 0; i < WRITERS; i++) {
			assert_int_equal(read(fds[i], &said, sizeof(said)), sizeof(said));
			assert_int_equal(scratch_wait(pids[i]), 0);
			close(fds[i]);
		}
	}
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One round: two writers, killed some milliseconds after the first was heard of; then everything
 * that either has said is looked for, and the next server takes over what they left. */
static unsigned
kill_round(struct scratch *c, unsigned *seed, unsigned *left_over)
{
	struct body_job_unfinished in = { .instance = text_of(c->instance) };
	struct pollfd heard = { .events = POLLIN };
	unsigned count = 0;
	int fds[WRITERS];
	pid_t pids[WRITERS];
	struct answer a;

	for (int i = 0; i < WRITERS; i++)
		pids[i] = scratch_spawn("write-on", c->dir, &fds[i]);
	heard.fd = fds[0];
	assert_int_equal(poll(&heard, 1, 10000), 1);
	poll(NULL, 0, rand_r(seed) % 25);
	for (int i = 0; i < WRITERS; i++) {
		kill(pids[i], SIGKILL);
		assert_int_equal(scratch_wait(pids[i]), -1);
	}
	assert_int_equal(store_ready(&c->store), OK);
	for (int i = 0; i < WRITERS; i++)
		count += read_acknowledged(c, fds[i]);
	check_whole(c);
	answer_init(&a);
	assert_int_equal(jobs_unfinished(&c->store, &in, &a.w), OK);
	answer_read(&a);
	*left_over += a.root->via.array.size;
	answer_fini(&a);
	assert_int_equal(scratch_sql(c, SQL_NOT_OURS), 0);
	return count;
}

static void
killed_writers_lose_nothing(void **state)
{
	struct scratch *c = *state;
	int64_t end_ms = now_ms() + KILLING_MS;
	unsigned seed = (unsigned)getpid(), rounds = 0, acknowledged = 0, left_over = 0;

	do {
		acknowledged += kill_round(c, &seed, &left_over);
		rounds++;
	} while (now_ms() < end_ms);
	print_message("%u kills, %u acknowledged saves, all there; %u jobs left unfinished\n",
	    WRITERS * rounds, acknowledged, left_over);
	assert_true(acknowledged >= rounds);
	assert_true(scratch_sql(c, "SELECT count(*) FROM profiles") >= acknowledged);
}

int
main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct { const char *name; int saves; } modes[] = {
		{ "write", SAVES }, { "write-one", 1 }, { "write-on", -1 },
	};
	const struct CMUnitTest tests[] = {
		TEST(two_processes_on_one_database),
		TEST(two_processes_make_one_database),
		TEST(killed_writers_lose_nothing),
	};

	if (argc == 1)
		return cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; argc == 3 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return writer(argv[2], modes[i].saves);
	return 2;
}
