/* memory-columns.c - the columns of shared memory and of mapped files */
#include "memory-columns.h"

#define FIRST_COLUMNS(object, type_text) \
	COLUMN(ADDRESS, "ADDRESS", struct memory_row, info.address, object), \
		EXTRA_COLUMN(TEXT, "TYPE", struct memory_row, type, type_text), \
		STATE_COLUMNS(struct memory_row, standing), \
		COLUMN(SIZE, "SIZE", struct memory_row, info.size, "bytes"), \
		COLUMN(SIZE, "USED", struct memory_row, info.used, \
			"bytes that take room in memory, swap or on disk"), \
		EXTRA_COLUMN(SIZE, "RESIDENT", struct memory_row, info.resident, \
			"bytes that are in memory"), \
		COLUMN(MODE, "MODE", struct memory_row, info.mode, "permissions"), \
		COLUMN(USER, "USER", struct memory_row, info.uid, "owner"), \
		EXTRA_COLUMN(GROUP, "GROUP", struct memory_row, info.gid, "group"), \
		HOLDER_COLUMNS(struct memory_row, standing)

#define TIME_COLUMNS(created_text) \
	EXTRA_COLUMN(TIME, "CREATED", struct memory_row, info.created, created_text), \
		COLUMN(TIME, "MODIFIED", struct memory_row, info.modified, \
			"last write or change of size, but not through a mapping"), \
		OWNER_COLUMN(struct memory_row, standing), \
		EXTRA_COLUMN(TIME, "ACCESSED", struct memory_row, info.accessed, \
			"last read, or attach or detach"), \
		EXTRA_COLUMN(TIME, "CHANGED", struct memory_row, info.changed, \
			"last change of mode or owner, or as MODIFIED"), \
		EXTRA_COLUMN(NUMBER, "INODE", struct memory_row, info.inode, \
			"inode of its file")

const struct field shm_columns[] = {
	FIRST_COLUMNS(
		"the object", "always shm: of POSIX or System V, as ADDRESS tells"),
	EXTRA_COLUMN(NUMBER, "ATTACHED", struct memory_row, info.attached,
		"how often it is attached, or how many processes map it"),
	EXTRA_COLUMN(NUMBER, "LOCKED", struct memory_row, info.locked,
		"System V: 1 when it is never swapped out"),
	TIME_COLUMNS("when it was made; not known of System V segments"),
	EXTRA_COLUMN(KEY, "KEY", struct memory_row, info.key,
		"System V: its key; 0x00000000 for a private or removed one"),
	EXTRA_COLUMN(NUMBER, "ID", struct memory_row, info.id, "System V: its id"),
	EXTRA_COLUMN(NUMBER, "REMOVED", struct memory_row, info.removed,
		"System V: 1 when it goes with the last that detaches it"),
	EXTRA_COLUMN(NUMBER, "CREATOR", struct memory_row, info.creator,
		"System V: process that made it"),
	EXTRA_COLUMN(NUMBER, "LAST_PID", struct memory_row, info.last,
		"System V: process that attached or detached it last; 0: none yet"),
	EXTRA_COLUMN(TIME, "ATTACH_TIME", struct memory_row, info.attach_time,
		"System V: last attach"),
	EXTRA_COLUMN(TIME, "DETACH_TIME", struct memory_row, info.detach_time,
		"System V: last detach"),
	END_FIELDS,
};

const struct field mmap_columns[] = {
	FIRST_COLUMNS("the file", "always mmap"),
	EXTRA_COLUMN(NUMBER, "ATTACHED", struct memory_row, info.attached,
		"how many processes map it"),
	EXTRA_COLUMN(
		NUMBER, "LOCKED", struct memory_row, info.locked, "not known of files"),
	TIME_COLUMNS("when it was made, if its file system keeps that"),
	END_FIELDS,
};

/* The kernel counts mappings for System V alone. */
static uint64_t
count_mapped(const struct ipc_evidence *evidence)
{
	uint64_t count = 0;

	if (evidence->blind != 0)
		return IPC_UNKNOWN;
	for (size_t i = 0; i < evidence->holder_count; i++)
		count += (evidence->holders[i].access & IPC_ACCESS_MAPPED) != 0;
	return count;
}

void
memory_row_fill(struct memory_row *row, const struct ipc_memory_info *info,
	const struct ipc_evidence *evidence)
{
	*row = (struct memory_row){
		.info = *info,
		.type = info->address.kind == IPC_PATH ? "mmap" : "shm",
	};
	standing_fill(&row->standing, evidence, ipc_memory_used(info));
	if (evidence != NULL && info->attached == IPC_UNKNOWN)
		row->info.attached = count_mapped(evidence);
}
