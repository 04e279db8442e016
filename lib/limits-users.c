/* limits-users.c - the limits that each user has for himself */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ipcutil/pipe.h>

#include "auto.h"
#include "limits-users.h"
#include "mq-posix.h"
#include "proc.h"
#include "scan.h"

/* What one user has of something. */
struct share {
	uid_t user;
	uint64_t use; /* IPC_UNKNOWN */
};

struct shares {
	struct share *share;
	size_t count, room;
};

static int
add(struct shares *shares, uid_t user, uint64_t use, struct ipc_error *err)
{
	struct share *room;
	size_t i = 0;

	while (i < shares->count && shares->share[i].user != user)
		i++;
	if (i == shares->count) {
		room = ipc_scan_room(
			shares->share, &shares->room, shares->count, sizeof(*room));
		if (room == NULL)
			return ipc_fail(err, errno, "look at limits");
		shares->share = room;
		room[shares->count++] = (struct share){ .user = user };
	}
	if (use == IPC_UNKNOWN || shares->share[i].use == IPC_UNKNOWN)
		shares->share[i].use = IPC_UNKNOWN;
	else
		shares->share[i].use += use;
	return 0;
}

static int
by_user(const void *a, const void *b)
{
	const struct share *one = a, *other = b;

	return (one->user > other->user) - (one->user < other->user);
}

static void
sort(struct shares *shares)
{
	if (shares->count > 0)
		qsort(shares->share, shares->count, sizeof(*shares->share), by_user);
}

/* RLIMIT_MSGQUEUE of a process, which proc_pid_limits(5) tells everybody. */
static uint64_t
limit_of(const char *pid)
{
	char path[NAME_MAX + sizeof("/proc//limits")];
	autofree char *line = NULL;
	uint64_t limit = IPC_UNKNOWN;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/limits", pid);
	file = fopen(path, "re");
	while (file != NULL && limit == IPC_UNKNOWN && getline(&line, &room, file) > 0)
		sscanf(line, "Max msgqueue size %" SCNu64, &limit);
	if (file != NULL)
		fclose(file);
	return limit;
}

/* That of any process of the user; IPC_UNKNOWN: he has none. */
static uint64_t
limit_of_user(uid_t user)
{
	autoclosedir DIR *proc = opendir("/proc");
	const struct dirent *entry;
	struct rlimit own;
	uint64_t limit = IPC_UNKNOWN;
	uid_t uid;

	if (user == getuid() && getrlimit(RLIMIT_MSGQUEUE, &own) == 0)
		return own.rlim_cur == RLIM_INFINITY ? IPC_UNKNOWN : own.rlim_cur;
	while (proc != NULL && limit == IPC_UNKNOWN && (entry = readdir(proc)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
			ipc_proc_uid(dirfd(proc), entry->d_name, &uid) == 0 &&
			uid == user)
			limit = limit_of(entry->d_name);
	return limit;
}

static int
tell(const struct ipc_limits_tour *tour, const struct share *share, const char *name,
	const char *what, const char *where, uint64_t all)
{
	const struct ipc_limit limit = {
		.name = name,
		.what = what,
		.where = where,
		.user = share->user,
		.limit = all,
		.use = share->use,
	};

	return tour->visit(&limit, tour->arg);
}

static int
tell_queues(const struct ipc_limits_tour *tour, const struct ipc_inventory *inventory,
	struct shares *shares)
{
	const bool all = (inventory->incomplete & 1U << IPC_FAMILY_MQ) == 0;
	int stop = 0;

	if (add(shares, tour->user, 0, tour->err) < 0)
		return -1;
	for (size_t i = 0; i < inventory->count; i++) {
		const struct ipc_item *item = &inventory->items[i];

		if (item->evidence.object.type == IPC_POSIX_MQ &&
			add(shares, item->evidence.object.uid,
				ipc_mq_posix_cost(
					item->mq.capacity, item->mq.message_size),
				tour->err) < 0)
			return -1;
	}
	sort(shares);
	for (size_t i = 0; i < shares->count && stop == 0; i++) {
		struct share *share = &shares->share[i];

		if (share->use == 0 && !all)
			share->use = IPC_UNKNOWN;
		stop = tell(tour, share, "RLIMIT_MSGQUEUE", "bytes of POSIX queues",
			"ulimit -q", limit_of_user(share->user));
	}
	return stop;
}

static int
count_pipes(const struct ipc_limits_tour *tour, struct shares *shares)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct ipc_discovery found;
	int result = 0;

	if (ipc_holders_discover(1U << IPC_PIPE | 1U << IPC_FIFO, &found, tour->err) <
		0)
		return -1;
	for (size_t i = 0; i < found.count && result == 0; i++) {
		const struct ipc_holder *holders;
		struct ipc_pipe_level level;
		size_t count;

		holders = ipc_holders_of(&found.holders, i, &count);
		if (!ipc_pipe_measure(&found.objects[i], holders, count, &level))
			continue;
		result = add(shares, found.objects[i].uid,
			level.capacity == IPC_UNKNOWN ? IPC_UNKNOWN
						      : level.capacity / page,
			tour->err);
	}
	*tour->complete = *tour->complete && found.holders.blind == 0;
	ipc_discovery_free(&found);
	return result;
}

/* A limit of 0 is none. */
static int
tell_pipes(const struct ipc_limits_tour *tour, struct shares *shares)
{
	static const struct {
		const char *name, *where, *path;
	} limits[] = {
		{ "pipe-user-pages-soft", "sysctl fs.pipe-user-pages-soft",
			"/proc/sys/fs/pipe-user-pages-soft" },
		{ "pipe-user-pages-hard", "sysctl fs.pipe-user-pages-hard",
			"/proc/sys/fs/pipe-user-pages-hard" },
	};
	int stop = 0;

	if (count_pipes(tour, shares) < 0)
		return -1;
	sort(shares);
	for (size_t i = 0; i < 2 * shares->count && stop == 0; i++) {
		const uint64_t all = ipc_proc_number(limits[i % 2].path);

		stop = tell(tour, &shares->share[i / 2], limits[i % 2].name,
			"pages of pipes", limits[i % 2].where,
			all == 0 ? IPC_UNKNOWN : all);
	}
	return stop;
}

int
ipc_limits_users(
	const struct ipc_limits_tour *tour, const struct ipc_inventory *inventory)
{
	struct shares queues = { .count = 0 }, pipes = { .count = 0 };
	int stop = tell_queues(tour, inventory, &queues);

	if (stop == 0)
		stop = tell_pipes(tour, &pipes);
	free(queues.share);
	free(pipes.share);
	return stop;
}
