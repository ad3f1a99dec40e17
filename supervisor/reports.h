/* What children say on their control channels, read in bounded portions and turned into events. */
#ifndef SUPERVISOR_REPORTS_H
#define SUPERVISOR_REPORTS_H

#include <stdint.h>

struct supervisor;
struct child;

#define REPORTS_A_TURN                                                                             \
	64 /* records of one child that are read at a time: none starves the others */
#define REPORTS_FULL_TURNS 256   /* so many full portions in a row are a flood */
#define REPORTS_UNASKED 1000     /* and so many records a second that no work explains */
#define REPORTS_MALFORMED 64     /* so many unreadable records end an incarnation */

/* One turn of one child: reads a portion when poll said so, and ends a child that misuses its
 * channel. */
void reports_turn(struct supervisor *s, struct child *c, short revents, int64_t now_ms);

/* What a child said before it died; to be called before it is buried. */
void reports_read_last(struct supervisor *s, struct child *c, int64_t now_ms);

#endif
