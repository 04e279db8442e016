/* inlet.h - a stream that messages are read from */
#ifndef INLET_H
#define INLET_H

#include <ipcutil/stream.h>
#include <ipcutil/wait.h>

#include "message.h"

struct inlet {
	int fd;
	const char *name; /* in sentences: "standard input" until the caller sets it */
	/*
	 * Of fd, for the caller to set, or NULL: no byte is taken then that is not of
	 * the next message, and none before all of it has come, unless the pipe has no
	 * room for all.
	 */
	struct ipc_stream *stream;
	/*
	 * Of ipc_stream_reopen() of fd, for the caller to set, or -1: what others take
	 * that have fd, too, is not slept for but as wait says.  inlet_close() closes it.
	 */
	int own;
	const struct framing *framing;
	size_t most;            /* bytes of the longest message that can be used */
	const char *limited_by; /* what sets that, " (sysctl x)"; "" until the caller
				   sets it */
	unsigned int priority;  /* of messages that tell none */
	long type;              /* the same; 0 until the caller sets it */
	struct ipc_wait wait;   /* for input: for ever, until the caller sets its limit;
				     with stream it has been started */
	uint64_t number;        /* of the message last read, from 1 */
	bool ended;             /* the input has; whoever clears it reads on */
	/* The rest is private. */
	char *buffer, *json;
	size_t line; /* bytes of the longest that is read for a message */
	size_t room, last, start, end, seen;
};

/*
 * Begins to read messages from fd, without reading yet; see framing_fits() for the framing.
 * The caller ends it with inlet_close(), also after a failure.
 */
int inlet_open(struct inlet *in, int fd, const struct framing *framing, size_t most,
	unsigned int priority, struct ipc_error *err);
void inlet_close(struct inlet *in);

/* What is in hand of a message that has not come whole: it lives until the next call. */
struct ipc_message inlet_rest(const struct inlet *in);

/* Puts the message back that was read last, with its frame, to be in hand again. */
void inlet_return(struct inlet *in);

/*
 * Gives what is in hand back to fd, where that is a file: whoever shares it goes on there.
 * True when nothing is in hand then.
 */
bool inlet_give_back(struct inlet *in);

/*
 * Reads the next message; its data live until the next call.  Returns 1, or 0 at
 * the end, or -1.  A message that has come whole never waits for others.
 *
 * IPC_LIMIT	it is longer than in->most and was passed over: the next call
 *		goes on behind it
 * EBADMSG	the input ends within it, see inlet_rest(); or it is not what was
 *		promised
 * EINTR, EPIPE	as of ipc_wait_for(), where in->wait has what can end it so
 */
int inlet_read(struct inlet *in, struct ipc_message *message, struct ipc_error *err);

#endif
