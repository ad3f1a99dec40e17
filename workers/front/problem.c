#include "workers/front/problem.h"

#include <stdarg.h>
#include <stdio.h>

enum err
problem_say(struct catalog_problem *problem, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(problem->text, sizeof(problem->text), format, args);
	va_end(args);
	return ERR_INVALID_ARGUMENT;
}
