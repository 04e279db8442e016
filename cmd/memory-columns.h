/* memory-columns.h - the columns of shared memory and of mapped files */
#ifndef MEMORY_COLUMNS_H
#define MEMORY_COLUMNS_H

#include <ipcutil/memory.h>

#include "standing.h"

/* What is shown of one object. */
struct memory_row {
	struct ipc_memory_info info;
	struct standing standing;
	const char *type;
};

extern const struct field shm_columns[];
extern const struct field mmap_columns[];

/* Fills a row; evidence may be NULL. */
void memory_row_fill(struct memory_row *row, const struct ipc_memory_info *info,
	const struct ipc_evidence *evidence);

#endif
