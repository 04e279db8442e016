/* shm-sysv.c - System V shared memory, sysvipc(7) */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "shm.h"

static int
find(key_t key)
{
	return shmget(key, 0, 0);
}

static int
stat_id(int id, void *ds)
{
	return shmctl(id, IPC_STAT, ds);
}

static int
remove_id(int id)
{
	return shmctl(id, IPC_RMID, NULL);
}

static int
last_place(void)
{
	struct shm_info totals;

	return shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&totals);
}

static int
stat_place(int place, void *ds)
{
	return shmctl(place, SHM_STAT_ANY, ds);
}

const struct ipc_sysv ipc_shm_sysv_kind = {
	.name = "segment",
	.names = "segments",
	.find = find,
	.stat = stat_id,
	.remove = remove_id,
	.last_place = last_place,
	.stat_place = stat_place,
};

int
ipc_shm_sysv_mark(
	const struct ipc_address *address, const char *action, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_REFUSED, EINVAL,
		"%s '%s': mode 0%o is that of a segment that is not complete", action,
		address->text, IPC_SHM_MAKING);
}

int
ipc_shm_sysv_no_memory(const struct ipc_address *address, uint64_t size,
	const char *action, struct ipc_error *err)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };

	getrlimit(RLIMIT_AS, &limit);
	if (limit.rlim_cur == RLIM_INFINITY)
		return ipc_refuse(err, IPC_LIMIT, ENOMEM,
			"%s '%s': no memory for %ju bytes", action, address->text,
			(uintmax_t)size);
	return ipc_refuse(err, IPC_LIMIT, ENOMEM,
		"%s '%s': no memory for %ju bytes; RLIMIT_AS (ulimit -v) allows a process "
		"%ju in all",
		action, address->text, (uintmax_t)size, (uintmax_t)limit.rlim_cur);
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

	memory->id = ipc_sysv_id(&ipc_shm_sysv_kind, address, action, err);
	if (memory->id < 0)
		return -1;
	if (ipc_sysv_look(&ipc_shm_sysv_kind, memory->id, &ds) < 0)
		return ipc_sysv_fail(&ipc_shm_sysv_kind, address, action, errno, err);
	if (writes && !ipc_trust_written(ds.shm_perm.uid, trusted))
		return ipc_memory_foreign(address, ds.shm_perm.uid, action, err);
	/* Who made it has all rights of the owner for ever. */
	if (writes && !ipc_trust_written(ds.shm_perm.cuid, trusted))
		return ipc_memory_foreign(address, ds.shm_perm.cuid, action, err);
	base = shmat(memory->id, NULL, writes ? 0 : SHM_RDONLY);
	if ((intptr_t)base == -1 && errno == ENOMEM)
		return ipc_shm_sysv_no_memory(address, ds.shm_segsz, action, err);
	if ((intptr_t)base == -1)
		return ipc_sysv_fail(&ipc_shm_sysv_kind, address, action, errno, err);
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
	return ipc_sysv_remove(&ipc_shm_sysv_kind, address, err);
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
