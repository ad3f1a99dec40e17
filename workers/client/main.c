#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "protocol/exit.h"
#include "workers/client/commands.h"

/* Whoever closed one of the standard streams must not get the server's pipes in its place. */
static void
open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int
main(int argc, char **argv)
{
	struct options options;
	enum err e;
	int code = EXIT_CODE_OK;

	open_standard_streams();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	e = options_parse(argc, argv, &options);
	if (e != OK)
		code = e == ERR_INVALID_ARGUMENT ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
	else if (!options.help)
		code = commands_run(&options);
	options_fini(&options);
	return code;
}
