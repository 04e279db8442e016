/* background.h - a process that goes on when we have ended, and is nobody's child */
#ifndef BACKGROUND_H
#define BACKGROUND_H

#include <stdbool.h>
#include <sys/types.h>

#include <ipcutil/error.h>

enum { IPC_BACKGROUND_FDS = 6 };

/* What one is made of.  Everything stays the caller's: it has a copy of all memory. */
struct ipc_background {
	const char *action; /* in sentences: "start a guardian for process '4711'" */
	const char *name;   /* proc_pid_comm(5), up to 15 bytes */
	const char *title;  /* what ps(1) shows as its command line */
	uid_t uid;          /* who it is for ever: our effective user; for root, any */
	bool is_mortal;     /* SIGTERM ends it */
	/* The variables with the descriptors that it keeps, in it; those may be -1. */
	int *fds[IPC_BACKGROUND_FDS];
	/* In it, while it has all of ours still: 0, or -1 with errno.  Or NULL. */
	int (*prepare)(void *context);
	void (*run)(void *context); /* all of its life */
	void *context;
};

/*
 * Starts one: returns its process id when it stands, in a session of its own, at the
 * root directory, with no descriptor but those it keeps, which are above 2, and
 * /dev/null as 0 to 2.  Of the signals, HUP, INT, QUIT, TERM, PIPE, XFSZ, TSTP, TTIN and
 * TTOU are ignored, the others as by default, and none blocked.
 *
 * IPC_LIMIT	there can be no more processes
 */
pid_t ipc_background_start(
	const struct ipc_background *background, struct ipc_error *err);

#endif
