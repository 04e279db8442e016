/*
 * removal.h - removing an object that is proven to be the one meant, and not in use
 *
 * The other functions that remove, as ipc_mq_remove(), do as rm(1): a name goes, whoever
 * uses the object and whichever it is.  This is for what was listed before: the object is
 * looked at again, the kernel is asked whether anybody has it, and what is removed is that
 * object or none.
 */
#ifndef IPCUTIL_REMOVAL_H
#define IPCUTIL_REMOVAL_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/cdefs.h>

#include <ipcutil/error.h>
#include <ipcutil/inventory.h>
#include <ipcutil/stale.h>

__BEGIN_DECLS

/* What may be removed all the same: bits. */
enum {
	IPC_REMOVE_IN_USE = 1 << 0, /* what is in use, or may be */
	IPC_REMOVE_DATA = 1 << 1,   /* what holds messages, or bytes of a pipe */
};

/* One removal.  The caller ends it with ipc_removal_end(). */
struct ipc_removal {
	const struct ipc_item *item; /* the object, as it is now */
	struct ipc_verdict verdict;  /* with all proofs */
	/* The rest is private. */
	const struct ipc_removal_ops *ops;
	struct ipc_inventory inventory;
	int dir, path, fd;
	char name[NAME_MAX + 1];
	bool is_shared;
	bool is_blocking;
	sigset_t signals;
};

/*
 * Looks at the object of an address with its type before it, as ipc_inventory_add(), and
 * proves whether it is in use.  identity is that of ipc_object_identity() when it was
 * listed, or NULL.  End it also after a failure.
 *
 * Files and POSIX queues: until ipc_removal_release() we have a write lease, if the kernel
 * gives us one, so that nobody can open it, which blocks, or fails with EWOULDBLOCK, and
 * all signals are blocked; where somebody tries, SIGURG is sent to us.  Socket files:
 * ipc_sock_probe().
 *
 * IPC_NO_OBJECT	there is none
 * IPC_REFUSED	it is not the object that was listed; or it is one of several names of a
 *		file, or in a directory where everybody may replace it
 */
int ipc_removal_begin(struct ipc_removal *removal, const char *address,
	const char *identity, struct ipc_error *err);

/*
 * Whether it may be removed: allowed are bits of what may be in spite of it.  Nothing is
 * changed; a failure is that of ipc_removal_commit(), as far as it can be known before.
 *
 * IPC_REFUSED	it is in use, or that is not known; or it holds messages or bytes
 * IPC_DENIED	the kernel's permissions forbid it
 * IPC_FAILED	its file system is read-only
 */
int ipc_removal_check(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err);

/*
 * Removes it, if it is proven that it may be, and it is still the same.
 *
 * System V objects, and files in directories like /tmp, are removed by root as their
 * owner, so that one which another user makes in between is safe.  A file first gets
 * another name, .ipc-rm-* in its directory, under which it is looked at once more; one that
 * took its place in the last moment gets the name back.  Between a look at a POSIX queue,
 * or at a file on a file system that cannot do so, and its removal the same user can make
 * another one of that name: in about a microsecond.
 */
int ipc_removal_commit(
	struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err);

/*
 * Lets others open it again, and signals come: at the latest before anything that may take
 * its time, as telling people.  What is known of it stays; it cannot be removed any more.
 */
void ipc_removal_release(struct ipc_removal *removal);

void ipc_removal_end(struct ipc_removal *removal);

__END_DECLS

#endif
