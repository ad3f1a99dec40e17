#include "workers/client/progress.h"

#include <stdlib.h>
#include <string.h>

#include "workers/client/clock.h"
#include "workers/client/text.h"

void
progress_init(struct progress *p, FILE *out)
{
	memset(p, 0, sizeof(*p));
	p->screen = screen_of(out);
	p->begun_ms = clock_ms();
}

static void
set_message(struct progress *p, const char *message)
{
	char *clean = text_clean(message, strlen(message), TEXT_ONE_LINE);
	size_t len = clean ? strlen(clean) : 0;

	if (len < sizeof(p->message) && clean)
		memcpy(p->message, clean, len + 1);
	free(clean);
}

void
progress_show(struct progress *p, const char *message)
{
	char text[sizeof(p->message) + 32], *cut;

	if (message)
		set_message(p, message);
	if (!p->screen.moves || p->in_line || p->screen.width < 2)
		return;
	snprintf(text, sizeof(text), "%lld s  %s", (long long)(clock_ms() - p->begun_ms) / 1000,
	    p->message[0] ? p->message : "waiting");
	cut = text_cut(text, p->screen.width - 1, TEXT_CUT_END);
	if (cut)
		fprintf(p->screen.out, "\r\033[K%s", cut);
	fflush(p->screen.out);
	p->drawn = true;
	free(cut);
}

void
progress_erase(struct progress *p)
{
	if (!p->drawn)
		return;
	fputs("\r\033[K", p->screen.out);
	fflush(p->screen.out);
	p->drawn = false;
}

void
progress_passed(struct progress *p, const char *text, size_t len)
{
	if (len)
		p->in_line = text[len - 1] != '\n';
}
