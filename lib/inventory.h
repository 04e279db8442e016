/* inventory.h - what an inventory must know of each type: one row each; private */
#ifndef INVENTORY_H
#define INVENTORY_H

#include <ipcutil/inventory.h>

/* One that lists. */
struct ipc_inventory_lister {
	struct ipc_inventory *inventory;
	const struct ipc_inventory_plan *plan;
	enum ipc_family family;
	struct ipc_error *err;
};

/* What can be done with the objects of a family. */
struct ipc_inventory_row {
	const char *name;
	int (*address)(
		const char *text, struct ipc_address *address, struct ipc_error *err);
	/* Adds the object of an address. */
	int (*look)(
		struct ipc_inventory_lister *lister, const struct ipc_address *address);
	/* Adds all there are; NULL: they come with the processes that have them. */
	int (*list)(struct ipc_inventory_lister *lister, bool *complete);
	/* Adds one that a process was found to have, and always one; NULL: none is. */
	int (*discovered)(
		struct ipc_inventory_lister *lister, const struct ipc_object *object);
	enum ipc_type type; /* of those that are */
};

extern const struct ipc_inventory_row ipc_inventory_rows[IPC_FAMILIES];

/*
 * Adds an item of the lister's family, for the caller to fill with more than the address
 * and evidence; or NULL.
 */
struct ipc_item *ipc_inventory_add_item(
	const struct ipc_inventory_lister *lister, const struct ipc_evidence *evidence);

#endif
