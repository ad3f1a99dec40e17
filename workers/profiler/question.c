#include "workers/profiler/question.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workers/profiler/spawn.h"

#define PRINTED_MAX (16 << 10)   /* what is read of the answer; a pipe holds more */
#define KILL_MS 1000

struct question {
	char path[LIMIT_PATH];
	struct child child;
	int printed_fd;
	struct watch *ended;
	struct timer *deadline;
	bool overdue;
	question_fn *answer;
	void *arg;
};

static size_t
read_printed(int fd, char *at, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, at + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return len;
}

static void
end_child(struct question *q)
{
	struct pid_set seen = { 0 };

	if (q->child.pid <= 0)
		return;
	tree_kill(&seen, 0, KILL_MS, NULL);
	pid_set_fini(&seen);
	waitpid(q->child.pid, NULL, WNOHANG);
	q->child.pid = 0;
}

static void
ended(void *arg, short revents)
{
	struct question *q = arg;
	struct interpreter found;
	struct refusal why;
	char printed[PRINTED_MAX];
	enum err e;

	(void)revents;
	watch_close(&q->ended);
	timer_stop(q->deadline);
	size_t len = read_printed(q->printed_fd, printed, sizeof printed);
	end_child(q);
	if (q->overdue) {
		e = refuse(&why, ERR_NO_PYTHON, "%s did not say its version within %d s", q->path,
		    QUESTION_MS / 1000);
		refusal_hint(&why, "Try `%s -c pass`; give another `python` if it hangs.", q->path);
	} else
		e = interpreter_parse(q->path, printed, len, &found, &why);
	q->answer(q->arg, e, &found, &why);
}

static void
overdue(void *arg)
{
	struct question *q = arg;

	q->overdue = true;
	ended(q, 0);
}

static enum err
start(struct question *q, const struct strings *environment, const char *cwd, struct refusal *why)
{
	char *argv[] = { q->path, "-c", (char *)interpreter_question, NULL };
	const char *step = "pipe";
	int ends[2];

	enum err e = spawn_pipe(ends);
	if (e != OK)
		return refuse(why, e, "no pipe could be made");
	struct spawn_spec spec = { .path = q->path, .argv = argv, .envp = environment->at, .cwd =
	    cwd,
		.stdin_fd = -1, .stdout_fd = ends[1], .stderr_fd = -1 };
	e = spawn(&spec, &q->child, &step);
	close(ends[1]);
	q->printed_fd = ends[0];
	if (e == OK && fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
		e = ERR_SYSTEM;
	if (e == OK)
		return OK;
	refuse(why, ERR_NO_PYTHON, "%s could not be started (%s: %s)", q->path, step,
	    err_info(e)->text);
	refusal_hint(why, "Give `python`, the path of the interpreter that runs this program.");
	return why->code;
}

enum err
question_ask(struct loop *loop, const char *path, const struct strings *environment,
    const char *cwd,
    question_fn *answer, void *arg, struct question **ret_question, struct refusal *why)
{
	struct question *q = calloc(1, sizeof *q);
	enum err e;

	if (q == NULL)
		return refuse(why, ERR_NO_MEMORY, "out of memory");
	strncpy(q->path, path, sizeof q->path - 1);
	q->child.pidfd = q->printed_fd = -1;
	q->answer = answer;
	q->arg = arg;
	if ((e = start(q, environment, cwd, why)) != OK)
		goto failed;
	q->ended = loop_watch(loop, q->child.pidfd, POLLIN, ended, q);
	q->deadline = loop_timer(loop, overdue, q);
	if (q->ended == NULL || q->deadline == NULL) {
		e = refuse(why, ERR_NO_MEMORY, "out of memory");
		goto failed;
	}
	timer_start(q->deadline, QUESTION_MS);
	*ret_question = q;
	return OK;
failed:
	question_close(&q);
	return e;
}

void
question_close(struct question **question)
{
	struct question *q = *question;

	if (q == NULL)
		return;
	end_child(q);
	watch_close(&q->ended);
	timer_close(&q->deadline);
	child_close(&q->child);
	if (q->printed_fd >= 0)
		close(q->printed_fd);
	free(q);
	*question = NULL;
}
