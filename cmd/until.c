/* until.c - --until-exit: an object that goes when a process ends */
#include <errno.h>

#include <ipcutil/guard.h>

#include "until.h"

int
until_begin(struct call *call, pid_t pid)
{
	ipc_guard_sweep();
	return pid == 0 ? 0 : ipc_guard_check(pid, &call->err);
}

int
until_created(struct call *call, const struct ipc_object *object, bool made, pid_t pid,
	const sigset_t *ends)
{
	struct ipc_owner owner;

	if (!made) {
		ipc_guard_owners(object, 1, &owner);
		if (owner.state != IPC_OWNER_LIVES || owner.pid != pid)
			return ipc_refuse(&call->err, IPC_EXISTS, EEXIST,
				"create '%s': it exists and does not belong to process "
				"%d ('set --until-exit' changes that)",
				ipc_address_text(&object->address), (int)pid);
	}
	return ipc_guard_add(object, pid, ends, &call->err);
}

int
until_set(struct call *call, const struct ipc_object *object, pid_t pid)
{
	return pid == NEVER ? ipc_guard_drop(object, &call->err)
			    : ipc_guard_add(object, pid, NULL, &call->err);
}
