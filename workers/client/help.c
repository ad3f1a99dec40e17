#include "workers/client/help.h"

#include <argp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "protocol/exit.h"

#define COLUMNS 78

/* Words of `text` from column `indent` on; the cursor stands there already. */
static void
print_wrapped(FILE *out, const char *text, int indent)
{
	int column = indent;

	while (*text) {
		int word = (int)strcspn(text, " ");

		if (column > indent && column + word > COLUMNS) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		}
		fprintf(out, "%s%.*s", column > indent ? " " : "", word, text);
		column += word + (column > indent);
		text += word;
		text += strspn(text, " ");
	}
}

static const char environment[] =
    "Every long option can be given in the environment, --cpu-sampling-rate as "
    "SCALENE_MCP_CPU_SAMPLING_RATE. SCALENE_MCP_SERVER names the server's executable.";

char *
help_filter(int key, const char *text, void *input)
{
	char *help = NULL;
	size_t size = 0;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_EXTRA)
		return (char *)(uintptr_t)text;
	out = open_memstream(&help, &size);
	if (out == NULL)
		return NULL;
	print_wrapped(out, environment, 0);
	fprintf(out, "\n\nExit codes:");
	for (unsigned i = 0; exit_row(i); i++) {
		fprintf(out, "\n  %3d  ", exit_row(i)->number);
		print_wrapped(out, exit_row(i)->text, 7);
	}
	return fclose(out) == 0 ? help : NULL;
}
