/* What the kernel says about memory. */
#ifndef WORKERS_PROFILER_EVIDENCE_H
#define WORKERS_PROFILER_EVIDENCE_H

#include <stdint.h>

/* Processes of this host that the kernel has killed for memory since it booted, those of a control
 * group's limit included (oom_kill of /proc/vmstat); 0 where it does not say. */
uint64_t evidence_oom_kills(void);

#endif
