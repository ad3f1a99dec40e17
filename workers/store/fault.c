#include "workers/store/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/value.h"

void
fault_clear(struct fault *f)
{
	f->message[0] = 0;
	f->hint[0] = 0;
}

static bool
is_utf8(const char *s)
{
	struct value_writer w;
	struct value v;
	bool good;

	value_writer_init(&w);
	value_string(&w, s);
	v = value_done(&w);
	good = v.at != NULL && value_check(v.at, v.len);
	value_writer_fini(&w);
	return good;
}

/* A path may hold any bytes, and a cut may fall inside a character. */
static void
make_utf8(char *s)
{
	if (is_utf8(s))
		return;
	for (; *s != 0; s++)
		if ((unsigned char)*s >= 0x80)
			*s = '?';
}

static void
copy_text(char buf[FAULT_TEXT + 1], struct text t)
{
	size_t len = t.len > FAULT_TEXT ? FAULT_TEXT : t.len;

	if (t.at == NULL)
		len = 0;
	else
		memcpy(buf, t.at, len);
	buf[len] = 0;
	make_utf8(buf);
}

enum err
fault_copy(struct fault *f, enum err e, struct text message, struct text hint)
{
	copy_text(f->message, message);
	copy_text(f->hint, hint);
	return e;
}

enum err
fault_set(struct fault *f, enum err e, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->message, sizeof(f->message), format, args);
	va_end(args);
	make_utf8(f->message);
	copy_text(f->hint, text_of(hint));
	return e;
}
