#include "workers/analyzer/handlers.h"

static const struct worker_spec spec = {
	.role = ROLE_ANALYZER,
	.name = "scalene-mcp-analyzer",
	.handlers = analyzer_handlers,
};

int
main(int argc, char **argv)
{
	return worker_main(&spec, argc, argv);
}
