/* guardian.h - the process that waits for another's end and removes what it owned */
#ifndef GUARDIAN_H
#define GUARDIAN_H

#include "registry.h"

/* What a guardian is made of.  All descriptors stay the caller's. */
struct ipc_guardian {
	pid_t pid;        /* who is waited for... */
	int pidfd;        /* ...and its descriptor */
	int file;         /* its file, by a descriptor that is locked for it */
	uid_t uid;        /* whose objects */
	const char *name; /* of the file */
	const struct ipc_registry_place *place;
};

/*
 * Starts one, as no child of ours: returns 0 when it watches.  It removes what is in
 * the file when the process has ended, and then the file; that, and itself, also when it
 * finds that nothing in it is there any more.
 *
 * IPC_LIMIT	there can be no more processes
 */
int ipc_guardian_start(const struct ipc_guardian *guardian, struct ipc_error *err);

/*
 * Removes what a file names, then the file, in a place that is locked.  What cannot be
 * looked at stays, and with it the file.
 */
void ipc_guardian_remove_all(
	int file, uid_t uid, const struct ipc_registry_place *place, const char *name);

#endif
