/* pipe-columns.h - the columns of pipes without a name */
#ifndef PIPE_COLUMNS_H
#define PIPE_COLUMNS_H

#include <ipcutil/pipe.h>

#include "ends.h"
#include "standing.h"

/* What is shown of one pipe. */
struct pipe_row {
	struct ipc_address address;
	const char *type;
	struct standing standing;
	struct ends ends;
	uint64_t inode;
	uid_t uid;
	uint64_t readers_waiting, writers_waiting; /* IPC_UNKNOWN: by ls */
};

extern const struct field pipe_columns[];

/*
 * Fills a row, but for who waits, whose ends the caller gives to ends_free().  0, or -1 with call->err filled.
 */
int pipe_row_fill(
	struct call *call, struct pipe_row *row, const struct ipc_evidence *evidence);

#endif
