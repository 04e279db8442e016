/* until.c - --until-exit: an object that goes when a process ends */
#include <errno.h>
#include <stdio.h>

#include <ipcutil/guard.h>

#include "hold.h"
#include "outlet.h"
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

/* 0, or -1, when what was made has gone again. */
static int
make(struct call *call, const struct until_maker *maker, const sigset_t *before,
	bool *made, struct ipc_object *object)
{
	sigset_t ends;

	if (maker->make(call, maker->context, made, object) < 0)
		return -1;
	hold_set(&ends, before);
	if (maker->pid == 0 ||
		until_created(call, object, *made, maker->pid, &ends) == 0)
		return 0;
	if (*made) /* it may be another's by now: that took its time */
		ipc_object_remove(object, NULL);
	return -1;
}

int
until_create(struct call *call, const struct until_maker *maker, const char *text)
{
	struct ipc_object object;
	sigset_t before;
	bool made = false;
	int result;

	if (until_begin(call, maker->pid) < 0)
		return -1;
	hold_begin(&before);
	result = make(call, maker, &before, &made, &object);
	hold_end(&before);
	if (result < 0)
		return -1;
	/* An object whose address nobody gets to know would be a leak. */
	if (printf("%s\n", text) < 0 || fflush(stdout) != 0) {
		outlet_failed(errno, &call->err);
		if (made)
			ipc_object_remove(&object, NULL);
		return -1;
	}
	cli_say(call, "'%s' %s", text, made ? "was created" : "exists");
	return 0;
}

int
until_set(struct call *call, const struct ipc_object *object, pid_t pid)
{
	return pid == NEVER ? ipc_guard_drop(object, &call->err)
			    : ipc_guard_add(object, pid, NULL, &call->err);
}
