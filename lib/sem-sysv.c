/* sem-sysv.c - sets of semaphores of System V, sysvipc(7) */
#include <errno.h>
#include <sys/sem.h>

#include "scan.h"
#include "sem.h"
#include "sysv.h"

/* semctl(2) leaves its definition to the caller. */
union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
	struct seminfo *info;
};

static int
find(key_t key)
{
	return semget(key, 0, 0);
}

static int
stat_id(int id, void *ds)
{
	return semctl(id, 0, IPC_STAT, (union semun){ .buf = ds });
}

static int
remove_id(int id)
{
	return semctl(id, 0, IPC_RMID);
}

static int
last_place(void)
{
	struct seminfo totals;

	return semctl(0, 0, SEM_INFO, (union semun){ .info = &totals });
}

static int
stat_place(int place, void *ds)
{
	return semctl(place, 0, SEM_STAT_ANY, (union semun){ .buf = ds });
}

static const struct ipc_sysv sets = {
	.name = "set of semaphores",
	.names = "semaphores",
	.find = find,
	.stat = stat_id,
	.remove = remove_id,
	.last_place = last_place,
	.stat_place = stat_place,
};

/* Adds what is asked of one member; IPC_UNKNOWN where it may not be read. */
static void
add(uint64_t *sum, int id, int member, int what)
{
	int count = *sum == IPC_UNKNOWN ? -1 : semctl(id, member, what);

	*sum = count < 0 ? IPC_UNKNOWN : *sum + (uint64_t)count;
}

/* Of two who used it, whom to go by: one that lives, or may, counts more. */
static struct ipc_user
weightier(struct ipc_user one, struct ipc_user other)
{
	static const int weights[] = {
		[IPC_USER_NONE] = 0,
		[IPC_USER_ENDED] = 1,
		[IPC_USER_UNKNOWN] = 2,
		[IPC_USER_LIVES] = 3,
	};

	return weights[one.state] >= weights[other.state] ? one : other;
}

/*
 * The last to operate on a member.  That nobody did, and that somebody of another PID
 * namespace did, both read 0, unless ours is the first: that sees them all.
 */
static struct ipc_user
user_of(int id, int member, const struct semid_ds *ds)
{
	const int64_t used =
		ds->sem_otime > ds->sem_ctime ? ds->sem_otime : ds->sem_ctime;
	const int pid = semctl(id, member, GETPID);

	if (pid < 0)
		return (struct ipc_user){ .state = IPC_USER_UNKNOWN };
	if (pid == 0 && (ds->sem_otime == 0 || ipc_scan_is_first_namespace()))
		return (struct ipc_user){ .state = IPC_USER_NONE };
	return ipc_user_find((uint64_t)pid, used);
}

static void
fill_members(struct ipc_sem_info *info, int id, const struct semid_ds *ds)
{
	uint64_t value = 0;

	for (int member = 0; member < (int)ds->sem_nsems; member++) {
		add(&value, id, member, GETVAL);
		add(&info->waiters, id, member, GETNCNT);
		add(&info->zero_waiters, id, member, GETZCNT);
		info->user = weightier(info->user, user_of(id, member, ds));
		if (value == IPC_UNKNOWN)
			break; /* nor may the others be read */
	}
	info->value = info->members == 1 ? value : IPC_UNKNOWN;
	info->last = info->user.state == IPC_USER_NONE ? 0
		: info->user.pid == 0                  ? IPC_UNKNOWN
						       : (uint64_t)info->user.pid;
}

static void
fill(struct ipc_sem_info *info, int id, const struct semid_ds *ds)
{
	*info = (struct ipc_sem_info){
		.address = ipc_address_id(id),
		.members = ds->sem_nsems,
		.size = IPC_UNKNOWN,
		.device = IPC_UNKNOWN,
		.inode = IPC_UNKNOWN,
		.links = IPC_UNKNOWN,
		.temporary = IPC_UNKNOWN,
		.key = (uint32_t)ds->sem_perm.__key,
		.id = (uint64_t)id,
		.creator_uid = ds->sem_perm.cuid,
		.mode = ds->sem_perm.mode & 0777,
		.uid = ds->sem_perm.uid,
		.gid = ds->sem_perm.gid,
		.created = IPC_UNKNOWN_TIME,
		.operated = ipc_sysv_time(ds->sem_otime),
		.changed = ds->sem_ctime,
		.generation = ipc_sysv_generation_of_set(ds),
	};
	fill_members(info, id, ds);
}

static int
sysv_stat(const struct ipc_address *address, struct ipc_sem_info *info,
	struct ipc_error *err)
{
	int id = ipc_sysv_id(&sets, address, "inspect", err);
	struct semid_ds ds;

	if (id < 0)
		return -1;
	if (ipc_sysv_look(&sets, id, &ds) < 0)
		return ipc_sysv_fail(&sets, address, "inspect", errno, err);
	fill(info, id, &ds);
	return 0;
}

struct tour {
	int (*visit)(const struct ipc_sem_info *info, void *arg);
	void *arg;
};

static int
visit_one(int id, const void *ds, void *arg)
{
	const struct tour *tour = arg;
	struct ipc_sem_info info;

	fill(&info, id, ds);
	return tour->visit(&info, tour->arg);
}

static int
sysv_each(int (*visit)(const struct ipc_sem_info *info, void *arg), void *arg,
	struct ipc_error *err)
{
	struct tour tour = { visit, arg };

	return ipc_sysv_each(&sets, visit_one, &tour, err);
}

static int
sysv_remove(const struct ipc_address *address, struct ipc_error *err)
{
	return ipc_sysv_remove(&sets, address, err);
}

const struct ipc_sem_ops ipc_sem_sysv = {
	.stat = sysv_stat,
	.each = sysv_each,
	.remove = sysv_remove,
};
