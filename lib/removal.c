/* removal.c - removing an object that is proven to be the one meant, and not in use */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "become.h"
#include "removal.h"

static const struct ipc_removal_ops *
kind_of(const struct ipc_object *object)
{
	switch (object->type) {
	case IPC_POSIX_MQ:
		return &ipc_removal_mq;
	case IPC_SYSV_MQ:
	case IPC_SYSV_SHM:
	case IPC_SYSV_SEM:
		return &ipc_removal_sysv;
	case IPC_POSIX_SHM:
	case IPC_POSIX_SEM:
	case IPC_FIFO:
	case IPC_MAPPED_FILE:
	case IPC_RING:
	case IPC_SOCKET:
	case IPC_SOCKET_FILE:
		return object->address.kind == IPC_ABSTRACT ? NULL : &ipc_removal_file;
	case IPC_PIPE:
		return &ipc_removal_pipe;
	}
	return NULL;
}

int
ipc_removal_other(const struct ipc_removal *removal, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_REFUSED, ESTALE,
		"remove '%s': it is no longer the object that was listed",
		removal->item->address);
}

int
ipc_removal_reword(
	const char *address, const struct ipc_error *failure, struct ipc_error *err)
{
	static const char end_of_name[] = "': ";
	const char *reason = failure->sentence, *next = reason;

	if (failure->fault == IPC_MISUSE)
		return ipc_refuse(
			err, IPC_MISUSE, failure->code, "%s", failure->sentence);
	while ((next = strstr(next, end_of_name)) != NULL)
		reason = next += strlen(end_of_name);
	return ipc_refuse(
		err, failure->fault, failure->code, "remove '%s': %s", address, reason);
}

int
ipc_removal_fail(const struct ipc_removal *removal, int code, struct ipc_error *err)
{
	if (code == ENOENT)
		return ipc_refuse(err, IPC_NO_OBJECT, code,
			"remove '%s': it is not there any more",
			removal->item->address);
	if (code == ESTALE)
		return ipc_removal_other(removal, err);
	if (code == ENOTEMPTY)
		return ipc_refuse(err, IPC_REFUSED, code,
			"remove '%s': a message came just now", removal->item->address);
	return ipc_fail(err, code, "remove '%s'", removal->item->address);
}

int
ipc_removal_become(
	const struct ipc_removal *removal, bool *changed, struct ipc_error *err)
{
	const int code = ipc_become(removal->item->evidence.object.uid, changed);

	if (code == EINVAL)
		return ipc_refuse(err, IPC_DENIED, EPERM,
			"remove '%s': its owner is no user of this user namespace",
			removal->item->address);
	return code == 0 ? 0 : ipc_removal_fail(removal, code, err);
}

static void
let_signals_come(struct ipc_removal *removal)
{
	if (removal->is_blocking)
		sigprocmask(SIG_SETMASK, &removal->signals, NULL);
	removal->is_blocking = false;
}

enum ipc_lease
ipc_removal_lease(struct ipc_removal *removal)
{
	sigset_t all;
	bool changed;
	int code;

	sigfillset(&all);
	removal->is_blocking = sigprocmask(SIG_BLOCK, &all, &removal->signals) == 0;
	code = ipc_become(removal->item->evidence.object.uid, &changed);
	/* In place of SIGIO, which would end us: one that does nothing. */
	if (code == 0 &&
		(fcntl(removal->fd, F_SETSIG, SIGURG) < 0 ||
			fcntl(removal->fd, F_SETLEASE, F_WRLCK) < 0))
		code = errno;
	ipc_become_root(changed);
	if (code == 0)
		return IPC_LEASE_GRANTED;
	close(removal->fd); /* or we would be found to have it open */
	removal->fd = -1;
	let_signals_come(removal);
	return code == EAGAIN ? IPC_LEASE_REFUSED : IPC_LEASE_UNKNOWN;
}

/* Types of which the kernel itself tells whether they are in use. */
static bool
is_told(const struct ipc_evidence *evidence)
{
	switch (evidence->object.type) {
	case IPC_SYSV_SHM:
	case IPC_SYSV_SEM:
	case IPC_SOCKET_FILE:
		return true;
	default:
		return evidence->lease == IPC_LEASE_GRANTED;
	}
}

