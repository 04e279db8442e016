/* shm-sysv-stat.c - System V shared memory: what is known of it, and changes to it */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "auto.h"
#include "shm.h"

/* Bytes of one segment in memory and in swap, of which no call tells. */
struct share {
	int id;
	uint64_t resident, swapped;
};

static int
by_share_id(const void *a, const void *b)
{
	const struct share *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

/*
 * Those of all segments, *count of them, from sysvipc(5) of /proc, by id; or NULL.  At a
 * glance, none: to read that takes longer than all else together.
 */
static struct share *
read_shares(enum ipc_memory_look look, size_t *count)
{
	FILE *file =
		look == IPC_MEMORY_GLANCE ? NULL : fopen("/proc/sysvipc/shm", "re");
	struct share *shares = NULL;
	autofree char *line = NULL;
	size_t length = 0, room = 0;

	*count = 0;
	while (file != NULL && getline(&line, &length, file) > 0) {
		struct share share;

		if (sscanf(line,
			    "%*d %d %*o %*u %*d %*d %*u %*u %*u %*u %*u %*u %*u %*u "
			    "%" SCNu64 " %" SCNu64,
			    &share.id, &share.resident, &share.swapped) != 3)
			continue;
		if (*count == room) {
			struct share *more =
				reallocarray(shares, room * 2 + 64, sizeof(*more));

			if (more == NULL)
				break;
			shares = more;
			room = room * 2 + 64;
		}
		shares[(*count)++] = share;
	}
	if (file != NULL)
		fclose(file);
	if (*count > 0)
		qsort(shares, *count, sizeof(*shares), by_share_id);
	return shares;
}

static void
fill_share(struct ipc_memory_info *info, const struct share *shares, size_t count)
{
	const struct share wanted = { .id = (int)info->id };
	const struct share *share = count == 0
		? NULL
		: bsearch(&wanted, shares, count, sizeof(*shares), by_share_id);

	if (share == NULL)
		return;
	info->resident = share->resident;
	info->used = share->resident + share->swapped;
}

static void
fill(struct ipc_memory_info *info, int id, const struct shmid_ds *ds)
{
	*info = (struct ipc_memory_info){
		.address = ipc_address_id(id),
		.size = ds->shm_segsz,
		.used = IPC_UNKNOWN,
		.resident = IPC_UNKNOWN,
		.attached = ds->shm_nattch,
		.locked = (ds->shm_perm.mode & SHM_LOCKED) != 0,
		.removed = (ds->shm_perm.mode & SHM_DEST) != 0,
		.device = IPC_UNKNOWN,
		.inode = IPC_UNKNOWN,
		.links = IPC_UNKNOWN,
		.key = (uint32_t)ds->shm_perm.__key,
		.id = (uint64_t)id,
		.creator = ipc_sysv_pid(ds->shm_cpid, true),
		.last = ipc_sysv_pid(
			ds->shm_lpid, ds->shm_atime != 0 || ds->shm_dtime != 0),
		.creator_uid = ds->shm_perm.cuid,
		.attach_time = ipc_sysv_time(ds->shm_atime),
		.detach_time = ipc_sysv_time(ds->shm_dtime),
		.mode = ds->shm_perm.mode & 0777,
		.uid = ds->shm_perm.uid,
		.gid = ds->shm_perm.gid,
		.created = IPC_UNKNOWN_TIME,
		.accessed = ipc_sysv_time(
			ds->shm_atime > ds->shm_dtime ? ds->shm_atime : ds->shm_dtime),
		.modified = IPC_UNKNOWN_TIME,
		.changed = ds->shm_ctime,
		.generation = ipc_sysv_generation_of_segment(ds),
	};
}

int
ipc_shm_sysv_stat(const struct ipc_address *address, enum ipc_memory_look look,
	struct ipc_memory_info *info, struct ipc_error *err)
{
	int id = ipc_sysv_id(&ipc_shm_sysv_kind, address, "inspect", err);
	autofree struct share *shares = NULL;
	struct shmid_ds ds;
	size_t count;

	if (id < 0)
		return -1;
	if (ipc_sysv_look(&ipc_shm_sysv_kind, id, &ds) < 0)
		return ipc_sysv_fail(
			&ipc_shm_sysv_kind, address, "inspect", errno, err);
	fill(info, id, &ds);
	shares = read_shares(look, &count);
	fill_share(info, shares, count);
	return 0;
}

struct tour {
	int (*visit)(const struct ipc_memory_info *info, void *arg);
	void *arg;
	const struct share *shares;
	size_t share_count;
};

static int
visit_one(int id, const void *ds, void *arg)
{
	const struct tour *tour = arg;
	struct ipc_memory_info info;

	fill(&info, id, ds);
	fill_share(&info, tour->shares, tour->share_count);
	return tour->visit(&info, tour->arg);
}

int
ipc_shm_sysv_each(enum ipc_memory_look look,
	int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
	struct ipc_error *err)
{
	size_t count;
	autofree struct share *shares = read_shares(look, &count);
	struct tour tour = { visit, arg, shares, count };

	return ipc_sysv_each(&ipc_shm_sysv_kind, visit_one, &tour, err);
}

int
ipc_shm_sysv_change(const struct ipc_address *address,
	const struct ipc_memory_change *change, struct ipc_error *err)
{
	int id = ipc_sysv_id(&ipc_shm_sysv_kind, address, "change", err);
	struct shmid_ds ds;

	if (id < 0)
		return -1;
	if (ipc_sysv_look(&ipc_shm_sysv_kind, id, &ds) < 0)
		return ipc_sysv_fail(&ipc_shm_sysv_kind, address, "change", errno, err);
	ipc_sysv_permit(
		&ds.shm_perm, change->uid, change->gid, change->new_mode, change->arg);
	if (change->new_mode != NULL && ds.shm_perm.mode == IPC_SHM_MAKING)
		return ipc_shm_sysv_mark(address, "change the mode of", err);
	if (shmctl(id, IPC_SET, &ds) == 0)
		return 0;
	return ipc_sysv_fail(&ipc_shm_sysv_kind, address, "change", errno, err);
}
