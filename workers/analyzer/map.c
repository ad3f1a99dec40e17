#include "workers/analyzer/map.h"

#include <math.h>

void
map_open(struct map *m, struct value_writer *w)
{
	*m = (struct map){ .w = w, .opened = value_open_map(w) };
}

void
map_close(struct map *m)
{
	value_close_map(m->w, m->opened, m->pairs);
}

void
map_key(struct map *m, const char *key)
{
	value_string(m->w, key);
	m->pairs++;
}

void
map_text(struct map *m, const char *key, struct text v)
{
	map_key(m, key);
	value_text(m->w, v);
}

void
map_int(struct map *m, const char *key, int64_t v)
{
	map_key(m, key);
	value_int(m->w, v);
}

void
map_exact(struct map *m, const char *key, double v)
{
	map_key(m, key);
	value_real(m->w, v);
}

void
map_figure(struct map *m, const char *key, double v, int decimals)
{
	double scale = pow(10, decimals);

	map_exact(m, key, round(v * scale) / scale);
}

void
map_object(struct map *m, const char *key, const msgpack_object *o)
{
	map_key(m, key);
	if (o == NULL)
		value_nil(m->w);
	else
		value_object(m->w, o);
}

void
map_member(struct map *m, const char *key, const msgpack_object *from)
{
	const msgpack_object *o = value_get(from, key);

	if (o != NULL && o->type != MSGPACK_OBJECT_NIL)
		map_object(m, key, o);
}
