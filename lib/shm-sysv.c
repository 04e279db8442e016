/* shm-sysv.c - System V shared memory, sysvipc(7) */
#include <errno.h>
#include <string.h>

#include "shm.h"

int
ipc_shm_sysv_fail(const struct ipc_address *address, const char *action, int code,
	struct ipc_error *err)
{
	if (code == EINVAL || code == EIDRM) /* for an id there is, or was, none */
		return ipc_refuse(err, IPC_NO_OBJECT, ENOENT, "%s '%s': %s", action,
			address->text,
			code == EIDRM ? "it was removed" : "no such segment");
	return ipc_fail(err, code, "%s '%s'", action, address->text);
}

int
ipc_shm_sysv_mark(
	const struct ipc_address *address, const char *action, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_REFUSED, EINVAL,
		"%s '%s': mode 0%o is that of a segment that is not complete", action,
		address->text, IPC_SHM_MAKING);
}

int
ipc_shm_sysv_id(
	const struct ipc_address *address, const char *action, struct ipc_error *err)
{
	int id;

	if (address->kind == IPC_SYSV_ID)
		return (int)address->number;
	if (address->kind == IPC_SYSV_PRIVATE)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'private' is a segment only to create: it has an id then");
	id = shmget((key_t)address->number, 0, 0);
	return id >= 0 ? id : ipc_shm_sysv_fail(address, action, errno, err);
}

static int
sysv_open(struct ipc_memory *memory, enum ipc_memory_access access, uid_t trusted,
	struct ipc_error *err)
{
	const bool writes = access != IPC_MEMORY_READ;
	const char *action = memory->action;
	const struct ipc_address *address = &memory->address;
	struct shmid_ds ds;
	char *base;

	memory->id = ipc_shm_sysv_id(address, action, err);
	if (memory->id < 0)
		return -1;
	if (ipc_shm_sysv_look(memory->id, &ds) < 0)
		return ipc_shm_sysv_fail(address, action, errno, err);
	if (writes && !ipc_trust_written(ds.shm_perm.uid, trusted))
		return ipc_memory_foreign(address, ds.shm_perm.uid, action, err);
	/* Who made it has all rights of the owner for ever. */
	if (writes && !ipc_trust_written(ds.shm_perm.cuid, trusted))
		return ipc_memory_foreign(address, ds.shm_perm.cuid, action, err);
	base = shmat(memory->id, NULL, writes ? 0 : SHM_RDONLY);
	if ((intptr_t)base == -1)
		return ipc_shm_sysv_fail(address, action, errno, err);
	memory->base = base;
	memory->size = ds.shm_segsz; /* it never changes */
	return 0;
}

static void
sysv_close(struct ipc_memory *memory)
{
	if (memory->base != NULL)
		shmdt(memory->base);
}

static int
sysv_set_size(
	struct ipc_memory *memory, uint64_t size, bool sparse, struct ipc_error *err)
{
	(void)sparse;
	if (size == memory->size)
		return 0;
	return ipc_refuse(err, IPC_REFUSED, EOPNOTSUPP,
		"resize '%s': the size of a System V segment is chosen when it is made",
		memory->address.text);
}

static int
sysv_remove(const struct ipc_address *address, struct ipc_error *err)
{
	int id = ipc_shm_sysv_id(address, "remove", err);

	if (id < 0)
		return -1;
	if (shmctl(id, IPC_RMID, NULL) < 0)
		return ipc_shm_sysv_fail(address, "remove", errno, err);
	return 0;
}

const struct ipc_memory_ops ipc_memory_sysv = {
	.create = ipc_shm_sysv_create,
	.open = sysv_open,
	.close = sysv_close,
	.set_size = sysv_set_size,
	.stat = ipc_shm_sysv_stat,
	.change = ipc_shm_sysv_change,
	.remove = sysv_remove,
};
