/* A notification from the server, as far as this client has a use for it. */
#ifndef WORKERS_CLIENT_NOTICE_H
#define WORKERS_CLIENT_NOTICE_H

#include "protocol/limits.h"
#include "workers/client/message.h"

enum notice_kind {
	NOTICE_OTHER,
	NOTICE_PROGRESS,         /* notifications/progress */
	NOTICE_OUTPUT,           /* notifications/message of program.stdout or program.stderr */
	NOTICE_LOG               /* notifications/message of another logger */
};

struct notice {
	enum notice_kind kind;
	uint64_t token;          /* of progress */
	int stream;              /* of output: 1 or 2 */
	const char *text;        /* NULL only for progress without a message; of params */
	char job_id[LIMIT_ULID + 1];   /* "" when it names none */
	cJSON *params;
};

/* ERR_MALFORMED when the params do not have the shape that the method asks for: such a one is
 * ignored. */
enum err notice_read(const struct message *m, struct notice *ret_notice);
void notice_fini(struct notice *n);

#endif
