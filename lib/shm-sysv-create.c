/* shm-sysv-create.c - System V shared memory: making a segment, and the limits on it */
#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proc.h"
#include "shm.h"

#ifndef MADV_POPULATE_WRITE /* of Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

enum {
	TRIES = 1000, /* somebody may create and remove the segment of a key in turn */
	MAKING_NS = 10000000, /* until the next when it is still being made */
};

/* ENOSPC is either of two limits. */
static int
no_space(const struct ipc_address *address, uint64_t size, struct ipc_error *err)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t most = ipc_proc_number("/proc/sys/kernel/shmmni");
	struct shm_info totals = { 0 };

	shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&totals);
	if ((uint64_t)totals.used_ids >= most)
		return ipc_refuse(err, IPC_LIMIT, ENOSPC,
			"create '%s': the system has its most of %ju segments "
			"(sysctl kernel.shmmni)",
			address->text, (uintmax_t)most);
	return ipc_refuse(err, IPC_LIMIT, ENOSPC,
		"create '%s': %ju bytes are %ju pages; all segments have %ju, and together "
		"may have %ju (sysctl kernel.shmall)",
		address->text, (uintmax_t)size, (uintmax_t)((size + page - 1) / page),
		(uintmax_t)totals.shm_tot,
		(uintmax_t)ipc_proc_number("/proc/sys/kernel/shmall"));
}

static int
refused(const struct ipc_address *address, uint64_t size, int code,
	struct ipc_error *err)
{
	switch (code) {
	case ENOSPC:
		return no_space(address, size, err);
	case EINVAL:
		return ipc_refuse(err, IPC_LIMIT, code,
			"create '%s': %ju bytes are above the limit of %ju (sysctl "
			"kernel.shmmax)",
			address->text, (uintmax_t)size,
			(uintmax_t)ipc_proc_number("/proc/sys/kernel/shmmax"));
	case ENOMEM:
		return ipc_shm_sysv_no_memory(address, size, "create", err);
	default:
		return ipc_fail(err, code, "create '%s'", address->text);
	}
}

/* Whether it is as its maker has it: what others have attached is complete. */
static bool
is_making(const struct shmid_ds *ds)
{
	return (ds->shm_perm.mode & 0777) == IPC_SHM_MAKING &&
		((ds->shm_atime == 0 && ds->shm_dtime == 0) ||
			ds->shm_lpid == ds->shm_cpid);
}

/* One whose maker has not given it its mode: EAGAIN as long as there is hope. */
static int
unfinished(const struct ipc_address *address, pid_t maker, struct ipc_error *err)
{
	if (maker == 0 || getpgid(maker) >= 0 || errno != ESRCH)
		return ipc_refuse(err, IPC_REFUSED, EAGAIN,
			"create '%s': it is still being made by process %d",
			address->text, maker);
	return ipc_refuse(err, IPC_REFUSED, EBUSY,
		"create '%s': process %d ended while it made it; rm removes what it left, "
		"and set --mode completes it",
		address->text, maker);
}

/* Who made it has all rights of the owner for ever. */
static int
check_users(const struct ipc_address *address, const struct shmid_ds *ds, uid_t trusted,
	struct ipc_error *err)
{
	if (!ipc_trust_found(ds->shm_perm.uid, trusted))
		return ipc_memory_foreign(address, ds->shm_perm.uid, "create", err);
	if (!ipc_trust_found(ds->shm_perm.cuid, trusted))
		return ipc_memory_foreign(address, ds->shm_perm.cuid, "create", err);
	return 0;
}

/*
 * One that may neither be read nor written is of no use.  That of another user is not
 * waited for: it would let him hold us up.
 */
static int
accept_existing(const struct ipc_address *address, const struct ipc_memory_plan *plan,
	struct ipc_address *found, struct ipc_error *err)
{
	key_t key = (key_t)address->number;
	struct shmid_ds ds;
	int id = shmget(key, 0, 0);

