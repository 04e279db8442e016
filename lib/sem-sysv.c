/* sem-sysv.c - sets of semaphores of System V, sysvipc(7) */
#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#include "auto.h"
#include "scan.h"
#include "sem.h"

/* semctl(2) leaves its definition to the caller. */
union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
	struct seminfo *info;
};

static int
fail(const struct ipc_address *address, const char *action, int code,
	struct ipc_error *err)
{
	if (code == EINVAL || code == EIDRM) /* for an id there is, or was, none */
		return ipc_refuse(err, IPC_NO_OBJECT, ENOENT, "%s '%s': %s", action,
			address->text,
			code == EIDRM ? "it was removed" : "no such set of semaphores");
	return ipc_fail(err, code, "%s '%s'", action, address->text);
}

/* The id that the address stands for, or -1. */
static int
find(const struct ipc_address *address, const char *action, struct ipc_error *err)
{
	int id;

	if (address->kind == IPC_SYSV_ID)
		return (int)address->number;
	if (address->kind == IPC_SYSV_PRIVATE)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'private' is a set only to create: it has an id then");
	id = semget((key_t)address->number, 0, 0);
	return id >= 0 ? id : fail(address, action, errno, err);
}

/* The highest place of a set, or -1. */
static int
last_place(void)
{
	struct seminfo totals;

	return semctl(0, 0, SEM_INFO, (union semun){ .info = &totals });
}

/* What the kernel knows of a set, whoever may read it. */
static int
look(int id, struct semid_ds *ds)
{
	const union semun into = { .buf = ds };
	int last;

	if (semctl(id, 0, IPC_STAT, into) == 0)
		return 0;
	if (errno != EACCES)
		return -1;
	/* SEM_STAT_ANY goes by place, not id, and tells the id of the set there. */
	last = last_place();
	for (int place = 0; place <= last; place++)
		if (semctl(place, 0, SEM_STAT_ANY, into) == id)
			return 0;
	errno = EACCES;
	return -1;
}

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
		.operated = ds->sem_otime == 0 ? IPC_UNKNOWN_TIME : ds->sem_otime,
		.changed = ds->sem_ctime,
	};
	fill_members(info, id, ds);
}

static int
sysv_stat(const struct ipc_address *address, struct ipc_sem_info *info,
	struct ipc_error *err)
{
	int id = find(address, "inspect", err);
	struct semid_ds ds;

	if (id < 0)
		return -1;
	if (look(id, &ds) < 0)
		return fail(address, "inspect", errno, err);
	fill(info, id, &ds);
	return 0;
}

static int
by_id(const void *a, const void *b)
{
	const struct ipc_sem_info *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

static int
sysv_each(int (*visit)(const struct ipc_sem_info *info, void *arg), void *arg,
	struct ipc_error *err)
{
	autofree struct ipc_sem_info *infos = NULL;
	int last = last_place(), stop = 0;
	size_t count = 0;

	if (last < 0 && errno == ENOSYS)
		return 0; /* a kernel without them has none */
	if (last >= 0)
		infos = calloc((size_t)last + 1, sizeof(*infos));
	if (infos == NULL)
		return ipc_fail(err, errno, "list the System V semaphores");
	for (int place = 0; place <= last; place++) {
		struct semid_ds ds;
		int id = semctl(place, 0, SEM_STAT_ANY, (union semun){ .buf = &ds });

		if (id >= 0)
			fill(&infos[count++], id, &ds);
	}
	qsort(infos, count, sizeof(*infos), by_id);
	for (size_t i = 0; i < count && stop == 0; i++)
		stop = visit(&infos[i], arg);
	return stop;
}

static int
sysv_remove(const struct ipc_address *address, struct ipc_error *err)
{
	int id = find(address, "remove", err);

	if (id < 0)
		return -1;
	if (semctl(id, 0, IPC_RMID) < 0)
		return fail(address, "remove", errno, err);
	return 0;
}

const struct ipc_sem_ops ipc_sem_sysv = {
	.stat = sysv_stat,
	.each = sysv_each,
	.remove = sysv_remove,
};
