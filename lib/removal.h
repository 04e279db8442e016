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

/*
 * Fails with an errno value of the system, or ESTALE: it is another object by now, or
 * ENOTEMPTY: it holds messages by now.
 */
int ipc_removal_fail(
	const struct ipc_removal *removal, int code, struct ipc_error *err);

/*
 * Asks for a lease on what removal->fd has open, that lasts until it is closed: at once
 * when there is none.
 */
enum ipc_lease ipc_removal_lease(struct ipc_removal *removal);

#endif
