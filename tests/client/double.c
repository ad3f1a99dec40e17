#include "tests/client/double.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

int
double_setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/client-test-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	setenv("SCALENE_MCP_SERVER", FAKE_SERVER_PATH, 1);
	setenv("FAKE_SERVER_LOG", double_path("log"), 1);
	setenv("NO_COLOR", "1", 1);
	unsetenv("SCALENE_MCP_STATE");
	return 0;
}

int
double_teardown(void **state)
{
	(void)state;
	unlink(double_path("log"));
	unlink(double_path("stdout"));
	unlink(double_path("stderr"));
	return rmdir(folder);
}

const char *
double_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

void
double_play(const char *part)
{
	setenv("FAKE_SERVER", part, 1);
	unlink(double_path("log"));
}

char *
double_read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 1 << 22);

	if (in && text)
		text[fread(text, 1, (1 << 22) - 1, in)] = '\0';
	if (in)
		fclose(in);
	return text;
}

char *
double_log(void)
{
	return double_read_file(double_path("log"));
}

bool
double_is_gone(void)
{
	char *text = double_log();
	pid_t pid = (pid_t)atol(text);

	free(text);
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}
