#include "protocol/error.h"

#include <errno.h>
#include <stddef.h>

static const struct err_info infos[] = {
	[0] = { "ok", "no error", 0, false, "" },
#define ERR(name, number, word, text, rpc, retry, hint) [-(number)] = { word, text, rpc, retry, hint },
#include "protocol/errors.def"
#undef ERR
};

static const long long count = sizeof(infos) / sizeof(infos[0]);

const struct err_info *
err_info(enum err e)
{
	return &infos[-(int)err_from_number(e)];
}

enum err
err_from_number(long long number)
{
	if (number > 0 || number <= -count || infos[-number].name == NULL)
		return ERR_INTERNAL;
	return (enum err)number;
}

enum err
err_from_errno(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
		return ERR_STORAGE_FULL;
	case EROFS:
		return ERR_STORAGE_READ_ONLY;
	case ENOMEM:
		return ERR_NO_MEMORY;
	case ENOENT:
	case ENOTDIR:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_NOT_READABLE;
	default:
		return ERR_SYSTEM;
	}
}
