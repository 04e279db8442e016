/* fifo-columns.h - the columns of FIFOs */
#ifndef FIFO_COLUMNS_H
#define FIFO_COLUMNS_H

#include <ipcutil/fifo.h>

#include "ends.h"
#include "standing.h"

/* What is shown of one FIFO. */
struct fifo_row {
	struct ipc_fifo_info info;
	struct standing standing;
	struct ends ends;
};

extern const struct field fifo_columns[];

/*
 * Fills a row, whose ends the caller gives to ends_free().  0, or -1 with call->err filled.
 */
int fifo_row_fill(struct call *call, struct fifo_row *row,
	const struct ipc_fifo_info *info, const struct ipc_evidence *evidence);

#endif
