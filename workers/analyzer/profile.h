/*
 * One profile as this program understands it, whichever Scalene wrote it: what the reader
 * (scalene.h) makes of the JSON, what the model (model.h) keeps, and what every view works on.
 *
 * Units: shares are percent of all CPU samples of the run, memory is MiB, times are seconds.
 */
#ifndef WORKERS_ANALYZER_PROFILE_H
#define WORKERS_ANALYZER_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/error.h"
#include "workers/analyzer/arena.h"

/* Bounds; what goes beyond is left out, and a note says so. */
#define PROFILE_FILES_MAX 4096
#define PROFILE_LINES_MAX 100000u       /* with any figure, while reading */
#define PROFILE_MODEL_LINES 20000u      /* of them in a model: most CPU first, then memory */
#define PROFILE_MODEL_FUNCTIONS 4000u
#define PROFILE_LEAKS_MAX 1000
#define PROFILE_ROWS_MAX 20000u        /* source lines without a figure */
#define PROFILE_FRAMES_MAX 20000u       /* frames of all stacks together */
#define PROFILE_TIMELINE_MAX 1000
#define PROFILE_LINE_NUMBER_MAX 10000000u
#define PROFILE_PATH_BYTES 1024
#define PROFILE_NAME_BYTES 256
#define PROFILE_SOURCE_BYTES 400

/*
 * METRIC(NAME, key, max, COMBINE): the figures of a line. `key` is Scalene's; COMBINE is how a
 * function's figure comes from its lines (SUM, MAX, or NONE: it has none).
 *
 * `wait` is Scalene's "sys": share x (1 - user time / wall time), that is sleeping, blocked, in the
 * kernel, or waiting for a core. PEAK is the highest net allocation during one
 * visit of the line, so a function shows the largest of its lines, not their sum.
 */
#define METRICS(METRIC) \
	METRIC(PYTHON, "n_cpu_percent_python", 100, SUM) \
	METRIC(NATIVE, "n_cpu_percent_c", 100, SUM) \
	METRIC(WAIT, "n_sys_percent", 100, SUM) \
	METRIC(UTILIZATION, "n_core_utilization", 1, NONE) \
	METRIC(GPU, "n_gpu_percent", 10000, SUM) \
	METRIC(GPU_AVERAGE, "n_gpu_avg_memory_mb", 1e9, MAX) \
	METRIC(GPU_PEAK, "n_gpu_peak_memory_mb", 1e9, MAX) \
	METRIC(ALLOCATED, "n_malloc_mb", 1e9, SUM) \
	METRIC(PEAK, "n_peak_mb", 1e9, MAX) \
	METRIC(AVERAGE, "n_avg_mb", 1e9, NONE) \
	METRIC(MALLOCS, "n_mallocs", 1e12, SUM) \
	METRIC(USAGE, "n_usage_fraction", 1, SUM) \
	METRIC(PYTHON_FRACTION, "n_python_fraction", 1, NONE) \
	METRIC(COPY, "n_copy_mb_s", 1e9, SUM) \
	METRIC(AWAIT, "n_async_await_percent", 100, SUM) \
	METRIC(CONCURRENCY, "n_async_concurrency_mean", 1e9, NONE) \
	METRIC(CONCURRENCY_PEAK, "n_async_concurrency_peak", 1e9, MAX)

enum metric {
#define METRIC(NAME, key, max, combine) METRIC_##NAME,
	METRICS(METRIC)
#undef METRIC
	METRIC_COUNT
};

enum metric_combine { COMBINE_NONE, COMBINE_SUM, COMBINE_MAX };

struct metric_info {
	const char *key;
	double max;
	enum metric_combine combine;
};

extern const struct metric_info metric_infos[METRIC_COUNT];

/* What was not as it should be; each has a sentence in warnings.c. Stored in models: never
 * renumber. */
enum profile_note {
	NOTE_NUMBERS = 1 << 0,          /* a figure was out of range and was clamped or ignored */
	NOTE_FILES_CUT = 1 << 1,
	NOTE_LINES_CUT = 1 << 2,
	NOTE_FUNCTIONS_CUT = 1 << 3,
	NOTE_STACKS_CUT = 1 << 4,
	NOTE_LEAKS_CUT = 1 << 5,
	NOTE_SAMPLES_CUT = 1 << 6,      /* the sample count is a lower bound */
	NOTE_FUNCTIONS_INFERRED = 1 << 7,   /* extents come from the source text, see scopes.h */
	NOTE_ROWS_CUT = 1 << 8,
	NOTE_ALL = (1 << 9) - 1
};

