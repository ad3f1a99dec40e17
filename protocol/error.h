/*
 * Every error this program knows, from one table (errors.def). Functions that can fail return
 * `enum err`: OK is 0, everything else is negative.
 */
#ifndef PROTOCOL_ERROR_H
#define PROTOCOL_ERROR_H

#include <stdbool.h>

enum err {
	OK = 0,
#define ERR(name, number, word, text, rpc, retry, hint) ERR_##name = (number),
#include "protocol/errors.def"
#undef ERR
};

struct err_info {
	const char *name;    /* what a client reads: "not_found" */
	const char *text;    /* one sentence, no full stop */
	int jsonrpc_code;
	bool retryable;      /* the same request may succeed later, unchanged */
	const char *hint;    /* the next step for the caller, when nobody knows a better one */
};

/* Never NULL: a number that is not in the table reads as ERR_INTERNAL. OK reads as "ok". */
const struct err_info *err_info(enum err e);

/* The error with that number as it came from a peer, ERR_INTERNAL when there is none. */
enum err err_from_number(long long number);

/* The error for an errno value: ENOSPC and EDQUOT are STORAGE_FULL, EROFS STORAGE_READ_ONLY, ENOMEM
 * NO_MEMORY, ENOENT NOT_FOUND, EACCES and EPERM NOT_READABLE, anything else SYSTEM. */
enum err err_from_errno(int number);

#endif
