#include "protocol/message.h"

#include <string.h>

#define FIELD_ROW(S, TYPE, field, max, presence) \
	{ #field, FIELD_##TYPE, PRESENCE_##presence, (max), offsetof(S, field) },
#define MSG(NAME, name, id, owner, answer, max, ms, repeat) \
	static const struct field_info fields_##NAME[] = { \
		FIELDS_##NAME(FIELD_ROW, struct body_##name) { 0 } /* ends it */ \
	};
#include "protocol/messages.def"
#undef MSG

static const struct msg_info infos[MSG_TYPE_END] = {
#define MSG(NAME, name, id, owner, answer, max, ms, repeat) \
	[id] = { #NAME, ROLE_##owner, MSG_##answer, (max), (ms), REPEAT_##repeat, fields_##NAME, \
		sizeof(fields_##NAME) / sizeof(fields_##NAME[0]) - 1, sizeof(struct body_##name) },
#include "protocol/messages.def"
#undef MSG
};

const struct msg_info *
msg_info(enum msg_type type)
{
	if (type <= MSG_NONE || type >= MSG_TYPE_END || infos[type].name == NULL)
		return NULL;
	return &infos[type];
}

enum msg_type
msg_by_name(const char *name)
{
	for (int i = 0; i < MSG_TYPE_END; i++)
		if (infos[i].name != NULL && strcmp(infos[i].name, name) == 0)
			return (enum msg_type)i;
	return MSG_NONE;
}

int
msg_field(const struct msg_info *info, const char *name)
{
	for (unsigned i = 0; i < info->field_count; i++)
		if (strcmp(info->fields[i].name, name) == 0)
			return (int)i;
	return -1;
}

struct text
text_of(const char *s)
{
	return (struct text){ s, s == NULL ? 0 : strlen(s) };
}

bool
text_is(struct text t, const char *s)
{
	return t.at != NULL && strlen(s) == t.len && memcmp(t.at, s, t.len) == 0;
}

bool
text_copy(struct text t, char *buf, size_t size)
{
	if (t.at == NULL || t.len >= size || memchr(t.at, 0, t.len) != NULL)
		return false;
	memcpy(buf, t.at, t.len);
	buf[t.len] = 0;
	return true;
}
