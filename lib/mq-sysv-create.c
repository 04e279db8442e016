/* mq-sysv-create.c - System V message queues: making one, and the limits on it */
#include <errno.h>
#include <inttypes.h>

#include "mq-sysv.h"
#include "mq.h"
#include "proc.h"

/* Somebody may create and remove the queue of a key in turn with us. */
enum { TRIES = 1000 };

int
ipc_mq_sysv_too_many_bytes(
	const struct ipc_address *address, uint64_t bytes_limit, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_LIMIT, EPERM,
		"set '%s' to %ju bytes: the limit is %ju (sysctl kernel.msgmnb)",
		address->text, (uintmax_t)bytes_limit,
		(uintmax_t)ipc_proc_number("/proc/sys/kernel/msgmnb"));
}

static int
refused(const struct ipc_address *address, int code, struct ipc_error *err)
{
	if (code == ENOSPC)
		return ipc_refuse(err, IPC_LIMIT, code,
			"create '%s': the system has its most of %ju queues "
			"(sysctl kernel.msgmni)",
			address->text,
			(uintmax_t)ipc_proc_number("/proc/sys/kernel/msgmni"));
	return ipc_fail(err, code, "create '%s'", address->text);
}

/* One that may neither be read nor written is of no use, as with POSIX queues. */
static int
accept_existing(const struct ipc_address *address, const struct ipc_mq_plan *plan,
	struct ipc_address *found, struct ipc_error *err)
{
	key_t key = (key_t)address->number;
	struct msqid_ds ds;
	int id = msgget(key, 0444); /* such bits ask; 0 would ask nothing */

	if (id < 0 && errno == EACCES)
		id = msgget(key, 0222);
	if (id < 0 || ipc_sysv_look(&ipc_mq_sysv_kind, id, &ds) < 0)
		return ipc_sysv_fail(&ipc_mq_sysv_kind, address, "create", errno, err);
	if (!ipc_trust_found(ds.msg_perm.uid, plan->trusted))
		return ipc_mq_foreign(address, ds.msg_perm.uid, "create", err);
	/* Who made it has all rights of the owner for ever. */
	if (!ipc_trust_found(ds.msg_perm.cuid, plan->trusted))
		return ipc_mq_foreign(address, ds.msg_perm.cuid, "create", err);
	if (plan->bytes_limit != IPC_UNKNOWN && plan->bytes_limit != ds.msg_qbytes)
		return ipc_refuse(err, IPC_EXISTS, EEXIST,
			"create '%s': it exists with a limit of %ju bytes, not %ju",
			address->text, (uintmax_t)ds.msg_qbytes,
			(uintmax_t)plan->bytes_limit);
	*found = ipc_address_id(id);
	return 0;
}

/*
 * The limit of a queue that was made just now; without it there is none.  The mode
 * may forbid its owner to ask, but not to set: so the rest is what was chosen.
 */
static int
set_limit(int id, const struct ipc_address *address, const struct ipc_mq_plan *plan,
	struct ipc_error *err)
{
	struct msqid_ds ds;
	int code;

	if (ipc_sysv_look(&ipc_mq_sysv_kind, id, &ds) == 0) {
		ds.msg_qbytes = plan->bytes_limit;
		if (msgctl(id, IPC_SET, &ds) == 0)
			return 0;
	}
	code = errno;
	msgctl(id, IPC_RMID, NULL);
	return code == EPERM
		? ipc_mq_sysv_too_many_bytes(address, plan->bytes_limit, err)
		: ipc_sysv_fail(&ipc_mq_sysv_kind, address, "create", code, err);
}

static int
create(const struct ipc_address *address, const struct ipc_mq_plan *plan,
	struct ipc_address *found, bool *made, struct ipc_error *err)
{
	key_t key = address->kind == IPC_SYSV_PRIVATE ? IPC_PRIVATE
						      : (key_t)address->number;
	int id = msgget(key, IPC_CREAT | IPC_EXCL | (int)plan->mode);

	*made = id >= 0;
	if (!*made && (errno != EEXIST || plan->exclusive))
		return refused(address, errno, err);
	if (!*made)
		return accept_existing(address, plan, found, err);
	*found = ipc_address_id(id);
	return plan->bytes_limit == IPC_UNKNOWN ? 0 : set_limit(id, address, plan, err);
}

int
ipc_mq_sysv_create(const struct ipc_address *address, const struct ipc_mq_plan *plan,
	struct ipc_address *found, bool *made, struct ipc_error *err)
{
	int result = -1;

	if (address->kind == IPC_SYSV_ID)
		return ipc_sysv_fail_id(address, err);
	if (plan->capacity != IPC_UNKNOWN || plan->message_size != IPC_UNKNOWN)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' is a System V queue: its only limit is --bytes-limit",
			address->text);
	if (plan->bytes_limit == 0)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' would be a queue for 0 bytes", address->text);
	/* ENOENT: it was there, and was removed before we could look at it. */
	for (int try = 0; try < TRIES; try++) {
		result = create(address, plan, found, made, err);
		if (result == 0 || errno != ENOENT)
			break;
	}
	return result;
}
