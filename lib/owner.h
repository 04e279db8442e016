/* owner.h - a process that objects belong to: who it is, and whether it has ended */
#ifndef OWNER_H
#define OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ipcutil/error.h>
#include <ipcutil/guard.h>

/* Long enough for /proc/sys/kernel/random/boot_id. */
enum { IPC_BOOT_ID_MAX = 40 };

/*
 * What tells a process from all others, of all times: its id may be another's soon,
 * means another in another PID namespace, and its start is told in the time of a time
 * namespace.  Objects are found in an IPC namespace.
 */
struct ipc_owner_id {
	char boot[IPC_BOOT_ID_MAX];
	uint64_t pid_namespace, time_namespace, ipc_namespace;
	pid_t pid;
	uint64_t start; /* clock ticks since boot */
	uint64_t inode; /* of its pidfd, which never comes again; 0: not known */
};

/* Fills in what our own processes have in common: all but pid, start and inode. */
int ipc_owner_here(struct ipc_owner_id *here, struct ipc_error *err);

/*
 * Returns a descriptor of process pid, see pidfd_open(2), when it has not ended, and
 * who it is in *id.
 *
 * IPC_NO_OBJECT	there is none, it has ended, or pid is one of its threads
 */
int ipc_owner_open(pid_t pid, struct ipc_owner_id *id, struct ipc_error *err);

/* Whether the process of a descriptor has ended: all of its threads have. */
bool ipc_owner_has_ended(int pidfd);

/* Fails with IPC_NO_OBJECT: process pid has ended. */
int ipc_owner_gone(pid_t pid, struct ipc_error *err);

/* What can be proven of a process from here. */
enum ipc_owner_state ipc_owner_state(
	const struct ipc_owner_id *id, const struct ipc_owner_id *here);

bool ipc_owner_is_same(
	const struct ipc_owner_id *one, const struct ipc_owner_id *other);

#endif
