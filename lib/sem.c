/* sem.c - semaphores of all kinds: the address chooses a row */
#include "sem.h"

static const struct ipc_sem_ops *
kind_of(const struct ipc_address *address)
{
	return address->kind == IPC_POSIX_NAME ? &ipc_sem_posix : &ipc_sem_sysv;
}

static bool
is_posix(const struct ipc_sem_info *info)
{
	return info->address.kind == IPC_POSIX_NAME;
}

struct ipc_object
ipc_sem_object(const struct ipc_sem_info *info)
{
	return (struct ipc_object){
		.type = is_posix(info) ? IPC_POSIX_SEM : IPC_SYSV_SEM,
		.device = is_posix(info) ? info->device : 0,
		.number = is_posix(info) ? info->inode : info->id,
		.uid = info->uid,
		.changed = is_posix(info) ? 0 : info->changed,
		.generation = info->generation,
		.address = info->address,
	};
}

struct ipc_evidence
ipc_sem_evidence(const struct ipc_sem_info *info)
{
	struct ipc_evidence evidence = { .object = ipc_sem_object(info) };

	if (is_posix(info))
		return evidence; /* its waiters are those of sem_wait(3), killed or not */
	evidence.waiters = info->waiters == IPC_UNKNOWN
		? IPC_UNKNOWN
		: info->waiters + info->zero_waiters;
	evidence.users[0] = info->user;
	return evidence;
}

int64_t
ipc_sem_used(const struct ipc_sem_info *info)
{
	return info->operated > info->changed ? info->operated : info->changed;
}

int
ipc_sem_stat(const struct ipc_address *address, struct ipc_sem_info *info,
	struct ipc_error *err)
{
	return kind_of(address)->stat(address, info, err);
}

int
ipc_sem_each(int (*visit)(const struct ipc_sem_info *info, void *arg), void *arg,
	struct ipc_error *err)
{
	int stop = ipc_sem_posix.each(visit, arg, err);

	return stop == 0 ? ipc_sem_sysv.each(visit, arg, err) : stop;
}

int
ipc_sem_remove(const struct ipc_address *address, struct ipc_error *err)
{
	return kind_of(address)->remove(address, err);
}
