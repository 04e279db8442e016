/* sysv.h - what objects of System V have alike, sysvipc(7): one row each kind; private */
#ifndef SYSV_H
#define SYSV_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/types.h>

#include <ipcutil/address.h>
#include <ipcutil/error.h>

/* What ds points to is a struct msqid_ds, shmid_ds or semid_ds. */
struct ipc_sysv {
	const char *name;       /* of one, "queue" */
	const char *names;      /* of many, "queues" */
	int (*find)(key_t key); /* the id of an existing one, or -1 */
	int (*stat)(int id, void *ds);
	int (*remove)(int id);
	int (*last_place)(void);                /* the highest that is taken, or -1 */
	int (*stat_place)(int place, void *ds); /* the id of what is there, or -1 */
};

/* Fails with an errno value of one of their calls, told as what it means. */
int ipc_sysv_fail(const struct ipc_sysv *kind, const struct ipc_address *address,
	const char *action, int code, struct ipc_error *err);

/* Refuses to make an object for an id. */
int ipc_sysv_fail_id(const struct ipc_address *address, struct ipc_error *err);

/*
 * The id that the address stands for, or -1 with *err filled in the words of action.
 * That an id is found says nothing of permissions.
 */
int ipc_sysv_id(const struct ipc_sysv *kind, const struct ipc_address *address,
	const char *action, struct ipc_error *err);

/*
 * What the kernel knows of an object, whoever may read it: 0, or -1 with errno: EINVAL
 * and EIDRM, there is none; EACCES, only its users are told.
 */
int ipc_sysv_look(const struct ipc_sysv *kind, int id, void *ds);

/*
 * Calls visit for every object, by id, until it returns non-zero; returns that value, or 0,
 * or -1.
 */
int ipc_sysv_each(const struct ipc_sysv *kind,
	int (*visit)(int id, const void *ds, void *arg), void *arg,
	struct ipc_error *err);

int ipc_sysv_remove(const struct ipc_sysv *kind, const struct ipc_address *address,
	struct ipc_error *err);

/* Changes what is not told to be left: (uid_t)-1, (gid_t)-1, NULL. */
void ipc_sysv_permit(struct ipc_perm *perm, uid_t uid, gid_t gid,
	mode_t (*new_mode)(mode_t old, const void *arg), const void *arg);

/*
 * What tells an object from others of its id that were made in the same second, as far as
 * there is something: the generation of a struct ipc_object.  Nothing changes it.
 */
uint64_t ipc_sysv_generation_of_queue(const struct msqid_ds *ds);
uint64_t ipc_sysv_generation_of_segment(const struct shmid_ds *ds);
uint64_t ipc_sysv_generation_of_set(const struct semid_ds *ds);

/* Seconds since 1970 as the kernel has them, to whom 0 means never. */
int64_t ipc_sysv_time(int64_t seconds);

/*
 * A process as the kernel tells it: 0 is none, or when there was one, of another PID
 * namespace.
 */
uint64_t ipc_sysv_pid(pid_t pid, bool was_one);

#endif
