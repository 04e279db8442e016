/*
 * sem.h - semaphores: counters of units that processes take and give
 *
 * A semaphore is named by an address, see address.h, which also chooses the kind: POSIX,
 * sem_overview(7), or a set of System V, sysvipc(7), whose members are counted from 0.
 * The functions that can fail return -1 and fill *err, whose words name the semaphore.
 * None of them takes or gives a unit, maps a semaphore or moves an access time.
 */
#ifndef IPCUTIL_SEM_H
#define IPCUTIL_SEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/address.h>
#include <ipcutil/error.h>
#include <ipcutil/number.h>
#include <ipcutil/object.h>
#include <ipcutil/stale.h>

__BEGIN_DECLS

/* One semaphore, or set, as the system reports it.  What is not told is IPC_UNKNOWN. */
struct ipc_sem_info {
	struct ipc_address address;
	uint64_t value;   /* units, where it has one member */
	uint64_t members; /* POSIX: 1 */
	uint64_t
		waiters; /* waiting for units; POSIX: with those killed in sem_wait(3) */
	uint64_t zero_waiters; /* System V: waiting for 0 */
	uint64_t
		last; /* System V: pid of the last to operate on a member; 0: none yet */
	struct ipc_user user;   /* the same, and whether it lives */
	uint64_t size;          /* POSIX: bytes of its file */
	uint64_t device, inode; /* POSIX */
	uint64_t links;         /* POSIX: how many names it has */
	uint64_t temporary; /* POSIX: 1 when its name is as those that sem_open(3) gives
				   what it makes, and a kill leaves behind; else 0 */
	uint64_t key;       /* System V; 0: it is private */
	uint64_t id;        /* System V */
	uint64_t creator_uid; /* System V */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	int64_t created; /* POSIX; seconds since 1970, or IPC_UNKNOWN_TIME, as all */
	uint64_t generation; /* see object.h */
	int64_t operated;    /* System V: last semop(2) */
	int64_t changed; /* made, or last change of mode, owner, or by semctl(2) of a value */
};

/* Which object *info is of. */
struct ipc_object ipc_sem_object(const struct ipc_sem_info *info);

/* What *info says of whether it is in use: for ipc_stale_find(). */
struct ipc_evidence ipc_sem_evidence(const struct ipc_sem_info *info);

/* When it was last used, or set. */
int64_t ipc_sem_used(const struct ipc_sem_info *info);

/*
 * Fills *info.  The value of a POSIX semaphore is told to its owner and root alone, as a
 * look of others would move its access time; value and waiters of a set, to those who may
 * read it.
 *
 * IPC_REFUSED	the name is that of something else: a directory, a symbolic link
 */
int ipc_sem_stat(const struct ipc_address *address, struct ipc_sem_info *info,
	struct ipc_error *err);

/*
 * Calls visit for every POSIX semaphore, sorted by name, and then for every System V set
 * by id, until it returns non-zero; returns that value, or 0.  *info lives only during the
 * call.  What vanishes meanwhile is skipped.
 */
int ipc_sem_each(int (*visit)(const struct ipc_sem_info *info, void *arg), void *arg,
	struct ipc_error *err);

/*
 * Removes the name of a POSIX semaphore, whose users go on with it, or a set at once:
 * who waits in it is woken with EIDRM.  sem_unlink(3), semctl(2).
 */
int ipc_sem_remove(const struct ipc_address *address, struct ipc_error *err);

__END_DECLS

#endif
