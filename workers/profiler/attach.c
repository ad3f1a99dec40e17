#include "workers/profiler/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workers/profiler/classify.h"
#include "workers/profiler/job_dir.h"

static enum err
read_result(int folder_fd, uint8_t **ret_at, size_t *ret_len)
{
	struct stat st;
	uint8_t *at = NULL;
	enum err e = ERR_CORRUPT;
	size_t max = msg_info(MSG_PROFILE_RAN)->body_max;

	int fd = openat(folder_fd, RESULT_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_HERE : ERR_CORRUPT;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_size <= 0 ||
	    (uint64_t)st.st_size > max)
		goto out;
	size_t len = (size_t)st.st_size;
	at = malloc(len);
	if (at == NULL) {
		e = ERR_NO_MEMORY;
		goto out;
	}
	if (read(fd, at, len) != (ssize_t)len)
		goto out;
	*ret_at = at;
	*ret_len = len;
	at = NULL;
	e = OK;
out:
	free(at);
	close(fd);
	return e;
}

static bool
is_map(struct value v)
{
	struct value_tree tree;
	bool map = value_parse(v, &tree) == OK && value_root(&tree)->type == MSGPACK_OBJECT_MAP;

	value_tree_fini(&tree);
	return map;
}

static enum err
check_profile(struct spool *spool, const char *job_id, const struct blob *claimed)
{
	char name[SPOOL_NAME_MAX + 1], name_buf[SPOOL_NAME_MAX + 1];
	struct blob found;

	if (claimed->bytes.at == NULL && claimed->file.at == NULL)
		return OK;
	snprintf(name, sizeof name, "jobs/%s/" PROFILE_NAME, job_id);
	if (claimed->bytes.at != NULL || !text_is(claimed->file, name))
		return ERR_CORRUPT;
	enum err e = spool_describe(spool, name, name_buf, &found);
	if (e == ERR_NOT_FOUND)
		return ERR_CORRUPT;
	if (e != OK)
		return e;
	if (found.size != claimed->size || memcmp(found.sha256, claimed->sha256, SHA256_SIZE) != 0)
		return ERR_CORRUPT;
	return OK;
}

static enum err
check_body(struct spool *spool, const char *job_id, const struct body_profile_ran *body)
{
	if (!classify_is_outcome(body->run_outcome.at, body->run_outcome.len) ||
	    !is_map(body->run) ||
	    !is_map(body->provenance))
		return ERR_CORRUPT;
	return check_profile(spool, job_id, &body->profile);
}

enum err
attach_read(struct spool *spool, const char *job_id, struct stored_result *ret_result)
{
	struct stored_result result = { 0 };
	size_t len;
	int folder_fd;

	enum err e = job_dir_open(spool_dir_fd(spool), job_id, &folder_fd);
	if (e != OK)
		return e == ERR_NOT_FOUND ? ERR_NOT_STARTED : e;
	e = read_result(folder_fd, &result.encoded, &len);
	close(folder_fd);
	if (e != OK)
		return e;
	struct value encoded = { result.encoded, len };
	if (body_decode(MSG_PROFILE_RAN, encoded, &result.body) != OK)
		e = ERR_CORRUPT;
	else
		e = check_body(spool, job_id, &result.body);
	if (e == OK)
		*ret_result = result;
	else
		stored_result_fini(&result);
	return e;
}

void
stored_result_fini(struct stored_result *result)
{
	free(result->encoded);
	result->encoded = NULL;
}
