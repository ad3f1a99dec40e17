/* What cmocka wants to be included, in its order. */
#ifndef TESTS_SUPERVISOR_TEST_SUPPORT_H
#define TESTS_SUPERVISOR_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
