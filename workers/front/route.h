/* How a step of a route gets its fields and what becomes of its answer. */
#ifndef WORKERS_FRONT_ROUTE_H
#define WORKERS_FRONT_ROUTE_H

#include "protocol/value.h"
#include "workers/front/bag.h"
#include "workers/front/catalog.h"
#include "workers/runtime/spool.h"

/* What a job has besides its arguments and answers. */
struct route_mint {
	const char *name;
	enum field_type type;
};
extern const struct route_mint route_minted[];   /* ends with name NULL */

/* Puts each member of the arguments, an encoded map that was checked and filled before, into the bag. */
enum err route_take_arguments(struct bag *bag, struct value arguments);

/* Appends the step's encoded body. ERR_TOO_LARGE or ERR_INTERNAL when a value does not fit its
 * field; *ret_field (may be NULL) then names it. */
enum err route_compose(const struct step *step, const struct bag *bag, struct value_writer *w,
    const char **ret_field);

/* Takes the answer's fields apart into the bag. */
enum err route_absorb(struct bag *bag, enum msg_type type, struct value body);

/* Removes the spool files that one answer names. */
void route_drop_files(enum msg_type type, struct value body, struct spool *spool);

/* Removes the spool files that answers to the tool's steps brought: nobody needs them after the call. */
void route_drop_spooled(const struct tool *tool, const struct bag *bag, struct spool *spool);

#endif
