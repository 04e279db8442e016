/* ipc-mq-read.h - ipc-mq read: private to its files */
#ifndef IPC_MQ_READ_H
#define IPC_MQ_READ_H

#include <signal.h>

#include <ipcutil/mq.h>

#include "child.h"
#include "cli.h"
#include "outlet.h"
#include "progress.h"

/* One run: from where to where, and how far it is. */
struct reading {
	const struct read_args *args;
	struct ipc_mq mq;
	struct ipc_mq_join join; /* with --join */
	struct outlet out;
	struct child child; /* COMMAND, in place of out */
	char *room;         /* for its message */
	struct ipc_wait wait;
	struct progress progress;
	sigset_t before; /* the signal mask that lets signals act */
	bool is_stopped; /* by a signal that waits, in the middle of a message */
	uint64_t taken;
	uint64_t bytes;
};

/* Tells of call->err, and goes on; standard error may be full. */
void reading_failed(struct call *call, const struct reading *reading);

/* Tells of messages that came to nothing, when none is in hand. */
void reading_tell(struct call *call, struct reading *reading);

/*
 * Finds another place for a message that cannot go out; call->err says why not, and
 * where it is then.  Returns 0 when it was put back, else -1.
 */
int reading_rescue(
	struct call *call, struct reading *reading, const struct ipc_message *message);

/*
 * Puts back, whole, what a more urgent message came in the middle of.  What comes
 * while its rest is waited for goes back behind it, or it would come again at once.
 */
void reading_finish(struct call *call, struct reading *reading);

#endif
