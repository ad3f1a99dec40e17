/* What --help says beyond the options. */
#ifndef WORKERS_CLIENT_HELP_H
#define WORKERS_CLIENT_HELP_H

/* argp's help filter: ends --help with the environment and the table of exit codes. */
char *help_filter(int key, const char *text, void *input);

#endif
