/* Tables made from an array of objects: which member goes into which column, and in which unit. */
#ifndef WORKERS_CLIENT_CELLS_H
#define WORKERS_CLIENT_CELLS_H

#include "workers/client/table.h"
#include "workers/runtime/json.h"

#define CELL_SIZE 48

enum cell_unit {
	CELL_TEXT,
	CELL_PLACE,          /* file:line or file:start_line-end_line of the object */
	CELL_COUNT,
	CELL_PERCENT,
	CELL_SHARE,          /* 0 to 1, shown in percent */
	CELL_SECONDS,
	CELL_MIB,
	CELL_MIB_PER_S
};

struct cell_column {
	struct table_column column;
	const char *key;
	enum cell_unit unit;
};

/* A number with its unit: "3.46 s", "45.2 MiB". Not for CELL_TEXT and CELL_PLACE. */
void cell_format(char ret_text[CELL_SIZE], enum cell_unit unit, double number);

/* One row for each object of the array; members that are missing or of another type leave their
 * cell empty. */
void cells_print(const struct screen *screen, const cJSON *array, const struct cell_column *columns,
    unsigned count);

#endif
