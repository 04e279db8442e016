/* wait.h - how long a call may stand still, what ends its waiting, and who is told */
#ifndef IPCUTIL_WAIT_H
#define IPCUTIL_WAIT_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <time.h>

__BEGIN_DECLS

/* For ever. */
#define IPC_FOREVER INT64_MAX

/*
 * Who is told how far a long transfer is: every interval, also while nothing moves, and
 * not more often; 0 is whenever bytes have moved.  One serves all calls that a transfer
 * takes, in the wait of each; a call that counts its bytes so says it in its header.
 */
struct ipc_progress {
	int64_t interval; /* nanoseconds */
	void (*tell)(struct ipc_progress *progress);
	uint64_t moved;       /* bytes so far */
	struct timespec told; /* set by ipc_progress_start() */
};

/* The first interval begins. */
void ipc_progress_start(struct ipc_progress *progress);

/* Counts bytes more, or none, and tells of all if it is time; NULL: nothing. */
void ipc_progress_add(struct ipc_progress *progress, uint64_t bytes);

/*
 * How the calls of this library wait.  The limit is one on standing still: a
 * caller that got something done starts it anew.  Time is CLOCK_MONOTONIC, so
 * that setting the clock neither ends a wait nor prolongs it.
 */
struct ipc_wait {
	int64_t limit;                 /* nanoseconds; 0 not at all; IPC_FOREVER */
	const sigset_t *signals;       /* blocked while it waits, as ppoll(2) has
					   it; NULL: leave the mask alone */
	int watched;                   /* a descriptor whose peer's end ends the
					   wait: see ipc_wait_for(); or -1 */
	int interrupt;                 /* one that ends it when it can be read, as of
					   signalfd(2), so that signals need not be let
					   in but by calls that sleep otherwise; or -1 */
	struct ipc_progress *progress; /* who is told meanwhile; or NULL */
	struct timespec start;         /* set by ipc_wait_start() */
};

/* What initializes one of ns nanoseconds. */
#define IPC_WAIT(ns) \
	{ \
		.limit = (ns), .watched = -1, .interrupt = -1 \
	}

/* Begins, or begins anew, to count. */
void ipc_wait_start(struct ipc_wait *wait);

/* What is left of the limit, at least 0, in *span; NULL for ever. */
const struct timespec *ipc_wait_left(
	const struct ipc_wait *wait, struct timespec *span);

/*
 * Waits until poll(2) reports one of events for fd, or an error or hang-up of
 * it.  Returns 0, or without filling any error an errno value:
 *
 * EAGAIN	not ready, and the limit is 0
 * ETIMEDOUT	not ready within the limit
 * EINTR	a signal was handled, or wait->interrupt can be read
 * EPIPE	nobody reads any more what is written to wait->watched
 */
int ipc_wait_for(int fd, short events, const struct ipc_wait *wait);

/* So many more places there must be behind those of ipc_wait_for_any(). */
enum { IPC_WAIT_MORE = 2 };

struct pollfd; /* of <poll.h> */

/* The same for any of count descriptors: see their revents when it returns 0. */
int ipc_wait_for_any(struct pollfd *polled, size_t count, const struct ipc_wait *wait);

__END_DECLS

#endif
