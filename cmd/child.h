/* child.h - a COMMAND that gets a message on its standard input */
#ifndef CHILD_H
#define CHILD_H

#include <signal.h>

#include <ipcutil/message.h>

#include "cli.h"

/* A command to be run for one message after the other.  The caller owns it. */
struct child {
	char *const *command; /* NULL at its end */
	const sigset_t *mask; /* the signal mask it gets */
	/* The rest is child.c's own. */
	struct sigaction chld; /* as our caller has it, and as the command gets it */
	int signals;           /* tells of held signals, and of the command's end */
	int input;             /* a file in memory, for the message */
	int trouble[2];        /* a pipe that tells why it could not be executed */
};

/* What child_run() returns besides a status. */
enum {
	CHILD_NOT_RUN = -1,      /* for want of something of ours */
	CHILD_NOT_EXECUTED = -2, /* err->code is ENOENT: there is no such program */
};

/*
 * Begins to run a command, whose end is noticed from now on also where our caller
 * ignores SIGCHLD.  *mask is that of hold_begin(), which came before, and must live as
 * long.  The caller ends it with child_end(), also after a failure.  0, or
 * -1 with *err filled.
 */
int child_begin(struct child *child, char *const command[], const sigset_t *mask,
	struct ipc_error *err);
void child_end(struct child *child);

/*
 * Takes the descriptors that child_run() needs, so that none can be missing when a
 * message is in hand.  0, or -1 with *err filled.
 */
int child_prepare(struct child *child, struct ipc_error *err);

/*
 * Runs the command with the message as all of its standard input, and waits for it;
 * child_prepare() came before.  PIPE and XFSZ are as they are by default for it.
 * Each held signal that comes meanwhile is passed on to it, unless it came from the
 * terminal, which tells the command itself; in the end all of them are pending.
 * Returns its exit status, or 128+n when a signal ended it; or one of the values
 * above with *err filled.
 */
int child_run(
	struct child *child, const struct ipc_message *message, struct ipc_error *err);

/*
 * Runs the command of a verb with a message: 0 when the message counts as taken, or -1,
 * and the status of the call is the command's, or says why it has none.
 */
int child_take(
	struct child *child, struct call *call, const struct ipc_message *message);

#endif
