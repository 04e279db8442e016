/* ends.h - the two ends of a pipe and what is in it: columns of FIFOs and pipes */
#ifndef ENDS_H
#define ENDS_H

#include <ipcutil/pipe.h>
#include <ipcutil/stale.h>

#include "cli.h"

/* What the columns are of. */
struct ends {
	struct holding readers, writers;
	struct ipc_pipe_level level;
	struct ipc_holder *holders; /* private */
};

/* Rows of a record of type whose member is a struct ends. */
#define END_COLUMNS(type, member) \
	COLUMN(HOLDERS, "READERS", type, member.readers, \
		"processes that read, as HOLDERS; opening: they wait in open(2)"), \
		COLUMN(HOLDERS, "WRITERS", type, member.writers, \
			"processes that write, the same"), \
		COLUMN(SIZE, "QUEUED", type, member.level.queued, \
			"bytes that are in it, if that can be seen"), \
		COLUMN(SIZE, "CAPACITY", type, member.level.capacity, \
			"bytes that it takes, while somebody has it open")

/* True when one of them is shown. */
bool ends_are_wanted(const struct records *records);

/*
 * Fills the columns from the evidence of holders, as far as they are shown; it may be
 * NULL where none is.  The caller ends it with ends_free(), also after a failure.  0, or
 * -1 with call->err filled.
 */
int ends_fill(
	struct call *call, struct ends *ends, const struct ipc_evidence *evidence);
void ends_free(struct ends *ends);

#endif
