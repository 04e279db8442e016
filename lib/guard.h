/* guard.h - objects that belong to a process, while we change them ourselves */
#ifndef GUARD_H
#define GUARD_H

#include <ipcutil/guard.h>
#include <ipcutil/stale.h>

#include "registry.h"

/* A System V object is told from others by when it was changed, too. */
struct ipc_guard_renewal {
	struct ipc_registry registry;
	struct ipc_object old;
	bool is_locked;
};

/*
 * Around a change of ours to an object: it goes on to belong to whom it belonged to,
 * as what it is now.  One that is another user's by now belongs to none.  Between both,
 * if begin does not fail, nobody else who does so changes it, and signals wait.
 */
int ipc_guard_renew_begin(struct ipc_guard_renewal *renewal,
	const struct ipc_object *object, struct ipc_error *err);
void ipc_guard_renew_end(
	struct ipc_guard_renewal *renewal, const struct ipc_object *now);

/* Fills the owner of each of count pieces of evidence.  Changes nothing else. */
int ipc_registry_owners(
	struct ipc_evidence *const *evidence, size_t count, struct ipc_error *err);

#endif
