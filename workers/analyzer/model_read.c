#include <math.h>
#include <string.h>

#include "workers/analyzer/model.h"

#define COUNT_MAX 9007199254740992LL    /* 2^53 */

/* Takes the elements of one array in order; any that is not as expected makes the whole reading
 * fail. */
struct cursor {
	const msgpack_object *at, *end;
	bool bad;
};

static struct cursor
open_array(const msgpack_object *o)
{
	if (o == NULL || o->type != MSGPACK_OBJECT_ARRAY)
		return (struct cursor){ .bad = true };
	return (struct cursor){ .at = o->via.array.ptr,
	    .end = o->via.array.ptr + o->via.array.size };
}

static struct cursor
open_exact(const msgpack_object *o, uint32_t count)
{
	struct cursor c = open_array(o);

	c.bad = c.bad || o->via.array.size != count;
	return c;
}

static const msgpack_object *
take(struct cursor *c)
{
	if (c->bad || c->at == c->end) {
		c->bad = true;
		return NULL;
	}
	return c->at++;
}

static int64_t
take_int(struct cursor *c, int64_t max)
{
	const msgpack_object *o = take(c);

	if (o == NULL || o->type != MSGPACK_OBJECT_POSITIVE_INTEGER || o->via.u64 > (uint64_t)max) {
		c->bad = true;
		return 0;
	}
	return (int64_t)o->via.u64;
}

/* An index below `count`. */
static uint32_t
take_index(struct cursor *c, uint32_t count)
{
	uint32_t index = (uint32_t)take_int(c, UINT32_MAX);

	c->bad = c->bad || index >= count;
	return c->bad ? 0 : index;
}

static uint32_t
take_line(struct cursor *c)
{
	return (uint32_t)take_int(c, PROFILE_LINE_NUMBER_MAX);
}

static bool
take_bool(struct cursor *c)
{
	const msgpack_object *o = take(c);

	if (o == NULL || o->type != MSGPACK_OBJECT_BOOLEAN) {
		c->bad = true;
		return false;
	}
	return o->via.boolean;
}

static double
take_signed(struct cursor *c)
{
	double v = value_as_real(take(c), NAN);

	if (!isfinite(v)) {
		c->bad = true;
		return 0;
	}
	return v;
}

static double
take_figure(struct cursor *c)
{
	double v = take_signed(c);

	c->bad = c->bad || v < 0;
	return v;
}

static struct text
take_text(struct cursor *c, struct profile *p, size_t max)
{
	struct text t = value_as_text(take(c));

	if (t.at == NULL || t.len > max) {
		c->bad = true;
		return (struct text){ "", 0 };
	}
	return arena_text(&p->arena, t, max);
}

static void
take_metrics(struct cursor *c, double ret_metric[METRIC_COUNT])
{
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		ret_metric[i] = take_figure(c);
		c->bad = c->bad || ret_metric[i] > 1e18;
	}
}

static bool
all_taken(const struct cursor *c)
{
	return !c->bad && c->at == c->end;
}

static void
read_samples(struct cursor *c, struct profile *p)
{
	if (!c->bad && c->at != c->end && c->at->type == MSGPACK_OBJECT_NIL) {
		c->at++;
		return;
	}
	p->has_samples = true;
	p->samples = (uint64_t)take_int(c, COUNT_MAX);
}

static enum err
read_head(const msgpack_object *o, struct profile *p)
{
	struct cursor c = open_exact(o, MODEL_HEAD);

	p->program = take_text(&c, p, PROFILE_PATH_BYTES);
	p->directory = take_text(&c, p, PROFILE_PATH_BYTES);
	p->elapsed_s = take_figure(&c);
	p->peak_mb = take_figure(&c);
	p->peak_python_fraction = take_figure(&c);
	p->growth_percent = take_signed(&c);
	p->native_mb = take_figure(&c);
	p->start_time = take_figure(&c);
	p->python_percent = take_figure(&c);
	p->native_percent = take_figure(&c);
	p->wait_percent = take_figure(&c);
	p->allocated_mb = take_figure(&c);
	p->copy_peak_mb_s = take_figure(&c);
	p->alloc_samples = take_int(&c, COUNT_MAX);
	read_samples(&c, p);
	p->has_memory = take_bool(&c);
	p->has_gpu = take_bool(&c);
	p->has_async = take_bool(&c);
	p->notes = (uint32_t)take_int(&c, NOTE_ALL);
	return take_int(&c, METRIC_COUNT) == METRIC_COUNT && all_taken(&c) ? OK : ERR_CORRUPT;
}

static bool
read_file(const msgpack_object *o, struct profile *p, void *element)
{
	struct profile_file *f = element;
	struct cursor c = open_exact(o, MODEL_FILE);

	f->path = take_text(&c, p, PROFILE_PATH_BYTES);
	f->cpu_percent = take_figure(&c);
	f->lines = (uint32_t)take_int(&c, UINT32_MAX);
	f->last_line = take_line(&c);
	return all_taken(&c);
}

static bool
read_function(const msgpack_object *o, struct profile *p, void *element)
{
	struct profile_function *f = element;
	struct cursor c = open_exact(o, MODEL_FUNCTION + METRIC_COUNT);
	int64_t kind;

	f->file = take_index(&c, p->file_count);
	f->start = take_line(&c);
	f->end = take_line(&c);
	kind = take_int(&c, 2);
	f->is_class = kind == 1;
	f->is_module = kind == 2;
	f->name = take_text(&c, p, PROFILE_NAME_BYTES);
	take_metrics(&c, f->metric);
	return all_taken(&c);
}

