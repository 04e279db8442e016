/*
 * stream.h - taking from a pipe exactly what is wanted, and taking turns at its ends
 *
 * A pipe or FIFO, see pipe(7), has bytes and no records: whoever wants one record must
 * find its end before it takes the bytes, and must not be disturbed by others meanwhile.
 */
#ifndef IPCUTIL_STREAM_H
#define IPCUTIL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/error.h>
#include <ipcutil/pipe.h>
#include <ipcutil/wait.h>

__BEGIN_DECLS

/* The end of a pipe that is read from.  The caller ends it with ipc_stream_close(). */
struct ipc_stream {
	int fd;           /* the caller's, who sets it: blocking or not */
	const char *name; /* in sentences: "'/run/jobs'" */
	/* The rest is private. */
	int relay[2];
	int arrivals;
};

/* What initializes one that may be closed without having been opened. */
#define IPC_STREAM_CLOSED \
	{ \
		.fd = -1, .relay = { -1, -1 }, .arrivals = -1 \
	}

/*
 * Makes all that looking into a pipe needs, before the pipe is opened, which others would
 * notice.  stream->fd is for the caller to set then, and once more when it changes; the
 * one before must be closed.  0, or -1 with *err.
 */
int ipc_stream_open(struct ipc_stream *stream, const char *name, struct ipc_error *err);
void ipc_stream_close(struct ipc_stream *stream);

/* Bytes that may be in it at most, now. */
size_t ipc_stream_capacity(const struct ipc_stream *stream);

/*
 * Copies the oldest bytes that are in it, up to room, and leaves them there.  tee(2).
 * Returns how many; 0 at its end, when nobody has it open to write and it is empty; -1
 * with errno, EAGAIN: it is empty.  *is_all is true when no more bytes can come to
 * those before some are taken: it is full, or nobody has it open to write.
 */
ssize_t ipc_stream_look(
	struct ipc_stream *stream, char *data, size_t room, bool *is_all);

/*
 * Takes up to length bytes, never sleeping: as read(2) with O_NONBLOCK.  They may be
 * others than those that were seen, when somebody else reads at the same time.
 */
ssize_t ipc_stream_take(struct ipc_stream *stream, char *data, size_t length);

/*
 * Waits until something comes to the bytes that are in it, or its last writer goes; at
 * times it returns sooner.  0, or an errno value as of ipc_wait_for().
 */
int ipc_stream_wait_for_more(struct ipc_stream *stream, const struct ipc_wait *wait);

/*
 * Opens an end of the pipe of fd once more, O_NONBLOCK and close-on-exec: a description
 * of its own, which nobody shares.  Returns it, or -1 with errno.  To read from a FIFO
 * that had its end-of-file, it waits for writers like new.
 */
int ipc_stream_reopen(int fd, enum ipc_pipe_end end);

/*
 * Takes the readers' or the writers' turn, for as long as ipc_stream_turn_give() is not
 * called and the process lives: only one can have each.  It binds those who ask for it.
 * own is of ipc_stream_reopen().  The wait is that of ipc_wait_for(), without
 * wait->watched and wait->interrupt.  0, or an errno value as of there.
 */
int ipc_stream_turn_take(int own, enum ipc_pipe_end end, const struct ipc_wait *wait);
void ipc_stream_turn_give(int own, enum ipc_pipe_end end);

__END_DECLS

#endif
