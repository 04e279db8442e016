/* pipe-columns.c - the columns of pipes without a name */
#include <string.h>

#include "pipe-columns.h"

const struct field pipe_columns[] = {
	COLUMN(ADDRESS, "ADDRESS", struct pipe_row, address, "the pipe"),
	EXTRA_COLUMN(TEXT, "TYPE", struct pipe_row, type,
		"pipe; or fifo, when a descriptor is of one"),
	STATE_COLUMNS(struct pipe_row, standing),
	END_COLUMNS(struct pipe_row, ends),
	EXTRA_COLUMN(NUMBER, "READERS_WAITING", struct pipe_row, readers_waiting,
		"how many sleep until there are bytes; not known to ls"),
	EXTRA_COLUMN(NUMBER, "WRITERS_WAITING", struct pipe_row, writers_waiting,
		"how many sleep until there is room; not known to ls"),
	EXTRA_COLUMN(NUMBER, "INODE", struct pipe_row, inode,
		"its number, as /proc/PID/fd shows it"),
	EXTRA_COLUMN(USER, "USER", struct pipe_row, uid, "who made it"),
	HOLDER_COLUMNS(struct pipe_row, standing),
	OWNER_COLUMN(struct pipe_row, standing),
	END_FIELDS,
};

/* The process that a holder of ours was told to end with. */
static pid_t
owner_of(const struct ipc_evidence *evidence)
{
	pid_t owner = 0;

	for (size_t i = 0; i < evidence->holder_count && owner == 0; i++)
		if (strcmp(evidence->holders[i].command, "ipc-pipe") == 0)
			owner = ipc_pipe_until_exit(
				evidence->holders[i].pid, &evidence->object);
	return owner;
}

int
pipe_row_fill(
	struct call *call, struct pipe_row *row, const struct ipc_evidence *evidence)
{
	const struct ipc_object *object = &evidence->object;
	struct ipc_evidence known = *evidence;

	*row = (struct pipe_row){
		.address = object->address,
		.type = object->type == IPC_FIFO ? "fifo" : "pipe",
		.inode = object->number,
		.uid = object->uid,
		.readers_waiting = IPC_UNKNOWN,
		.writers_waiting = IPC_UNKNOWN,
	};
	if (records_want(&call->records, "OWNER_PID"))
		known.owner.pid = owner_of(evidence);
	standing_fill(&row->standing, &known, IPC_UNKNOWN_TIME);
	return ends_fill(call, &row->ends, evidence);
}
