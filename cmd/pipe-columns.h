/* pipe-columns.h - the columns of pipes without a name */
#ifndef PIPE_COLUMNS_H
#define PIPE_COLUMNS_H

#include <ipcutil/pipe.h>

#include "ends.h"
#include "standing.h"

/* What is shown of one pipe. */
struct pipe_row {
	struct ipc_address address;
	uint64_t inode;
	uid_t uid;
	struct standing standing;
	struct ends ends;
};

extern const struct field pipe_columns[];

/*
 * Fills a row, whose ends the caller gives to ends_free().  0, or -1 with call->err filled.
 */
int pipe_row_fill(
	struct call *call, struct pipe_row *row, const struct ipc_evidence *evidence);

#endif
