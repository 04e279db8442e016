/* removal-pipe.c - removing pipes that a process of ours only holds */
#include <ipcutil/pipe.h>

#include "removal.h"

/* Those who have it are looked for: there is no other proof. */
static int
pipe_begin(struct ipc_removal *removal, struct ipc_evidence *evidence,
	uint64_t *messages, struct ipc_error *err)
{
	(void)removal;
	(void)evidence;
	(void)messages;
	(void)err;
	return 0;
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
	.begin = pipe_begin,
	.commit = pipe_commit,
};
