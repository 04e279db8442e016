/* removal.h - how objects of some types are removed: one row each; private */
#ifndef REMOVAL_H
#define REMOVAL_H

#include <ipcutil/removal.h>

struct ipc_removal_ops {
	/*
	 * Opens it, compares it with removal->item, and adds what the kernel proves.  NULL:
	 * ipc_inventory_add() has told all of that.
	 */
	int (*begin)(struct ipc_removal *removal, struct ipc_evidence *evidence,
		uint64_t *messages, struct ipc_error *err);
	/* Tells what would be lost, by those who have it.  NULL: begin has told. */
	uint64_t (*weigh)(const struct ipc_item *item);
	/* Fails as commit would, where that is known before. */
	int (*check)(const struct ipc_removal *removal, unsigned int allowed,
		struct ipc_error *err);
	/* Removes it, if it is still the same. */
	int (*commit)(const struct ipc_removal *removal, unsigned int allowed,
		struct ipc_error *err);
};

extern const struct ipc_removal_ops ipc_removal_file;
extern const struct ipc_removal_ops ipc_removal_mq; /* POSIX */
extern const struct ipc_removal_ops ipc_removal_pipe;
extern const struct ipc_removal_ops ipc_removal_sysv;

/* Fails with IPC_REFUSED: it is another object by now. */
int ipc_removal_other(const struct ipc_removal *removal, struct ipc_error *err);

/* Fails as failure does, but as a removal of that address, with its type before it. */
int ipc_removal_reword(
	const char *address, const struct ipc_error *failure, struct ipc_error *err);

/*
 * Fails with an errno value of the system, or ESTALE: it is another object by now, or
 * ENOTEMPTY: it holds messages by now.
 */
int ipc_removal_fail(
	const struct ipc_removal *removal, int code, struct ipc_error *err);

/*
 * ipc_become() the owner.  0 with *changed for ipc_become_root(), or -1: with IPC_DENIED
 * where the owner is none of our user namespace.
 */
int ipc_removal_become(
	const struct ipc_removal *removal, bool *changed, struct ipc_error *err);

/* Whether we may remove it from a sticky directory of that user: unlink(2). */
bool ipc_removal_may_unstick(const struct ipc_removal *removal, uid_t directory);

/*
 * Asks for a lease on what removal->fd has open, that lasts until it is closed: at once
 * when there is none.
 */
enum ipc_lease ipc_removal_lease(struct ipc_removal *removal);

#endif
