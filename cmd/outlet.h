/* outlet.h - a stream that messages are written to, made to lose none */
#ifndef OUTLET_H
#define OUTLET_H

#include <signal.h>
#include <sys/resource.h>

#include <ipcutil/wait.h>

#include "message.h"

enum outlet_kind {
	OUTLET_FILE, /* that may be on a full disk */
	OUTLET_PIPE, /* that may be full, or left by its readers, as the next two */
	OUTLET_SOCKET,
	OUTLET_TERMINAL,
	OUTLET_OTHER,
};

struct outlet {
	int fd;
	const char *name; /* in sentences: "standard output" until the caller sets it */
	bool is_refusing; /* a message that finds no room at once is not begun when the
				 limit is 0: the caller still has it */
	const struct framing *framing;
	uint64_t number;      /* of the message last written, from 1 */
	uint64_t bytes;       /* written in all, with their frames */
	struct ipc_wait wait; /* for ever, until the caller sets its limit */
	/* The rest is outlet.c's own. */
	enum outlet_kind kind;
	int own;      /* the same stream, opened so that it never sleeps, or -1 */
	int relay[2]; /* a pipe that does in its place, or -1 */
	int signals;  /* signalfd(2) of those that end a wait, or -1 */
	bool appends;
	rlim_t file_limit;    /* bytes that a file may have */
	size_t most;          /* bytes of a message */
	size_t longest;       /* the same as it goes out */
	uint64_t unseen;      /* bytes that went out since a disk had plenty of room */
	struct timespec seen; /* when that was */
	char *buffer;
};

/* What initializes one that may be closed without having been opened. */
#define OUTLET_CLOSED \
	{ \
		.own = -1, .relay = { -1, -1 }, .signals = -1 \
	}

/*
 * Begins to write messages of at most most bytes to fd.  Fails when fd is closed
 * or takes nothing, as /dev/full.  Where signals are held, *before is the mask of
 * hold_begin(), else NULL; it must live as long as out.  The caller ends it with
 * outlet_close(), also after a failure.
 */
int outlet_open(struct outlet *out, int fd, const struct framing *framing, size_t most,
	const sigset_t *before, struct ipc_error *err);
void outlet_close(struct outlet *out);

/* Ends writing, and leaves the message in outlet_room(): descriptors get free. */
void outlet_end(struct outlet *out);

/* Where the data of the next message are to be put: room for most bytes. */
char *outlet_room(const struct outlet *out);

/*
 * Makes that room larger, if it is not, for most bytes, and in a file on a disk, too.
 * Its data are kept.
 */
int outlet_grow(struct outlet *out, size_t most, struct ipc_error *err);

/*
 * Waits until a message can go out, so that one may be taken: a pipe has room and
 * a reader, a disk has room for the longest, a terminal lets us write.  The caller
 * has called ipc_wait_start(&out->wait).
 *
 * IPC_WOULD_BLOCK, IPC_TIMED_OUT	the stream is full
 */
int outlet_ready(struct outlet *out, struct ipc_error *err);

/*
 * Writes a message whose data are in outlet_room(), framed.  Waits where the stream
 * is full, without a limit when that is 0: what was begun is ended.  err->code is
 * EINTR when one of the held signals came meanwhile, see hold.h.  Returns 0, or -1,
 * or 1 when the framing cannot carry it: it is written all the same, and *err says
 * why.
 *
 * IPC_TIMED_OUT	the stream took not a byte for the limit
 */
int outlet_write(
	struct outlet *out, const struct ipc_message *message, struct ipc_error *err);

/* The same with a message whose data are elsewhere. */
int outlet_put(
	struct outlet *out, const struct ipc_message *message, struct ipc_error *err);

/* Fails because standard output takes nothing, with the errno value code. */
int outlet_failed(int code, struct ipc_error *err);

/* Whether a few bytes can be written to fd at once. */
bool outlet_has_room(int fd);

#endif
