/* removal-sysv.c - removing System V objects: what an id stands for */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include <ipcutil/trust.h>

#include "become.h"
#include "removal.h"
#include "sysv.h"

/* What has to be looked at once more, right before. */
struct now {
	uid_t uid;
	int64_t changed, operated;
	uint64_t generation, attached, messages;
};

/* semctl(2) leaves its definition to the caller. */
union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
};

static bool
is_waited_in(const struct ipc_removal *removal)
{
	static const int kinds[] = { GETNCNT, GETZCNT };
	const struct ipc_sem_info *set = &removal->item->sem;

	for (int i = 0; i < 2 * (int)set->members; i++)
		if (semctl((int)set->id, i / 2, kinds[i % 2]) > 0)
			return true;
	return false;
}

static int
look(enum ipc_type type, int id, struct now *now)
{
	struct shmid_ds shm;
	struct msqid_ds mq;
	struct semid_ds sem;
	int result;

	*now = (struct now){ .uid = (uid_t)-1 };
	switch (type) {
	case IPC_SYSV_SHM:
		result = shmctl(id, IPC_STAT, &shm);
		if (result == 0)
			*now = (struct now){
				.uid = shm.shm_perm.uid,
				.changed = shm.shm_ctime,
				.generation = ipc_sysv_generation_of_segment(&shm),
				.attached = shm.shm_nattch,
			};
		return result;
	case IPC_SYSV_MQ:
		result = msgctl(id, IPC_STAT, &mq);
		if (result == 0)
			*now = (struct now){
				.uid = mq.msg_perm.uid,
				.changed = mq.msg_ctime,
				.generation = ipc_sysv_generation_of_queue(&mq),
				.messages = mq.msg_qnum,
			};
		return result;
	default:
		result = semctl(id, 0, IPC_STAT, (union semun){ .buf = &sem });
		if (result == 0)
			*now = (struct now){
				.uid = sem.sem_perm.uid,
				.changed = sem.sem_ctime,
				.operated = ipc_sysv_time(sem.sem_otime),
				.generation = ipc_sysv_generation_of_set(&sem),
			};
		return result;
	}
}

/*
 * IPC_RMID; or IPC_SET, with an owner that nobody can be, so that nothing is set: EINVAL where
 * the kernel would let us remove it.
 */
static int
control(enum ipc_type type, int id, int cmd)
{
	struct shmid_ds shm = { .shm_perm.uid = IPC_NOBODY };
	struct msqid_ds mq = { .msg_perm.uid = IPC_NOBODY };
	struct semid_ds sem = { .sem_perm.uid = IPC_NOBODY };

	switch (type) {
	case IPC_SYSV_SHM:
		return shmctl(id, cmd, &shm);
	case IPC_SYSV_MQ:
		return msgctl(id, cmd, &mq);
	default:
		return semctl(id, 0, cmd, (union semun){ .buf = &sem });
	}
}

static int
fail(const struct ipc_removal *removal, int code, struct ipc_error *err)
{
	if (code == EINVAL || code == EIDRM)
		code = ENOENT;
	return ipc_removal_fail(removal, code, err);
}

/* Whether it is what it was a moment ago, which is looked at last. */
static int
check(const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	const struct ipc_object *object = &removal->item->evidence.object;
	const bool is_used = object->type == IPC_SYSV_SEM && is_waited_in(removal);
	struct now now;

	if (look(object->type, (int)object->number, &now) < 0)
		/* An owner may be kept from reading it, and yet may remove it. */
		return errno == EACCES ? 0 : fail(removal, errno, err);
	if (now.uid != object->uid || now.changed != object->changed ||
		now.generation != object->generation)
		return ipc_removal_other(removal, err);
	if (now.attached > 0 && !(allowed & IPC_REMOVE_IN_USE))
		return ipc_refuse(err, IPC_REFUSED, EBUSY,
			"remove '%s': it is in use: a process attached it just now",
			removal->item->address);
	if (!(allowed & IPC_REMOVE_IN_USE) &&
		(is_used ||
			(object->type == IPC_SYSV_SEM &&
				now.operated != removal->item->sem.operated)))
		return ipc_refuse(err, IPC_REFUSED, EBUSY,
			"remove '%s': it is in use: a process used it just now",
			removal->item->address);
	if (now.messages > 0 && !(allowed & IPC_REMOVE_DATA))
		return ipc_removal_fail(removal, ENOTEMPTY, err);
	return 0;
}

/* Does that as the owner, for root: 0, or -1 with the failure of a removal. */
static int
act(const struct ipc_removal *removal, unsigned int allowed, int cmd,
	struct ipc_error *err)
{
	const struct ipc_object *object = &removal->item->evidence.object;
	bool changed;
	int code = 0;

	if (check(removal, allowed, err) < 0 ||
		ipc_removal_become(removal, &changed, err) < 0)
		return -1;
	if (control(object->type, (int)object->number, cmd) < 0)
		code = errno;
	ipc_become_root(changed);
	if (code == 0 || (cmd == IPC_SET && code == EINVAL))
		return 0;
	/* Root acted as the owner: it may be somebody else's by now. */
	if (changed && code == EPERM && check(removal, allowed, err) < 0)
		return -1;
	return fail(removal, code, err);
}

static int
sysv_check(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	return act(removal, allowed, IPC_SET, err);
}

static int
sysv_commit(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	return act(removal, allowed, IPC_RMID, err);
}

const struct ipc_removal_ops ipc_removal_sysv = {
	.check = sysv_check,
	.commit = sysv_commit,
};
