/* ipc-fifo-inspect.c - ipc-fifo inspect and ls: what is known, and who has which end */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ends.h"
#include "ipc-fifo.h"
#include "standing.h"

/* What is shown of one FIFO. */
struct row {
	struct ipc_fifo_info info;
	struct standing standing;
	struct ends ends;
};

const struct field fifo_columns[] = {
	COLUMN(ADDRESS, "ADDRESS", struct row, info.address, "the FIFO"),
	CONSTANT_COLUMN("TYPE", "fifo", "always fifo"),
	STATE_COLUMNS(struct row, standing),
	END_COLUMNS(struct row, ends),
	EXTRA_COLUMN(MODE, "MODE", struct row, info.mode, "permissions"),
	EXTRA_COLUMN(USER, "USER", struct row, info.uid, "owner"),
	EXTRA_COLUMN(GROUP, "GROUP", struct row, info.gid, "group"),
	HOLDER_COLUMNS(struct row, standing),
	EXTRA_COLUMN(TIME, "CREATED", struct row, info.created,
		"when it was made, if its file system keeps that"),
	EXTRA_COLUMN(TIME, "MODIFIED", struct row, info.modified, "last write"),
	OWNER_COLUMN(struct row, standing),
	EXTRA_COLUMN(TIME, "ACCESSED", struct row, info.accessed, "last read"),
	EXTRA_COLUMN(TIME, "CHANGED", struct row, info.changed,
		"last change of mode or owner, or as MODIFIED"),
	EXTRA_COLUMN(NUMBER, "INODE", struct row, info.inode, "inode of its file"),
	END_FIELDS,
};

static int64_t
later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

static int
show(struct call *call, const struct ipc_fifo_info *info,
	const struct ipc_evidence *evidence)
{
	struct row row = { .info = *info };
	int result;

	standing_fill(&row.standing, evidence,
		later(info->accessed, later(info->modified, info->changed)));
	if (ends_fill(call, &row.ends, evidence) < 0)
		return -1;
	result = record(&call->records, &row, &call->err);
	ends_free(&row.ends);
	return result;
}

int
fifo_inspect(struct call *call)
{
	struct ipc_fifo_info info;
	struct ipc_evidence evidence;
	struct ipc_holders holders;
	int result;

	if (ipc_fifo_stat(&call->address, &info, &call->err) < 0)
		return -1;
	evidence = ipc_fifo_evidence(&info);
	result = ends_are_wanted(&call->records)
		? standing_look(call, &evidence, 1, &holders)
		: standing_find(call, &evidence, 1, &holders);
	if (result == 0)
		result = show(call, &info, &evidence);
	ipc_holders_free(&holders);
	return result;
}
