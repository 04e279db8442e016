/* until.c - --until-exit: an object that goes when a process ends */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include <ipcutil/guard.h>
#include <ipcutil/stale.h>

#include "hold.h"
#include "outlet.h"
#include "until.h"

/* One of ends, signals that are held, ends a wait. */
static int
give(struct call *call, const struct ipc_object *object, bool made, pid_t pid,
	const sigset_t *ends)
{
	struct ipc_evidence evidence = { .object = *object };

	if (!made) {
		if (ipc_stale_find_owners(&evidence, 1, &call->err) < 0)
			return -1;
		if (evidence.owner.state != IPC_OWNER_LIVES ||
			evidence.owner.pid != pid)
			return ipc_refuse(&call->err, IPC_EXISTS, EEXIST,
				"create '%s': it exists and does not belong to process "
				"%d ('set --until-exit' changes that)",
				ipc_address_text(&object->address), (int)pid);
	}
	return ipc_guard_add(object, pid, ends, &call->err);
}

/* One that is made, or was there. */
struct creation {
	struct ipc_address found;
	bool made;
	struct ipc_object object; /* the same, where it shall belong to a process */
	char path[PATH_MAX];      /* of its address */
};

/* It may be another's by now, where to let it belong to a process took its time. */
static void
undo(const struct until_maker *maker, const struct creation *creation)
{
	if (creation->made && maker->pid != 0)
		ipc_object_remove(&creation->object, NULL);
	else if (creation->made)
		maker->remove(&creation->found, NULL);
}

/* Lets it belong to the process; what was made does not survive a failure. */
static int
own(struct call *call, const struct until_maker *maker, struct creation *creation,
	const sigset_t *before)
{
	sigset_t ends;

	if (maker->look(call, &creation->found, creation->path, &creation->object) <
		0) {
		if (creation->made && call->err.fault != IPC_NO_OBJECT)
			maker->remove(&creation->found, NULL);
		return -1;
	}
	hold_set(&ends, before);
	if (give(call, &creation->object, creation->made, maker->pid, &ends) == 0)
		return 0;
	undo(maker, creation);
	return -1;
}

static int
make(struct call *call, const struct until_maker *maker, struct creation *creation)
{
	return maker->make(call, maker->context, &creation->found, &creation->made);
}

/* A signal that ends us must not come before somebody else removes the object. */
static int
make_owned(
	struct call *call, const struct until_maker *maker, struct creation *creation)
{
	sigset_t before;
	int result;

	if (ipc_guard_check(maker->pid, &call->err) < 0)
		return -1;
	hold_begin(&before);
	result = make(call, maker, creation);
	if (result == 0)
		result = own(call, maker, creation, &before);
	hold_end(&before);
	return result;
}

int
until_create(struct call *call, const struct until_maker *maker)
{
	struct creation creation;
	const char *text;

	ipc_guard_sweep();
	if ((maker->pid == 0 ? make(call, maker, &creation)
			     : make_owned(call, maker, &creation)) < 0)
		return -1;
	text = ipc_address_text(&creation.found);
	/* An object whose address nobody gets to know would be a leak. */
	if (printf("%s\n", text) < 0 || fflush(stdout) != 0) {
		outlet_failed(errno, &call->err);
		undo(maker, &creation);
		return -1;
	}
	cli_say(call, "'%s' %s", text, creation.made ? "was created" : "exists");
	return 0;
}

int
until_set(struct call *call, const struct ipc_object *object, pid_t pid)
{
	return pid == NEVER ? ipc_guard_drop(object, &call->err)
			    : ipc_guard_add(object, pid, NULL, &call->err);
}
