/* What the tests of the client share: the server's double (fake_server.py) and what it was told. */
#ifndef TESTS_CLIENT_DOUBLE_H
#define TESTS_CLIENT_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>

/* Makes a temporary folder for the log, once for the program. For cmocka's group setup and
 * teardown. */
int double_setup(void **state);
int double_teardown(void **state);

/* Lets the next server play this part, with an empty log. */
void double_play(const char *part);

/* The whole log of what the server was told. The caller frees. */
char *double_log(void);

/* Whether the server process that wrote the log is gone. */
bool double_is_gone(void);

/* A whole file; the caller frees. */
char *double_read_file(const char *path);

/* A path in the temporary folder, valid until the next call. */
const char *double_path(const char *name);

#endif
