/* pipe-columns.c - the columns of pipes without a name */
#include "pipe-columns.h"

const struct field pipe_columns[] = {
	COLUMN(ADDRESS, "ADDRESS", struct pipe_row, address, "the pipe"),
	CONSTANT_COLUMN("TYPE", "pipe", "always pipe"),
	STATE_COLUMNS(struct pipe_row, standing),
	END_COLUMNS(struct pipe_row, ends),
	EXTRA_COLUMN(SIZE, "SIZE", struct pipe_row, ends.level.capacity,
		"bytes that it takes: as CAPACITY"),
	EXTRA_COLUMN(SIZE, "USED", struct pipe_row, ends.level.queued,
		"those that are in it: as QUEUED"),
	EXTRA_COLUMN(USER, "USER", struct pipe_row, uid, "who made it"),
	HOLDER_COLUMNS(struct pipe_row, standing),
	OWNER_COLUMN(struct pipe_row, standing),
	EXTRA_COLUMN(NUMBER, "INODE", struct pipe_row, inode, "its inode"),
	END_FIELDS,
};

int
pipe_row_fill(
	struct call *call, struct pipe_row *row, const struct ipc_evidence *evidence)
{
	*row = (struct pipe_row){
		.address = evidence->object.address,
		.inode = evidence->object.number,
		.uid = evidence->object.uid,
	};
	standing_fill(&row->standing, evidence, IPC_UNKNOWN_TIME);
	return ends_fill(call, &row->ends, evidence);
}
