/* The front process: what its parts share. */
#ifndef WORKERS_FRONT_FRONT_H
#define WORKERS_FRONT_FRONT_H

#include <stdbool.h>

#include "workers/front/catalog.h"
#include "workers/front/link.h"
#include "workers/runtime/loop.h"
#include "workers/runtime/parent.h"
#include "workers/runtime/settings.h"
#include "workers/runtime/spool.h"

struct jobs;
struct tree;
struct stdio;
struct http;
struct requests;

enum toolset { TOOLSET_DEFAULT, TOOLSET_CORE, TOOLSET_ALL };

struct front {
	struct settings settings;
	unsigned profilers, analyzers;
	enum toolset toolset;
	bool read_only, serve_stdio, serve_http;

	struct loop *loop;
	struct spool *spool;
	struct parent *parent;
	struct catalog *catalog;
	struct links *links;
	struct jobs *jobs;
	struct tree *tree;
	struct requests *requests;
	struct stdio *stdio;     /* NULL when stdio is not served */
	struct http *http;       /* NULL when HTTP is not served */
	bool leaving;            /* input ended or the supervisor said so: nothing new is begun */
	int status;              /* exit code */
};

#endif
