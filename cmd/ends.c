/* ends.c - the two ends of a pipe and what is in it: columns of FIFOs and pipes */
#include <errno.h>
#include <stdlib.h>

#include "ends.h"

/* Adds those of the holders that have one of the accesses, or wait for it. */
static struct holding
select_holders(struct ipc_holder *room, const struct ipc_evidence *evidence,
	unsigned int access)
{
	struct holding holding = { .holder = room };

	for (size_t i = 0; i < evidence->holder_count; i++)
		if ((evidence->holders[i].access & access) != 0)
			room[holding.count++] = evidence->holders[i];
	return holding;
}

bool
ends_are_wanted(const struct records *records)
{
	return records_want(records, "READERS") || records_want(records, "WRITERS") ||
		records_want(records, "QUEUED") || records_want(records, "CAPACITY");
}

int
ends_fill(struct call *call, struct ends *ends, const struct ipc_evidence *evidence)
{
	const size_t count = evidence != NULL ? evidence->holder_count : 0;

	*ends = (struct ends){ .level = { IPC_UNKNOWN, IPC_UNKNOWN } };
	if (evidence == NULL)
		return 0;
	ends->holders = calloc(2 * count + 1, sizeof(*ends->holders));
	if (ends->holders == NULL)
		return ipc_fail(&call->err, errno, "look for holders");
	ends->readers = select_holders(ends->holders, evidence, IPC_ACCESS_READ);
	ends->writers =
		select_holders(ends->holders + count, evidence, IPC_ACCESS_WRITE);
	if (count == 0 && evidence->blind == 0)
		ends->level.queued = 0; /* they would be gone */
	else if (records_want(&call->records, "QUEUED") ||
		records_want(&call->records, "CAPACITY"))
		ipc_pipe_measure(
			&evidence->object, evidence->holders, count, &ends->level);
	return 0;
}

void
ends_free(struct ends *ends)
{
	free(ends->holders);
}
