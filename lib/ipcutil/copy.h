/* copy.h - bytes from one descriptor to another, in the cheapest way the two allow */
#ifndef IPCUTIL_COPY_H
#define IPCUTIL_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>

#include <ipcutil/error.h>
#include <ipcutil/wait.h>

__BEGIN_DECLS

/* As a length: up to the end of the source. */
#define IPC_COPY_TO_END UINT64_MAX

/* As an offset: from where the descriptor stands, and it moves along. */
#define IPC_COPY_HERE INT64_C(-1)

/* One copy: what is wanted, and how far it got.  IPC_COPY() initializes it. */
struct ipc_copy {
	int from, to;                    /* descriptors, blocking or not */
	const char *from_name, *to_name; /* in sentences: "'/jobs'", "standard input" */
	int64_t from_offset, to_offset;  /* of regular files, shared memory and block
					     devices: where the copy begins, and the
					     descriptor's own position stays */
	uint64_t length;                 /* bytes at most */
	const struct ipc_wait *wait;     /* the limit on standing still, and progress */
	bool by_reference;               /* see below */
	bool keep_capacity;              /* leave the pipes as large as they are */

	uint64_t moved; /* bytes that the destination has */
	int failed;     /* after -1: from or to, whichever it was; or -1 */
	char *hand;     /* bytes that only the copy has: to be given out; free(3) it */
	size_t in_hand; /* so many */
};

/* What initializes one: all of source_fd to destination_fd, as waiting says. */
#define IPC_COPY(source_fd, destination_fd, waiting) \
	{ \
		.from = (source_fd), .to = (destination_fd), \
		.from_name = "the source", .to_name = "the destination", \
		.from_offset = IPC_COPY_HERE, .to_offset = IPC_COPY_HERE, \
		.length = IPC_COPY_TO_END, .wait = (waiting), .failed = -1 \
	}

/*
 * Moves bytes from copy->from to copy->to until there are copy->length of them in
 * all, or the source ends.  The kernel moves them, by copy_file_range(2) or
 * splice(2), where it can for these two; else they go through memory.  Of much that a
 * file in memory gets from another, a second thread reads what comes next, where this one
 * may run on two processors; it handles no signal and has ended when this returns.
 *
 * Returns 0 when all that was wanted was moved; 1 when the source ended before
 * copy->length; or -1.  In each case copy->moved is exact, and a descriptor that
 * moves along stands behind those bytes.  Calling it again with the same copy goes
 * on from there, offsets included: copy->moved counts on.
 *
 * Waiting: wait->limit counts while nothing moves, and begins anew with every byte.
 * It holds for blocking descriptors, too: no call in here sleeps but ipc_wait_for(),
 * save for what a disk or a device takes, and for a terminal or a device that
 * another process reads or writes at the same time.  Before a wait, others may get the
 * processor by sched_yield(2).  A signal that was handled, or that wait->signals lets in,
 * and wait->interrupt end the copy while bytes move, too, within 16 MiB.  wait->watched
 * is wanted where the source may stay empty for long: by itself the copy notices only
 * when it writes that nobody reads.
 *
 * Loss: no byte is taken out of the source beyond copy->length, and from a pipe none
 * that the destination has not, wherever splice(2) can move it.  It cannot, or could
 * sleep, into files open for appending, sockets, terminals and some devices; and
 * what comes from sockets and devices is moved so to pipes alone.  All else goes
 * through memory, and a failure may find bytes in copy->hand, of a source that cannot
 * take them back.  A second call gives them out first; whoever gives up has lost them,
 * or saves them.  Before bytes are taken so, the destination has room for some.
 *
 * Later changes: what has been moved is what the source held then; the second thread is
 * at most 384 KiB ahead.  With by_reference, a file or shared memory gives a pipe its own
 * pages, which is faster; but whoever reads the pipe then finds what those pages hold when
 * it reads.  It is for sources that nobody changes before all is read.
 *
 * Files: one that grows meanwhile is read on; a hole in it is bytes of 0 in the other.
 *
 * Capacity: a pipe of 64 KiB, which nobody has chosen, is enlarged up to 1 MiB, as
 * far as the limits of the system let it, once as much has gone through.  It stays so:
 * to make it smaller again would fail while bytes are in it.
 *
 * Progress: wait->progress counts what is moved, and is told also while nothing moves.
 *
 * Errors worth telling apart, with copy->failed:
 *
 * EPIPE	nobody reads the destination, and there is more; SIGPIPE comes as of write(2), for a
 *		pipe, but not for a socket
 * ENOSPC, EDQUOT, EFBIG	there is no room for more; SIGXFSZ comes as of write(2)
 * EINTR	as of ipc_wait_for(): IPC_FAILED
 * EAGAIN	IPC_WOULD_BLOCK: the source is empty, or the destination full
 * ETIMEDOUT	IPC_TIMED_OUT: it stayed so
 * EINVAL	both are one pipe
 * EBADF	the descriptor is closed, or not open for this
 * ESPIPE	it has no offsets
 *
 * The two must not be overlapping parts of one file.  Sockets are of a kind that
 * keeps no boundaries of messages.
 */
int ipc_copy(struct ipc_copy *copy, struct ipc_error *err);

/*
 * How many bytes a descriptor gives up to its end, when nothing changes: of a regular
 * file, from where it stands.  IPC_UNKNOWN of all else, and of files as in proc(5), which
 * have no size and yet bytes.
 */
uint64_t ipc_bytes_left(int fd);

__END_DECLS

#endif
