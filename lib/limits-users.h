/* limits-users.h - the limits that each user has for himself; private */
#ifndef LIMITS_USERS_H
#define LIMITS_USERS_H

#include <ipcutil/inventory.h>
#include <ipcutil/limits.h>

/* Whom the limits are told. */
struct ipc_limits_tour {
	uid_t user; /* is told of also where he has nothing */
	int (*visit)(const struct ipc_limit *limit, void *arg);
	void *arg;
	bool *complete;
	struct ipc_error *err;
};

/* The limits of each user, of which the inventory has the queues: as ipc_limits_each(). */
int ipc_limits_users(
	const struct ipc_limits_tour *tour, const struct ipc_inventory *inventory);

#endif
