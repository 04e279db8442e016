/* fifo-columns.c - the columns of FIFOs */
#include "fifo-columns.h"

const struct field fifo_columns[] = {
	COLUMN(ADDRESS, "ADDRESS", struct fifo_row, info.address, "the FIFO"),
	CONSTANT_COLUMN("TYPE", "fifo", "always fifo"),
	STATE_COLUMNS(struct fifo_row, standing),
	END_COLUMNS(struct fifo_row, ends),
	EXTRA_COLUMN(MODE, "MODE", struct fifo_row, info.mode, "permissions"),
	EXTRA_COLUMN(USER, "USER", struct fifo_row, info.uid, "owner"),
	EXTRA_COLUMN(GROUP, "GROUP", struct fifo_row, info.gid, "group"),
	HOLDER_COLUMNS(struct fifo_row, standing),
	EXTRA_COLUMN(TIME, "CREATED", struct fifo_row, info.created,
		"when it was made, if its file system keeps that"),
	EXTRA_COLUMN(TIME, "MODIFIED", struct fifo_row, info.modified, "last write"),
	OWNER_COLUMN(struct fifo_row, standing),
	EXTRA_COLUMN(TIME, "ACCESSED", struct fifo_row, info.accessed, "last read"),
	EXTRA_COLUMN(TIME, "CHANGED", struct fifo_row, info.changed,
		"last change of mode or owner, or as MODIFIED"),
	EXTRA_COLUMN(NUMBER, "INODE", struct fifo_row, info.inode, "inode of its file"),
	END_FIELDS,
};

int
fifo_row_fill(struct call *call, struct fifo_row *row, const struct ipc_fifo_info *info,
	const struct ipc_evidence *evidence)
{
	*row = (struct fifo_row){ .info = *info };
	standing_fill(&row->standing, evidence, ipc_fifo_used(info));
	return ends_fill(call, &row->ends, evidence);
}
