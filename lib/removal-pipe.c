/* removal-pipe.c - removing pipes that a process of ours only holds */
#include <ipcutil/pipe.h>

#include "removal.h"

/* The bytes in it. */
static uint64_t
pipe_weigh(const struct ipc_item *item)
{
	const struct ipc_evidence *evidence = &item->evidence;
	struct ipc_pipe_level level = { .queued = 0 };

	if (evidence->holder_count > 0) /* or it is not there */
		ipc_pipe_measure(&evidence->object, evidence->holders,
			evidence->holder_count, &level);
	return level.queued;
}

/* It goes with the process that holds it, which must be proven to be made for that. */
static int
pipe_commit(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	(void)allowed;
	return ipc_pipe_end(&removal->item->evidence.object, err);
}

const struct ipc_removal_ops ipc_removal_pipe = {
	.weigh = pipe_weigh,
	.commit = pipe_commit,
};