static int
prove(struct ipc_removal *removal, struct ipc_error *err)
{
	struct ipc_item *item = &removal->inventory.items[0];
	int result = 0;

	/* How long that takes is up to the owner: nobody has to wait for us meanwhile. */
	if (ipc_stale_find_owners(&item->evidence, 1, err) < 0 ||
		(removal->ops->begin != NULL &&
			removal->ops->begin(
				removal, &item->evidence, &item->messages, err) < 0))
		return -1;
	if (!is_told(&item->evidence))
		result = ipc_inventory_look(&removal->inventory, err);
	item = &removal->inventory.items[0]; /* a look may move it */
	removal->item = item;
	if (result == 0 && removal->ops->weigh != NULL)
		item->messages = removal->ops->weigh(item);
	if (result == 0)
		removal->verdict = ipc_stale_judge(&item->evidence);
	return result;
}

int
ipc_removal_begin(struct ipc_removal *removal, const char *address,
	const char *identity, struct ipc_error *err)
{
	char buf[IPC_IDENTITY_MAX];
	struct ipc_error failure;

	*removal = (struct ipc_removal){ .dir = -1, .path = -1, .fd = -1 };
	if (ipc_inventory_add(&removal->inventory, address, &failure) < 0)
		return failure.fault == IPC_NO_OBJECT
			? ipc_refuse(err, IPC_NO_OBJECT, ENOENT,
				  "remove '%s': there is no such object", address)
			: ipc_removal_reword(address, &failure, err);
	removal->item = &removal->inventory.items[0];
	removal->ops = kind_of(&removal->item->evidence.object);
	if (identity != NULL &&
		strcmp(ipc_object_identity(&removal->item->evidence.object, buf),
			identity) != 0)
		return ipc_removal_other(removal, err);
	if (removal->ops == NULL)
		return ipc_refuse(err, IPC_REFUSED, ENOTSUP,
			"remove '%s': it has no name to remove, and goes with its last "
			"user",
			address);
	return prove(removal, err);
}

/* By what was proven. */
static int
judge(const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	const struct ipc_item *item = removal->item;
	const struct ipc_verdict *verdict = &removal->verdict;
	const char *what = item->evidence.object.type == IPC_PIPE ? "byte" : "message";

	if (!(allowed & IPC_REMOVE_IN_USE) && verdict->state == IPC_IN_USE)
		return ipc_refuse(err, IPC_REFUSED, EBUSY,
			"remove '%s': it is in use: %s", item->address, verdict->why);
	if (!(allowed & IPC_REMOVE_IN_USE) && verdict->state == IPC_STATE_UNKNOWN)
		return ipc_refuse(err, IPC_REFUSED, EBUSY,
			"remove '%s': whether it is in use is not known: %s; --in-use "
			"removes it all the same",
			item->address, verdict->why);
	if (allowed & IPC_REMOVE_DATA || item->messages == 0)
		return 0;
	if (item->messages == IPC_UNKNOWN)
		return ipc_refuse(err, IPC_REFUSED, ENOTEMPTY,
			"remove '%s': how many %ss it holds is not known; "
			"--discard-data lets them go",
			item->address, what);
	return ipc_refuse(err, IPC_REFUSED, ENOTEMPTY,
		"remove '%s': it holds %ju %s%s; --discard-data lets %s go",
		item->address, (uintmax_t)item->messages, what,
		item->messages == 1 ? "" : "s", item->messages == 1 ? "it" : "them");
}

int
ipc_removal_check(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	return judge(removal, allowed, err) < 0
		? -1
		: removal->ops->check(removal, allowed, err);
}

int
ipc_removal_commit(
	struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	return judge(removal, allowed, err) < 0
		? -1
		: removal->ops->commit(removal, allowed, err);
}

void
ipc_removal_release(struct ipc_removal *removal)
{
	int *const fds[] = { &removal->fd, &removal->path, &removal->dir };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	let_signals_come(removal);
}

void
ipc_removal_end(struct ipc_removal *removal)
{
	ipc_removal_release(removal);
	ipc_inventory_free(&removal->inventory);
}
