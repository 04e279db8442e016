/* pump.h - several copies at once: the two directions of a conversation */
#ifndef IPCUTIL_PUMP_H
#define IPCUTIL_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/cdefs.h>

#include <ipcutil/copy.h>
#include <ipcutil/error.h>
#include <ipcutil/wait.h>

__BEGIN_DECLS

enum { IPC_PUMP_MAX = 4 }; /* copies */

/* What is moved at once.  All stays the caller's. */
struct ipc_pump {
	const char *action;      /* in sentences: "connect '/run/request'" */
	struct ipc_copy *copies; /* each to the end of its source; by IPC_COPY() */
	size_t count;
	const struct ipc_wait *wait; /* of all: it counts while none moves */
	/*
	 * Told of each copy that has ended: its source has, or its destination has no
	 * reader any more, or it failed.  It may close the descriptors.  False: the
	 * others are to end, too.  Or NULL.
	 */
	bool (*ended)(void *context, size_t number);
	void *context;
};

/*
 * Moves bytes in all copies, so that none holds up another, until each has ended: they
 * go on when one of them fails, unless ended() says no, and the first failure is told at
 * the end.  What comes first from a FIFO is waited for: that there is no writer yet is no
 * end.  A destination whose readers have gone ends its copy, and that is no failure where
 * nothing is left for it: only copy->failed is the destination then.  0; or -1, when
 * copies may have bytes in hand, see copy.h: IPC_TIMED_OUT or IPC_WOULD_BLOCK where none
 * moved for the limit, EINTR as of ipc_wait_for().
 */
int ipc_pump(const struct ipc_pump *pump, struct ipc_error *err);

__END_DECLS

#endif