	if (id >= 0 && ipc_sysv_look(&ipc_shm_sysv_kind, id, &ds) == 0 &&
		is_making(&ds))
		return check_users(address, &ds, plan->trusted, err) < 0
			? -1
			: unfinished(address, ds.shm_cpid, err);
	id = shmget(key, 0, 0444); /* such bits ask; 0 would ask nothing */
	if (id < 0 && errno == EACCES)
		id = shmget(key, 0, 0222);
	if (id < 0 || ipc_sysv_look(&ipc_shm_sysv_kind, id, &ds) < 0)
		return ipc_sysv_fail(&ipc_shm_sysv_kind, address, "create", errno, err);
	if (check_users(address, &ds, plan->trusted, err) < 0)
		return -1;
	if (plan->size != IPC_UNKNOWN && plan->size != ds.shm_segsz)
		return ipc_refuse(err, IPC_EXISTS, EEXIST,
			"create '%s': it exists with %ju bytes, not %ju", address->text,
			(uintmax_t)ds.shm_segsz, (uintmax_t)plan->size);
	*found = ipc_address_id(id);
	return 0;
}

/* Takes the memory; a kernel that cannot do so leaves that for later. */
static int
populate(int id, uint64_t size)
{
	char *base = shmat(id, NULL, 0);
	int code = 0;

	if ((intptr_t)base == -1)
		return errno;
	while (madvise(base, size, MADV_POPULATE_WRITE) < 0) {
		code = errno == EINVAL || errno == EINTR ? 0 : ENOMEM;
		if (errno != EINTR)
			break;
	}
	shmdt(base);
	return code;
}

/* Ends the making of a segment: without all this, none. */
static int
finish(int id, const struct ipc_memory_plan *plan)
{
	struct shmid_ds ds;
	int code = populate(id, plan->size);

	if (code == 0)
		code = shmctl(id, IPC_STAT, &ds) < 0 ? errno : 0;
	ds.shm_perm.mode = plan->mode;
	if (code == 0 && shmctl(id, IPC_SET, &ds) < 0)
		code = errno;
	if (code != 0)
		shmctl(id, IPC_RMID, NULL);
	return code;
}

static int
create(const struct ipc_address *address, const struct ipc_memory_plan *plan,
	struct ipc_address *found, bool *made, struct ipc_error *err)
{
	key_t key = address->kind == IPC_SYSV_PRIVATE ? IPC_PRIVATE
						      : (key_t)address->number;
	const int how = plan->sparse ? (int)plan->mode | SHM_NORESERVE : IPC_SHM_MAKING;
	int id = -1, code;

	errno = ENOENT;
	if (key != IPC_PRIVATE)
		id = shmget(key, 0, 0);
	if (id >= 0 || errno == EACCES)
		return plan->exclusive
			? ipc_fail(err, EEXIST, "create '%s'", address->text)
			: accept_existing(address, plan, found, err);
	if (plan->size == IPC_UNKNOWN)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' %s: --size says how many bytes it shall have",
			address->text,
			key == IPC_PRIVATE ? "is a new segment" : "does not exist");
	id = shmget(key, plan->size, IPC_CREAT | IPC_EXCL | how);
	if (id < 0 && errno == EEXIST && !plan->exclusive)
		return ipc_fail(err, ENOENT, "create '%s'", address->text);
	code = id < 0 ? errno : plan->sparse ? 0 : finish(id, plan);
	if (code != 0)
		return refused(address, plan->size, code, err);
	*made = true;
	*found = ipc_address_id(id);
	return 0;
}

int
ipc_shm_sysv_create(const struct ipc_address *address,
	const struct ipc_memory_plan *plan, struct ipc_address *found, bool *made,
	struct ipc_error *err)
{
	struct ipc_wait pause = IPC_WAIT(MAKING_NS);
	int result = -1;

	if (address->kind == IPC_SYSV_ID)
		return ipc_sysv_fail_id(address, err);
	if (plan->size == 0)
		return ipc_refuse(err, IPC_LIMIT, EINVAL,
			"create '%s': a System V segment has at least 1 byte (SHMMIN)",
			address->text);
	if (plan->mode == IPC_SHM_MAKING && address->kind != IPC_SYSV_PRIVATE)
		return ipc_shm_sysv_mark(address, "create", err);
	/* ENOENT: it was there, and was removed, or made, before we could look at it. */
	for (int try = 0; try < TRIES; try++) {
		result = create(address, plan, found, made, err);
		if (result == 0 || (errno != ENOENT && errno != EAGAIN))
			break;
		if (errno == EAGAIN) {
			ipc_wait_start(&pause);
			ipc_wait_for(-1, 0, &pause);
		}
	}
	return result;
}
