#include "workers/front/bag.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/value.h"

struct bag_item {
	char name[BAG_NAME_MAX];
	uint8_t *bytes;
	size_t len;
};

void
bag_fini(struct bag *bag)
{
	for (size_t i = 0; i < bag->count; i++)
		free(bag->items[i].bytes);
	free(bag->items);
	*bag = (struct bag){ NULL, 0, 0 };
}

static struct bag_item *
find(const struct bag *bag, const char *name)
{
	for (size_t i = 0; i < bag->count; i++)
		if (strcmp(bag->items[i].name, name) == 0)
			return &bag->items[i];
	return NULL;
}

static struct bag_item *
add(struct bag *bag, const char *name)
{
	if (bag->count == bag->room) {
		size_t room = bag->room == 0 ? 32 : 2 * bag->room;
		struct bag_item *items = realloc(bag->items, room * sizeof(*items));

		if (items == NULL)
			return NULL;
		bag->items = items;
		bag->room = room;
	}
	bag->items[bag->count] = (struct bag_item){ .bytes = NULL };
	strcpy(bag->items[bag->count].name, name);
	return &bag->items[bag->count++];
}

enum err
bag_put(struct bag *bag, const char *name, struct value v)
{
	struct bag_item *item = find(bag, name);
	uint8_t *copy;

	if (strlen(name) >= BAG_NAME_MAX)
		return ERR_TOO_LARGE;
	copy = malloc(v.len > 0 ? v.len : 1);
	if (copy == NULL || (item == NULL && (item = add(bag, name)) == NULL)) {
		free(copy);
		return ERR_NO_MEMORY;
	}
	if (v.len > 0)
		memcpy(copy, v.at, v.len);
	free(item->bytes);
	item->bytes = copy;
	item->len = v.len;
	return OK;
}

enum err
bag_put_text(struct bag *bag, const char *name, struct text v)
{
	struct value_writer w;
	enum err e;

	value_writer_init(&w);
	value_text(&w, v);
	e = w.failed ? ERR_NO_MEMORY : bag_put(bag, name, value_done(&w));
	value_writer_fini(&w);
	return e;
}

struct value
bag_get(const struct bag *bag, const char *name)
{
	const struct bag_item *item = find(bag, name);

	if (item == NULL || item->len == 0)
		return (struct value){ NULL, 0 };
	return (struct value){ item->bytes, item->len };
}
