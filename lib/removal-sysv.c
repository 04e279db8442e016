/* removal-sysv.c - removing System V objects: what an id stands for */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "become.h"
#include "removal.h"
#include "sysv.h"

/* What has to be looked at once more, right before. */
struct now {
	uid_t uid;
	int64_t changed;
	uint64_t generation, attached, messages;
};

/* semctl(2) leaves its definition to the caller. */
union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
};

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
				.generation = ipc_sysv_generation_of_set(&sem),
			};
		return result;
	}
}

static int
destroy(enum ipc_type type, int id)
{
	switch (type) {
	case IPC_SYSV_SHM:
		return shmctl(id, IPC_RMID, NULL);
	case IPC_SYSV_MQ:
		return msgctl(id, IPC_RMID, NULL);
	default:
		return semctl(id, 0, IPC_RMID);
	}
}

static int
fail(const struct ipc_removal *removal, int code, bool is_root, struct ipc_error *err)
{
	if (code == EINVAL || code == EIDRM)
		code = ENOENT;
	/* Root acts as the owner: it is somebody else's by now. */
	if (is_root && (code == EPERM || code == EACCES))
		return ipc_removal_other(removal, err);
	return ipc_removal_fail(removal, code, err);
}

/* Whether it is what it was a moment ago. */
static int
check(const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	const struct ipc_object *object = &removal->item->evidence.object;
	struct now now;

	if (look(object->type, (int)object->number, &now) < 0)
		/* An owner may be kept from reading it, and yet may remove it. */
		return errno == EACCES ? 0 : fail(removal, errno, false, err);
	if (now.uid != object->uid || now.changed != object->changed ||
		now.generation != object->generation)
		return ipc_removal_other(removal, err);
	if (now.attached > 0 && !(allowed & IPC_REMOVE_IN_USE))
		return ipc_refuse(err, IPC_REFUSED, EBUSY,
			"remove '%s': it is in use: a process attached it just now",
			removal->item->address);
	if (now.messages > 0 && !(allowed & IPC_REMOVE_DATA))
		return ipc_removal_fail(removal, ENOTEMPTY, err);
	return 0;
}

static int
sysv_commit(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	const struct ipc_object *object = &removal->item->evidence.object;
	bool changed;
	int code;

	if (check(removal, allowed, err) < 0)
		return -1;
	code = ipc_become(object->uid, &changed);
	if (code != 0)
		return ipc_removal_fail(removal, code, err);
	if (destroy(object->type, (int)object->number) < 0)
		code = errno;
	ipc_become_root(changed);
	return code == 0 ? 0 : fail(removal, code, changed, err);
}

const struct ipc_removal_ops ipc_removal_sysv = {
	.commit = sysv_commit,
};
