/* sem-columns.c - the columns of semaphores */
#include "sem-columns.h"

const struct field sem_columns[] = {
	COLUMN(ADDRESS, "ADDRESS", struct sem_row, info.address,
		"the semaphore, or the set"),
	CONSTANT_COLUMN("TYPE", "sem", "kind of object: sem"),
	STATE_COLUMNS(struct sem_row, standing),
	EXTRA_COLUMN(SIZE, "SIZE", struct sem_row, info.size,
		"bytes of a POSIX semaphore's file"),
	COLUMN(NUMBER, "VALUE", struct sem_row, info.value,
		"units that can be taken, of one that is alone"),
	COLUMN(NUMBER, "MEMBERS", struct sem_row, info.members,
		"semaphores in the set; POSIX: 1"),
	COLUMN(NUMBER, "WAITERS", struct sem_row, info.waiters,
		"processes that wait for units; POSIX: and those killed at it"),
	EXTRA_COLUMN(NUMBER, "ZERO_WAITERS", struct sem_row, info.zero_waiters,
		"System V: processes that wait for 0"),
	COLUMN(MODE, "MODE", struct sem_row, info.mode, "permissions"),
	COLUMN(USER, "USER", struct sem_row, info.uid, "owner"),
	EXTRA_COLUMN(GROUP, "GROUP", struct sem_row, info.gid, "group"),
	HOLDER_COLUMNS(struct sem_row, standing),
	EXTRA_COLUMN(TIME, "CREATED", struct sem_row, info.created,
		"when it was made; not known of System V sets"),
	EXTRA_COLUMN(TIME, "MODIFIED", struct sem_row, info.operated,
		"System V: last semop(2)"),
	OWNER_COLUMN(struct sem_row, standing),
	EXTRA_COLUMN(TIME, "CHANGED", struct sem_row, info.changed,
		"when it was made, or its mode, owner or a value set"),
	EXTRA_COLUMN(NUMBER, "LAST_PID", struct sem_row, info.last,
		"System V: process that operated last; 0: none yet"),
	EXTRA_COLUMN(KEY, "KEY", struct sem_row, info.key,
		"System V: its key; 0x00000000 for a private one"),
	EXTRA_COLUMN(NUMBER, "ID", struct sem_row, info.id, "System V: its id"),
	EXTRA_COLUMN(NUMBER, "INODE", struct sem_row, info.inode,
		"inode of a POSIX semaphore's file"),
	END_FIELDS,
};

void
sem_row_fill(struct sem_row *row, const struct ipc_sem_info *info,
	const struct ipc_evidence *evidence)
{
	*row = (struct sem_row){ .info = *info };
	standing_fill(&row->standing, evidence, ipc_sem_used(info));
}
