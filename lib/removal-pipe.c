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

static int
act(const struct ipc_removal *removal,
	int (*function)(const struct ipc_object *object, struct ipc_error *err),
	struct ipc_error *err)
{
	struct ipc_error failure;

	return function(&removal->item->evidence.object, &failure) == 0
		? 0
		: ipc_removal_reword(removal->item->address, &failure, err);
}

/* It goes with the process that holds it, which must be proven to be made for that. */
static int
pipe_commit(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	(void)allowed;
	return act(removal, ipc_pipe_end, err);
}

static int
pipe_check(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	(void)allowed;
	return act(removal, ipc_pipe_may_end, err);
}

const struct ipc_removal_ops ipc_removal_pipe = {
	.weigh = pipe_weigh,
	.check = pipe_check,
	.commit = pipe_commit,
};
