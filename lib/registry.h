/* registry.h - the files that tell which of a user's objects belong to whom */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include <ipcutil/wait.h>

#include "ledger.h"

/* One directory that may have such files, checked. */
struct ipc_registry_place {
	int dir;     /* -1: it is not there */
	int code;    /* why it cannot be read, an errno value, or 0 */
	uid_t owner; /* whose it is when it cannot be used; -1: not known */
	char path[48];
};

/* /run/user/UID/ipcutil, and /dev/shm/ipcutil-UID. */
enum { IPC_REGISTRY_PLACES = 2 };

/* How long others are waited for who have it locked, in seconds. */
enum { IPC_REGISTRY_PATIENCE = 2 };

/* The caller ends it with ipc_registry_close(). */
struct ipc_registry {
	uid_t uid;
	int patience;         /* in seconds; 0: who finds it locked goes away */
	const sigset_t *ends; /* blocked signals that end the waiting; or NULL */
	bool is_held;         /* no signal interrupts who has the lock... */
	sigset_t before;      /* ...for whom these were blocked before */
	struct ipc_registry_place places[IPC_REGISTRY_PLACES];
};

#define IPC_NO_REGISTRY \
	{ \
		.patience = IPC_REGISTRY_PATIENCE, .places = { \
			{ .dir = -1 }, \
			{ .dir = -1 } \
		} \
	}

/* Opens what is there, to look at it: the places tell what could not be. */
void ipc_registry_look(struct ipc_registry *registry, uid_t uid);

/*
 * Opens and locks what is there, for changes, as that user: whoever else wants to
 * change it waits until ipc_registry_close(), and so do signals.  With make the place
 * for new files is there then, and its number is returned; else 0.
 *
 * IPC_REFUSED	a directory is not the user's alone
 * IPC_FAILED	EBUSY: others have had it locked all the time; EINTR: see ends
 */
int ipc_registry_lock(
	struct ipc_registry *registry, uid_t uid, bool make, struct ipc_error *err);

void ipc_registry_close(struct ipc_registry *registry);

/*
 * Locks a directory as soon as others let it: 0, or an errno value, EBUSY when they did
 * not within the limit, EINTR when one of ends, which may be NULL, is pending.
 */
int ipc_registry_wait(int dir, const struct ipc_wait *wait, const sigset_t *ends);

/* Removes a directory if it is empty and no other process has it locked. */
void ipc_registry_tidy(const struct ipc_registry_place *place);

/* Begins to list a place, or NULL; the name of the next file, or NULL. */
DIR *ipc_registry_list(const struct ipc_registry_place *place);
const char *ipc_registry_next(DIR *list);

/*
 * Opens a file of the user's that is there, or with O_CREAT makes it: -1 with errno,
 * ELOOP or EBADMSG when it is not such a file.
 */
int ipc_registry_file(
	const struct ipc_registry *registry, int place, const char *name, int flags);

/*
 * Calls visit for each file that can be read, under the lock; one whose making was not
 * ended is removed.
 */
void ipc_registry_each(const struct ipc_registry *registry,
	void (*visit)(
		struct ipc_ledger *ledger, int place, const char *name, void *arg),
	void *arg);

/* Locks a file for its guardian, as long as this descriptor or a copy is open. */
int ipc_registry_guard(int fd);

/* Gives that lock back before its time. */
void ipc_registry_unguard(int fd);

/* True while another opening of the file has it locked so. */
bool ipc_registry_is_guarded(int fd);

/* Who we were.  One that is IPC_REGISTRY_OURSELVES stays so. */
struct ipc_registry_user {
	int uid, gid;
};

#define IPC_REGISTRY_OURSELVES \
	{ \
		-1, -1 \
	}

/* For root: this thread makes and finds files as another user, who is in no group. */
int ipc_registry_become(
	uid_t uid, struct ipc_registry_user *before, struct ipc_error *err);
void ipc_registry_be_ourselves(const struct ipc_registry_user *before);

/* The group of who has none. */
enum { IPC_NO_GROUP = 65534 };

#endif
