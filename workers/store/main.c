#include "workers/store/handlers.h"
#include "workers/store/store.h"

static struct store store;

static const struct worker_spec spec = {
	.role = ROLE_STORE,
	.name = "scalene-mcp-store",
	.handlers = store_handlers,
	.state = &store,
	.open = store_start,
	.close = store_stop,
};

int
main(int argc, char **argv)
{
	return worker_main(&spec, argc, argv);
}
