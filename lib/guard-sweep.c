/* guard-sweep.c - what guardians that were killed have not removed */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "guard.h"
#include "guardian.h"

#define autorelease __attribute__((cleanup(ipc_registry_close)))

static void
sweep(struct ipc_ledger *ledger, int place, const char *name, void *arg)
{
	const struct ipc_registry *registry = arg;
	struct ipc_owner_id here;

	if (ipc_registry_is_guarded(ledger->fd) || ipc_owner_here(&here, NULL) < 0)
		return;
	if (strcmp(ledger->owner.boot, here.boot) != 0) {
		/* What is of the kernel has gone with it. */
		unlinkat(registry->places[place].dir, name, 0);
		return;
	}
	if (ledger->owner.ipc_namespace == here.ipc_namespace &&
		ipc_owner_state(&ledger->owner, &here) == IPC_OWNER_ENDED)
		ipc_guardian_remove_all(
			ledger->fd, registry->uid, &registry->places[place], name);
}

/* Without the lock: whether there is a file that has no guardian. */
static bool
has_unguarded(const struct ipc_registry *registry)
{
	for (int place = 0; place < IPC_REGISTRY_PLACES; place++) {
		autoclosedir DIR *list = ipc_registry_list(&registry->places[place]);
		const char *name;

		while (list != NULL && (name = ipc_registry_next(list)) != NULL) {
			autoclose int fd =
				ipc_registry_file(registry, place, name, O_RDONLY);

			if (fd >= 0 && !ipc_registry_is_guarded(fd))
				return true;
		}
	}
	return false;
}

void
ipc_guard_sweep(void)
{
	autorelease struct ipc_registry registry = IPC_NO_REGISTRY;
	bool is_worth_it;

	ipc_registry_look(&registry, geteuid());
	is_worth_it = has_unguarded(&registry);
	ipc_registry_close(&registry);
	registry.patience = 0;
	if (is_worth_it && ipc_registry_lock(&registry, geteuid(), false, NULL) == 0)
		ipc_registry_each(&registry, sweep, &registry);
}