static bool
read_line(const msgpack_object *o, struct profile *p, void *element)
{
	struct profile_line *l = element;
	struct cursor c = open_exact(o, MODEL_LINE + METRIC_COUNT);

	l->file = take_index(&c, p->file_count);
	l->function = take_index(&c, p->function_count);
	l->number = take_line(&c);
	l->loop_start = take_line(&c);
	l->loop_end = take_line(&c);
	l->region_start = take_line(&c);
	l->region_end = take_line(&c);
	l->source = take_text(&c, p, PROFILE_SOURCE_BYTES);
	take_metrics(&c, l->metric);
	return all_taken(&c);
}

static bool
read_leak(const msgpack_object *o, struct profile *p, void *element)
{
	struct profile_leak *l = element;
	struct cursor c = open_exact(o, MODEL_LEAK);

	l->file = take_index(&c, p->file_count);
	l->line = take_line(&c);
	l->likelihood = take_figure(&c);
	l->velocity_mb_s = take_figure(&c);
	return all_taken(&c);
}

static bool
read_frame(const msgpack_object *o, struct profile *p, void *element)
{
	struct profile_frame *f = element;
	struct cursor c = open_exact(o, MODEL_FRAME);

	f->file = take_text(&c, p, PROFILE_PATH_BYTES);
	f->function = take_text(&c, p, PROFILE_PATH_BYTES + PROFILE_NAME_BYTES);
	f->line = take_line(&c);
	return all_taken(&c);
}

static bool
read_stack(const msgpack_object *o, struct profile *p, void *element)
{
	struct profile_stack *s = element;
	struct cursor c = open_array(o);

	s->count = (uint64_t)take_int(&c, COUNT_MAX);
	s->first = p->stack_frame_count;
	while (!c.bad && c.at != c.end) {
		uint32_t *slot;

		if (p->stack_frame_count == PROFILE_FRAMES_MAX)
			return false;
		slot = profile_grow(&p->stack_frames, &p->stack_frame_count, sizeof(*slot));
		if (slot == NULL)
			return false;
		*slot = take_index(&c, p->frame_count);
	}
	s->depth = p->stack_frame_count - s->first;
	return all_taken(&c);
}

static bool
read_point(const msgpack_object *o, struct profile *p, void *element)
{
	struct profile_point *point = element;
	struct cursor c = open_exact(o, MODEL_POINT);

	(void)p;
	point->at_s = take_figure(&c);
	point->memory_mb = take_figure(&c);
	return all_taken(&c);
}

static bool
read_row(const msgpack_object *o, struct profile *p, void *element)
{
	struct profile_row *row = element;
	struct cursor c = open_exact(o, MODEL_ROW);

	row->file = take_index(&c, p->file_count);
	row->number = take_line(&c);
	row->source = take_text(&c, p, PROFILE_SOURCE_BYTES);
	return all_taken(&c);
}

typedef bool element_fn(const msgpack_object *o, struct profile *p, void *element);

static enum err
read_list(const msgpack_object *o, struct profile *p, void *array, uint32_t *count, size_t size,
    uint32_t max,
    element_fn *read)
{
	struct cursor c = open_array(o);

	if (c.bad || o->via.array.size > max)
		return ERR_CORRUPT;
	while (c.at != c.end) {
		void *element = profile_grow(array, count, size);

		if (element == NULL)
			return ERR_NO_MEMORY;
		if (!read(c.at++, p, element))
			return ERR_CORRUPT;
	}
	return OK;
}

#define LIST(index, name, max, read) { index, offsetof(struct profile, name##s), \
	offsetof(struct profile, name##_count), sizeof(struct profile_##name), max, read }

/* In this order: later lists hold indices into earlier ones. */
static const struct list {
	unsigned index;
	size_t array, count, size;
	uint32_t max;
	element_fn *read;
} lists[] = {
	LIST(3, file, PROFILE_FILES_MAX, read_file),
	LIST(4, function, PROFILE_MODEL_FUNCTIONS, read_function),
	LIST(5, line, PROFILE_MODEL_LINES, read_line),
	LIST(6, leak, PROFILE_LEAKS_MAX, read_leak),
	LIST(7, frame, PROFILE_FRAMES_MAX, read_frame),
	LIST(8, stack, PROFILE_FRAMES_MAX, read_stack),
	{ 9, offsetof(struct profile, timeline), offsetof(struct profile, timeline_count),
	  sizeof(struct profile_point), PROFILE_TIMELINE_MAX, read_point },
	LIST(10, row, PROFILE_ROWS_MAX, read_row),
};

static enum err
read_lists(const msgpack_object *top, struct profile *p)
{
	enum err e = OK;

	for (size_t i = 0; e == OK && i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct list *l = &lists[i];

		e = read_list(&top[l->index], p, (char *)p + l->array,
		    (uint32_t *)(void *)((char *)p + l->count),
		    l->size, l->max, l->read);
	}
	return e;
}

static enum err
read_root(const msgpack_object *root, struct profile *p)
{
	struct cursor c = open_exact(root, MODEL_TOP);
	enum err e;

	if (!text_is(value_as_text(take(&c)), MODEL_MAGIC)
	    || take_int(&c, MODEL_VERSION) != MODEL_VERSION || c.bad)
		return ERR_CORRUPT;
	e = read_head(root->via.array.ptr + 2, p);
	if (e == OK)
		e = read_lists(root->via.array.ptr, p);
	if (p->arena.failed)
		return ERR_NO_MEMORY;
	return e;
}

enum err
model_read(struct value model, struct profile *ret_profile)
{
	struct value_tree tree = { .filled = false };
	enum err e;

	profile_init(ret_profile);
	e = value_parse(model, &tree);
	e = e == OK ? read_root(value_root(&tree), ret_profile) : ERR_CORRUPT;
	value_tree_fini(&tree);
	if (e == OK)
		profile_name_files(ret_profile);
	else
		profile_fini(ret_profile);
	return e;
}
