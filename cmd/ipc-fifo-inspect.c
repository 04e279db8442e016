/* ipc-fifo-inspect.c - ipc-fifo inspect and ls: what is known, and who has which end */
#include "fifo-columns.h"
#include "ipc-fifo.h"

static int
show(struct call *call, const struct ipc_fifo_info *info,
	const struct ipc_evidence *evidence)
{
	struct fifo_row row;
	int result = fifo_row_fill(call, &row, info, evidence);

	if (result == 0)
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
