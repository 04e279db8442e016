/* mq-sysv-stat.c - System V message queues: what is known of them, and changes to it */
#include <errno.h>
#include <unistd.h>

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

static int64_t
later(int64_t one, int64_t other)
{
	return one > other ? one : other;
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
		.sender = ipc_sysv_pid(ds->msg_lspid, ds->msg_stime != 0),
		.receiver = ipc_sysv_pid(ds->msg_lrpid, ds->msg_rtime != 0),
		.sent = ds->msg_stime,
		.received = ds->msg_rtime,
		.mode = ds->msg_perm.mode & 0777,
		.uid = ds->msg_perm.uid,
		.gid = ds->msg_perm.gid,
		.created = IPC_UNKNOWN_TIME,
		.accessed = ipc_sysv_time(used),
		.modified = ipc_sysv_time(used),
		.changed = ipc_sysv_time(later(used, ds->msg_ctime)),
		.set = ds->msg_ctime,
		.generation = ipc_sysv_generation_of_queue(ds),
	};
}

int
ipc_mq_sysv_stat(const struct ipc_address *address, enum ipc_mq_look look,
	struct ipc_mq_info *info, struct ipc_error *err)
{
	int id = ipc_sysv_id(&ipc_mq_sysv_kind, address, "inspect", err);
	struct msqid_ds ds;

	(void)look; /* none leaves a trace */
	if (id < 0)
		return -1;
	if (ipc_sysv_look(&ipc_mq_sysv_kind, id, &ds) < 0)
		return ipc_sysv_fail(&ipc_mq_sysv_kind, address, "inspect", errno, err);
	fill(info, id, &ds, ipc_mq_sysv_longest());
	return 0;
}

struct tour {
	int (*visit)(const struct ipc_mq_info *info, void *arg);
	void *arg;
	uint64_t longest;
};

static int
visit_one(int id, const void *ds, void *arg)
{
	const struct tour *tour = arg;
	struct ipc_mq_info info;

	fill(&info, id, ds, tour->longest);
	return tour->visit(&info, tour->arg);
}

int
ipc_mq_sysv_each(enum ipc_mq_look look,
	int (*visit)(const struct ipc_mq_info *info, void *arg), void *arg,
	bool *complete, struct ipc_error *err)
{
	struct tour tour = { visit, arg, ipc_mq_sysv_longest() };

	(void)look;
	*complete = true;
	return ipc_sysv_each(&ipc_mq_sysv_kind, visit_one, &tour, err);
}

int
ipc_mq_sysv_change(const struct ipc_address *address,
	const struct ipc_mq_change *change, struct ipc_error *err)
{
	int id = ipc_sysv_id(&ipc_mq_sysv_kind, address, "change", err);
	struct msqid_ds ds;
	bool is_ours;
	uid_t owner;

	if (id < 0)
		return -1;
	if (change->bytes_limit == 0)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' would be a queue for 0 bytes", address->text);
	if (ipc_sysv_look(&ipc_mq_sysv_kind, id, &ds) < 0)
		return ipc_sysv_fail(&ipc_mq_sysv_kind, address, "change", errno, err);
	owner = ds.msg_perm.uid;
	ipc_sysv_permit(
		&ds.msg_perm, change->uid, change->gid, change->new_mode, change->arg);
	if (change->bytes_limit != IPC_UNKNOWN)
		ds.msg_qbytes = change->bytes_limit;
	if (msgctl(id, IPC_SET, &ds) == 0)
		return 0;
	is_ours = geteuid() == 0 || geteuid() == owner || geteuid() == ds.msg_perm.cuid;
	if (errno == EPERM && is_ours &&
		ds.msg_qbytes > ipc_proc_number("/proc/sys/kernel/msgmnb"))
		return ipc_mq_sysv_too_many_bytes(address, ds.msg_qbytes, err);
	return ipc_sysv_fail(&ipc_mq_sysv_kind, address, "change", errno, err);
}
