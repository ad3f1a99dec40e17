#include "workers/profiler/handlers.h"

int
main(int argc, char **argv)
{
	struct profiler profiler = { .slots_fd = -1 };
	const struct worker_spec spec = {
		.role = ROLE_PROFILER,
		.name = "scalene-mcp-profiler",
		.handlers = profiler_handlers,
		.options = &profiler_argp,
		.state = &profiler,
		.open = profiler_open,
		.close = profiler_close,
		.cancel = profiler_cancel,
		.output_taken = profiler_output_taken,
		.front_lost = profiler_front_lost,
		.drain = profiler_drain,
	};

	return worker_main(&spec, argc, argv);
}
