/* limits.c - the system's limits on IPC objects, and how much of each is used */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "limits-users.h"
#include "memory.h"
#include "proc.h"

/* What there is of one type. */
struct total {
	uint64_t count;
	uint64_t sum;     /* of pages, of members */
	uint64_t largest; /* bytes, members */
};

uint64_t
ipc_limit_percentage(const struct ipc_limit *limit)
{
	const uint64_t use = limit->use, all = limit->limit;

	if (use == IPC_UNKNOWN || all == IPC_UNKNOWN)
		return IPC_UNKNOWN;
	if (all == 0)
		return 100;
	/* A part of a large limit need not be exact, but is never all of it. */
	return use / all * 100 +
		(all > UINT64_MAX / 100 ? use % all / (all / 100 + 1)
					: use % all * 100 / all);
}

/* What one object adds: to the sum, and as perhaps the largest. */
static void
add(struct total *total, uint64_t part, uint64_t size)
{
	total->count++;
	total->sum += part;
	if (size > total->largest)
		total->largest = size;
}

static struct total
total_of(const struct ipc_inventory *inventory, enum ipc_type type)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct total total = { .count = 0 };

	for (size_t i = 0; i < inventory->count; i++) {
		const struct ipc_item *item = &inventory->items[i];

		if (item->evidence.object.type != type)
			continue;
		if (type == IPC_SYSV_SHM)
			add(&total, item->size / page + (item->size % page != 0),
				item->size);
		else if (type == IPC_SYSV_SEM)
			add(&total, item->sem.members, item->sem.members);
		else
			add(&total, 0, item->mq.bytes);
	}
	return total;
}

static int
tell(const struct ipc_limits_tour *tour, const char *name, const char *what,
	const char *where, uint64_t all, uint64_t use)
{
	const struct ipc_limit limit = {
		.name = name,
		.what = what,
		.where = where,
		.user = (uid_t)-1,
		.limit = all,
		.use = use,
	};

	return tour->visit(&limit, tour->arg);
}

/* A kernel without System V objects has no limits on them. */
static int
tell_shm(const struct ipc_limits_tour *tour, const struct ipc_inventory *inventory)
{
	const struct total total = total_of(inventory, IPC_SYSV_SHM);
	struct shminfo info;
	int stop;

	if (shmctl(0, IPC_INFO, (struct shmid_ds *)(void *)&info) < 0)
		return 0;
	stop = tell(tour, "shmmni", "segments", "sysctl kernel.shmmni", info.shmmni,
		total.count);
	if (stop == 0)
		stop = tell(tour, "shmall", "pages of all segments",
			"sysctl kernel.shmall", info.shmall, total.sum);
	if (stop == 0)
		stop = tell(tour, "shmmax", "bytes of a segment",
			"sysctl kernel.shmmax", info.shmmax, total.largest);
	return stop;
}

static int
tell_mq(const struct ipc_limits_tour *tour, const struct ipc_inventory *inventory)
{
	const struct total total = total_of(inventory, IPC_SYSV_MQ);
	struct msginfo info;
	int stop;

	if (msgctl(0, IPC_INFO, (struct msqid_ds *)(void *)&info) < 0)
		return 0;
	stop = tell(tour, "msgmni", "System V queues", "sysctl kernel.msgmni",
		(uint64_t)(unsigned int)info.msgmni, total.count);
	if (stop == 0)
		stop = tell(tour, "msgmnb", "bytes in a System V queue",
			"sysctl kernel.msgmnb", (uint64_t)(unsigned int)info.msgmnb,
			total.largest);
	return stop;
}

static int
tell_sem(const struct ipc_limits_tour *tour, const struct ipc_inventory *inventory)
{
	static const char where[] = "sysctl kernel.sem";
	const struct total total = total_of(inventory, IPC_SYSV_SEM);
	struct seminfo info;
	int stop;

	if (semctl(0, 0, IPC_INFO, &info) < 0)
		return 0;
	stop = tell(tour, "semmni", "sets of semaphores", where,
		(uint64_t)(unsigned int)info.semmni, total.count);
	if (stop == 0)
		stop = tell(tour, "semmns", "semaphores of all sets", where,
			(uint64_t)(unsigned int)info.semmns, total.sum);
	if (stop == 0)
		stop = tell(tour, "semmsl", "semaphores of a set", where,
			(uint64_t)(unsigned int)info.semmsl, total.largest);
	return stop;
}

static int
tell_posix(const struct ipc_limits_tour *tour, const struct ipc_inventory *inventory)
{
	const bool all = (inventory->incomplete & 1U << IPC_FAMILY_MQ) == 0;
	struct statvfs fs;
	int stop =
		tell(tour, "queues_max", "POSIX queues", "sysctl fs.mqueue.queues_max",
			ipc_proc_number("/proc/sys/fs/mqueue/queues_max"),
			all ? total_of(inventory, IPC_POSIX_MQ).count : IPC_UNKNOWN);

	if (stop != 0 || statvfs(IPC_MEMORY_SHM_DIR, &fs) < 0)
		return stop;
	/* One without a limit counts nothing: see tmpfs(5), size=0. */
	return tell(tour, IPC_MEMORY_SHM_DIR, "bytes of POSIX objects",
		"mount option size of " IPC_MEMORY_SHM_DIR,
		fs.f_blocks == 0 ? IPC_UNKNOWN : (uint64_t)fs.f_blocks * fs.f_frsize,
		fs.f_blocks == 0 ? IPC_UNKNOWN
				 : (uint64_t)(fs.f_blocks - fs.f_bfree) * fs.f_frsize);
}

int
ipc_limits_each(uid_t user, int (*visit)(const struct ipc_limit *limit, void *arg),
	void *arg, bool *complete, struct ipc_error *err)
{
	const struct ipc_limits_tour tour = {
		.user = user == (uid_t)-1 ? getuid() : user,
		.visit = visit,
		.arg = arg,
		.complete = complete,
		.err = err,
	};
	const struct ipc_inventory_plan plan = {
		.families = 1U << IPC_FAMILY_MQ | 1U << IPC_FAMILY_SHM |
			1U << IPC_FAMILY_SEM,
	};
	struct ipc_inventory inventory = { .items = NULL };
	int stop = ipc_inventory_list(&inventory, &plan, err);

	*complete = inventory.incomplete == 0;
	if (stop == 0)
		stop = tell_shm(&tour, &inventory);
	if (stop == 0)
		stop = tell_mq(&tour, &inventory);
	if (stop == 0)
		stop = tell_sem(&tour, &inventory);
	if (stop == 0)
		stop = tell_posix(&tour, &inventory);
	if (stop == 0)
		stop = ipc_limits_users(&tour, &inventory);
	ipc_inventory_free(&inventory);
	return stop;
}
