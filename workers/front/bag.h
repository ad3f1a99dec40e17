/* Encoded values by name: a call's arguments and all answers so far, from which a route's next step is made. */
#ifndef WORKERS_FRONT_BAG_H
#define WORKERS_FRONT_BAG_H

#include <stddef.h>

#include "protocol/message.h"

#define BAG_NAME_MAX 64

struct bag_item;

struct bag {
	struct bag_item *items;
	size_t count, room;
};

void bag_fini(struct bag *bag);

/* Copies; an earlier value of that name is replaced. ERR_NO_MEMORY, ERR_TOO_LARGE for the name. */
enum err bag_put(struct bag *bag, const char *name, struct value v);
enum err bag_put_text(struct bag *bag, const char *name, struct text v);

/* Nil (at == NULL) when there is none; borrowed until the next bag_put. */
struct value bag_get(const struct bag *bag, const char *name);

#endif