struct profile_file {
	struct text path;               /* as Scalene names it, usually absolute */
	struct text name;               /* relative to the program's directory where below it */
	double cpu_percent;             /* sum over its lines */
	uint32_t lines;                 /* with any figure */
	uint32_t last_line;
};

struct profile_line {
	uint32_t file, function;        /* indices; outside all functions it is "<module>" */
	uint32_t number;
	uint32_t loop_start, loop_end;      /* outermost loop as Scalene gives it, 0: none given */
	uint32_t region_start, region_end;  /* narrowest loop or function, 0: none given */
	struct text source;             /* escapes undone, without the line's end */
	double metric[METRIC_COUNT];
};

struct profile_function {
	uint32_t file;
	uint32_t start, end;            /* both included; "<module>": the whole file */
	bool is_class;                  /* lines of a class outside its methods */
	bool is_module;
	struct text name;               /* qualified: "Item.price", "outer.<locals>.inner" */
	double metric[METRIC_COUNT];    /* of its own lines, without functions inside it */
};

/* A source line without any figure, kept because it stands near one that has (context.h). */
struct profile_row {
	uint32_t file, number;
	struct text source;
};

struct profile_leak {
	uint32_t file, line;
	double likelihood, velocity_mb_s;
};

struct profile_frame {
	struct text file, function;
	uint32_t line;
};

/* Python frames, outermost first: indices into frames, in stack_frames[first .. first + depth). */
struct profile_stack {
	uint64_t count;
	uint32_t first, depth;
};

struct profile_point {
	double at_s, memory_mb;         /* since the start; footprint of the process */
};

struct profile {
	struct text program;
	struct text directory;          /* Scalene's `filename`, else `entrypoint_dir` */
	double elapsed_s;               /* exactly Scalene's elapsed_time_sec */
	double peak_mb;                 /* exactly max_footprint_mb; 0 without has_memory */
	double peak_python_fraction, growth_percent, native_mb;
	double start_time;              /* seconds since the epoch */
	int64_t alloc_samples;
	bool has_memory, has_gpu, has_async;
	bool has_samples;               /* whether `samples` is known */
	uint64_t samples;
	double python_percent, native_percent, wait_percent;    /* sums over all lines */
	double allocated_mb;            /* the same */
	double copy_peak_mb_s;          /* the largest of any line */
	uint32_t notes;                 /* of enum profile_note */

	struct profile_file *files;
	struct profile_line *lines;     /* those with any figure, in file and line order */
	struct profile_function *functions;
	struct profile_row *rows;       /* in file and line order, without blank ones */
	struct profile_leak *leaks;
	struct profile_frame *frames;
	struct profile_stack *stacks;   /* most samples first */
	uint32_t *stack_frames;
	struct profile_point *timeline;
	uint32_t file_count, line_count, function_count, row_count, leak_count;
	uint32_t frame_count, stack_count, stack_frame_count, timeline_count;

	struct arena arena;
};

void profile_init(struct profile *p);
void profile_fini(struct profile *p);

/*
 * Makes room for one more element of a growing array and returns it zeroed, or NULL when out of
 * memory. `array` is the address of the pointer: profile_grow(&p->lines, &p->line_count,
 * sizeof(*p->lines)).
 */
void *profile_grow(void *array, uint32_t *count, size_t size);

/* python + native + wait. */
double metric_cpu(const double metric[METRIC_COUNT]);

/* Whether any figure is not 0. */
bool metric_any(const double metric[METRIC_COUNT]);

/* Adds a line's figures to those of its function, as METRICS says. */
void metric_combine(double total[METRIC_COUNT], const double line[METRIC_COUNT]);

/*
 * CPU seconds behind a share: share x elapsed x U, U = (python + native percent of all lines) /
 * 100. The wait part is left out by U for the whole run and not per line, because on a busy machine
 * it is mostly time without a core, spread over all lines alike. Over a whole run
 * that is elapsed x U.
 */
double profile_cpu_s(const struct profile *p, double share_percent);
double profile_total_cpu_s(const struct profile *p);

/* Sets names of all files from path and directory. */
void profile_name_files(struct profile *p);

#endif
