/* guard-renew.c - objects that look like others after a change of ours */
#include <errno.h>
#include <unistd.h>

#include "guard.h"
#include "object.h"

#define autorestore __attribute__((cleanup(ipc_registry_be_ourselves)))

int
ipc_guard_renew_begin(struct ipc_guard_renewal *renewal,
	const struct ipc_object *object, struct ipc_error *err)
{
	autorestore struct ipc_registry_user before = IPC_REGISTRY_OURSELVES;

	*renewal = (struct ipc_guard_renewal){
		.registry = IPC_NO_REGISTRY,
		.old = *object,
	};
	if (geteuid() != 0 && geteuid() != object->uid)
		return 0;
	if (ipc_registry_become(object->uid, &before, NULL) < 0)
		return 0;
	if (ipc_registry_lock(&renewal->registry, object->uid, false, err) < 0)
		return -1;
	renewal->is_locked = true;
	/* Others may have changed it until now. */
	if (ipc_object_look(object, &renewal->old, err) == 0 &&
		renewal->old.uid == object->uid)
		return 0;
	ipc_registry_close(&renewal->registry);
	return ipc_refuse(err, IPC_NO_OBJECT, ENOENT,
		"change '%s': it is another one by now",
		ipc_address_text(&object->address));
}

/* What to put in the place of what. */
struct renew {
	const struct ipc_object *old, *now;
	struct ipc_owner_id here;
};

static void
renew(struct ipc_ledger *ledger, int place, const char *name, void *arg)
{
	const struct renew *renew = arg;
	size_t line;

	(void)place;
	(void)name;
	if (ledger->owner.ipc_namespace != renew->here.ipc_namespace ||
		!ipc_ledger_find(ledger, renew->old, &line) ||
		ipc_ledger_strike(ledger, line) != 0)
		return;
	if (renew->now->uid == renew->old->uid)
		ipc_ledger_put(ledger, renew->now, &line);
}

void
ipc_guard_renew_end(struct ipc_guard_renewal *renewal, const struct ipc_object *now)
{
	struct renew changed = { .old = &renewal->old, .now = now };
	autorestore struct ipc_registry_user before = IPC_REGISTRY_OURSELVES;

	if (renewal->is_locked &&
		ipc_registry_become(renewal->old.uid, &before, NULL) == 0 &&
		!ipc_object_is_same(&renewal->old, now) &&
		ipc_owner_here(&changed.here, NULL) == 0)
		ipc_registry_each(&renewal->registry, renew, &changed);
	ipc_registry_close(&renewal->registry);
}
