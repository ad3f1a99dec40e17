/* A formatted reason why the catalogue cannot be used. */
#ifndef WORKERS_FRONT_PROBLEM_H
#define WORKERS_FRONT_PROBLEM_H

#include "protocol/error.h"
#include "workers/front/catalog.h"

/* Writes the text and returns ERR_INVALID_ARGUMENT, so that a check can end with it. */
enum err problem_say(struct catalog_problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
