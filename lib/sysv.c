/* sysv.c - what objects of System V have alike */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include <ipcutil/number.h>

#include "auto.h"
#include "object.h"
#include "sysv.h"

int
ipc_sysv_fail(const struct ipc_sysv *kind, const struct ipc_address *address,
	const char *action, int code, struct ipc_error *err)
{
	if (code == EINVAL) /* for an id there is none */
		return ipc_refuse(err, IPC_NO_OBJECT, ENOENT, "%s '%s': no such %s",
			action, address->text, kind->name);
	if (code == EIDRM)
		return ipc_refuse(err, IPC_NO_OBJECT, ENOENT, "%s '%s': it was removed",
			action, address->text);
	return ipc_fail(err, code, "%s '%s'", action, address->text);
}

int
ipc_sysv_fail_id(const struct ipc_address *address, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_MISUSE, EINVAL,
		"'%s': an id is the kernel's to choose; create takes a key, or 'private'",
		address->text);
}

int
ipc_sysv_id(const struct ipc_sysv *kind, const struct ipc_address *address,
	const char *action, struct ipc_error *err)
{
	int id;

	if (address->kind == IPC_SYSV_ID)
		return (int)address->number;
	if (address->kind == IPC_SYSV_PRIVATE)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'private' is a %s only to create: it has an id then",
			kind->name);
	id = kind->find((key_t)address->number);
	return id >= 0 ? id : ipc_sysv_fail(kind, address, action, errno, err);
}

int
ipc_sysv_look(const struct ipc_sysv *kind, int id, void *ds)
{
	int last;

	if (kind->stat(id, ds) == 0)
		return 0;
	if (errno != EACCES)
		return -1;
	/* What tells anybody goes by place, not id, and says whose place it is. */
	last = kind->last_place();
	for (int place = 0; place <= last; place++)
		if (kind->stat_place(place, ds) == id)
			return 0;
	errno = EACCES;
	return -1;
}

struct found {
	int id;
	union {
		struct msqid_ds mq;
		struct shmid_ds shm;
		struct semid_ds sem;
	} ds;
};

static int
by_id(const void *a, const void *b)
{
	const struct found *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

int
ipc_sysv_each(const struct ipc_sysv *kind,
	int (*visit)(int id, const void *ds, void *arg), void *arg,
	struct ipc_error *err)
{
	const int last = kind->last_place();
	autofree struct found *found = NULL;
	size_t count = 0;
	int stop = 0;

	if (last < 0 && errno == ENOSYS)
		return 0; /* a kernel without them has none */
	if (last >= 0)
		found = calloc((size_t)last + 1, sizeof(*found));
	if (found == NULL)
		return ipc_fail(err, errno, "list the System V %s", kind->names);
	for (int place = 0; place <= last; place++) {
		found[count].id = kind->stat_place(place, &found[count].ds);
		count += found[count].id >= 0;
	}
	qsort(found, count, sizeof(*found), by_id);
	for (size_t i = 0; i < count && stop == 0; i++)
		stop = visit(found[i].id, &found[i].ds, arg);
	return stop;
}

int
ipc_sysv_remove(const struct ipc_sysv *kind, const struct ipc_address *address,
	struct ipc_error *err)
{
	int id = ipc_sysv_id(kind, address, "remove", err);

	if (id < 0)
		return -1;
	if (kind->remove(id) < 0)
		return ipc_sysv_fail(kind, address, "remove", errno, err);
	return 0;
}

void
ipc_sysv_permit(struct ipc_perm *perm, uid_t uid, gid_t gid,
	mode_t (*new_mode)(mode_t old, const void *arg), const void *arg)
{
	if (uid != (uid_t)-1)
		perm->uid = uid;
	if (gid != (gid_t)-1)
		perm->gid = gid;
	if (new_mode != NULL)
		perm->mode = new_mode(perm->mode & 0777, arg);
}

static uint64_t
generation(const struct ipc_perm *perm, key_t key, uint64_t size, pid_t creator)
{
	const uint64_t made_with[] = { (uint32_t)key, perm->cuid, perm->cgid, size,
		(uint64_t)creator };

	return ipc_object_made_with(made_with, sizeof(made_with) / sizeof(*made_with));
}

uint64_t
ipc_sysv_generation_of_queue(const struct msqid_ds *ds)
{
	return generation(&ds->msg_perm, ds->msg_perm.__key, 0, 0);
}

/* Its key is gone when it only waits for the last to detach it. */
uint64_t
ipc_sysv_generation_of_segment(const struct shmid_ds *ds)
{
	return generation(&ds->shm_perm, 0, ds->shm_segsz, ds->shm_cpid);
}

uint64_t
ipc_sysv_generation_of_set(const struct semid_ds *ds)
{
	return generation(&ds->sem_perm, ds->sem_perm.__key, ds->sem_nsems, 0);
}

int64_t
ipc_sysv_time(int64_t seconds)
{
	return seconds == 0 ? IPC_UNKNOWN_TIME : seconds;
}

uint64_t
ipc_sysv_pid(pid_t pid, bool was_one)
{
	return pid == 0 && was_one ? IPC_UNKNOWN : (uint64_t)pid;
}
