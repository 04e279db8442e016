/* mq-sysv-stat.c - System V message queues: what is known of them, and changes to it */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "auto.h"
#include "mq-sysv.h"
#include "mq.h"
#include "proc.h"

uint64_t
ipc_mq_sysv_longest(void)
{
	struct msginfo info;

	return msgctl(0, IPC_INFO, (struct msqid_ds *)(void *)&info) < 0
		? 8192
		: (uint64_t)(unsigned int)info.msgmax;
}

int
ipc_mq_sysv_look(int id, struct msqid_ds *ds)
{
	struct msginfo info;
	int last;

	if (msgctl(id, IPC_STAT, ds) == 0)
		return 0;
	if (errno != EACCES)
		return -1;
	/* MSG_STAT_ANY goes by place, not id, and tells the id of the queue there. */
	last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&info);
	for (int place = 0; place <= last; place++)
		if (msgctl(place, MSG_STAT_ANY, ds) == id)
			return 0;
	errno = EACCES;
	return -1;
}

static int64_t
later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

/* Seconds since 1970, or 0: never. */
static int64_t
known(int64_t time)
{
	return time == 0 ? IPC_UNKNOWN_TIME : time;
}

/* In another PID namespace than that of the process it reads 0. */
static uint64_t
pid_of(pid_t pid, int64_t time)
{
	return pid == 0 && time != 0 ? IPC_UNKNOWN : (uint64_t)pid;
}

static void
fill(struct ipc_mq_info *info, int id, const struct msqid_ds *ds, uint64_t longest)
{
	int64_t used = later(ds->msg_stime, ds->msg_rtime);

	*info = (struct ipc_mq_info){
		.address = ipc_address_id(id),
		.size = ds->msg_qbytes,
		.bytes = ds->__msg_cbytes,
		.capacity = IPC_UNKNOWN,
		.messages = ds->msg_qnum,
		.message_size = longest < ds->msg_qbytes ? longest : ds->msg_qbytes,
		.notify_pid = IPC_UNKNOWN,
		.notify_signal = IPC_UNKNOWN,
		.device = IPC_UNKNOWN,
		.inode = IPC_UNKNOWN,
		.key = (uint32_t)ds->msg_perm.__key,
		.id = (uint64_t)id,
		.sender = pid_of(ds->msg_lspid, ds->msg_stime),
		.receiver = pid_of(ds->msg_lrpid, ds->msg_rtime),
		.sent = ds->msg_stime,
		.received = ds->msg_rtime,
		.mode = ds->msg_perm.mode & 0777,
		.uid = ds->msg_perm.uid,
		.gid = ds->msg_perm.gid,
		.created = IPC_UNKNOWN_TIME,
		.accessed = known(used),
		.modified = known(used),
		.changed = known(later(used, ds->msg_ctime)),
		.set = ds->msg_ctime,
	};
}

int
ipc_mq_sysv_stat(const struct ipc_address *address, enum ipc_mq_look look,
	struct ipc_mq_info *info, struct ipc_error *err)
{
	int id = ipc_mq_sysv_id(address, "inspect", err);
	struct msqid_ds ds;

	(void)look; /* none leaves a trace */
	if (id < 0)
		return -1;
	if (ipc_mq_sysv_look(id, &ds) < 0)
		return ipc_mq_sysv_fail(address, "inspect", errno, err);
	fill(info, id, &ds, ipc_mq_sysv_longest());
	return 0;
}

static int
by_id(const void *a, const void *b)
{
	const struct ipc_mq_info *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

int
ipc_mq_sysv_each(enum ipc_mq_look look,
	int (*visit)(const struct ipc_mq_info *info, void *arg), void *arg,
	bool *complete, struct ipc_error *err)
{
	struct msginfo totals;
	int last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&totals);
	autofree struct ipc_mq_info *infos = NULL;
	uint64_t longest = ipc_mq_sysv_longest();
	size_t count = 0;
	int stop = 0;

	(void)look;
	*complete = true;
	if (last < 0 && errno == ENOSYS)
		return 0; /* a kernel without them has none */
	if (last >= 0)
		infos = calloc((size_t)last + 1, sizeof(*infos));
	if (infos == NULL)
		return ipc_fail(err, errno, "list the System V queues");
	for (int place = 0; place <= last; place++) {
		struct msqid_ds ds;
		int id = msgctl(place, MSG_STAT_ANY, &ds);

		if (id >= 0)
			fill(&infos[count++], id, &ds, longest);
	}
	qsort(infos, count, sizeof(*infos), by_id);
	for (size_t i = 0; i < count && stop == 0; i++)
		stop = visit(&infos[i], arg);
	return stop;
}

int
ipc_mq_sysv_change(const struct ipc_address *address,
	const struct ipc_mq_change *change, struct ipc_error *err)
{
	int id = ipc_mq_sysv_id(address, "change", err);
	struct msqid_ds ds;
	bool is_ours;
	uid_t owner;

	if (id < 0)
		return -1;
	if (change->bytes_limit == 0)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' would be a queue for 0 bytes", address->text);
	if (ipc_mq_sysv_look(id, &ds) < 0)
		return ipc_mq_sysv_fail(address, "change", errno, err);
	owner = ds.msg_perm.uid;
	if (change->uid != (uid_t)-1)
		ds.msg_perm.uid = change->uid;
	if (change->gid != (gid_t)-1)
		ds.msg_perm.gid = change->gid;
	if (change->new_mode != NULL)
		ds.msg_perm.mode =
			change->new_mode(ds.msg_perm.mode & 0777, change->arg);
	if (change->bytes_limit != IPC_UNKNOWN)
		ds.msg_qbytes = change->bytes_limit;
	if (msgctl(id, IPC_SET, &ds) == 0)
		return 0;
	is_ours = geteuid() == 0 || geteuid() == owner || geteuid() == ds.msg_perm.cuid;
	if (errno == EPERM && is_ours &&
		ds.msg_qbytes > ipc_proc_number("/proc/sys/kernel/msgmnb"))
		return ipc_mq_sysv_too_many_bytes(address, ds.msg_qbytes, err);
	return ipc_mq_sysv_fail(address, "change", errno, err);
}
