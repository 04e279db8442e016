/* outlet.h - a stream that messages are written to, made to lose none */
#ifndef OUTLET_H
#define OUTLET_H

#include <signal.h>
#include <sys/resource.h>

#include "message.h"

struct outlet {
	int fd;
	const struct framing *framing;
	size_t most; /* bytes of the longest message */
	/* The rest is outlet.c's own. */
	char *buffer;
	rlim_t limit;   /* bytes that a file may have */
	size_t longest; /* bytes of a message as it goes out */
	int own;        /* another descriptor of the stream, or -1 */
	bool is_file;   /* that may be on a full disk */
	bool appends;
	bool is_socket;
	bool is_stream; /* that, a pipe or a terminal: it may be full or left */
};

/*
 * Begins to write messages of at most most bytes to fd.  Fails when fd is closed
 * or takes nothing, as /dev/full.  The caller ends it with outlet_close(), also
 * after a failure.
 */
int outlet_open(struct outlet *out, int fd, const struct framing *framing, size_t most,
	struct ipc_error *err);
void outlet_close(struct outlet *out);

/* Where the data of the next message are to be put: room for most bytes. */
char *outlet_room(const struct outlet *out);

/*
 * Waits until a message can go out, so that one may be taken: a pipe has room and
 * a reader, a disk has room for the longest.  signals as in struct ipc_wait.
 */
int outlet_ready(
	const struct outlet *out, const sigset_t *signals, struct ipc_error *err);

/*
 * Writes a message whose data are in outlet_room(), framed, whether the framing
 * can carry it or not.  Waits where the stream is full; err->code is EINTR when
 * one of the held signals came meanwhile, see hold.h.
 */
int outlet_write(
	const struct outlet *out, const struct message *message, struct ipc_error *err);

/* Whether a few bytes can be written to fd at once. */
bool outlet_has_room(int fd);

#endif
