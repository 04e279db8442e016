/* shm.h - the parts of POSIX and System V shared memory; private */
#ifndef SHM_H
#define SHM_H

#include <dirent.h>
#include <sys/shm.h>

#include "memory.h"
#include "sysv.h"

/*
 * The mode of a segment that is being made, the smallest that lets its owner attach it
 * and yet is nobody's wish: to execute alone allows nothing.  The wanted one comes last.
 * It is not that of one that another than its creator has attached.
 */
enum { IPC_SHM_MAKING = 0601 };

/*
 * Calls visit for each name of /dev/shm that is_wanted() takes, sorted, until it returns
 * non-zero; returns that value, or 0.
 */
int ipc_shm_dir_each(int (*is_wanted)(const struct dirent *entry),
	int (*visit)(const struct ipc_memory_place *place, void *arg), void *arg,
	struct ipc_error *err);

/* ipc_memory_each_shm() is the one and then the other. */
int ipc_shm_posix_each(enum ipc_memory_look look,
	int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
	struct ipc_error *err);
int ipc_shm_sysv_each(enum ipc_memory_look look,
	int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
	struct ipc_error *err);

extern const struct ipc_sysv ipc_shm_sysv_kind;

/* Refuses to give a segment IPC_SHM_MAKING. */
int ipc_shm_sysv_mark(
	const struct ipc_address *address, const char *action, struct ipc_error *err);

/* Fails with IPC_LIMIT: there is no memory for that many bytes, or no room to map them. */
int ipc_shm_sysv_no_memory(const struct ipc_address *address, uint64_t size,
	const char *action, struct ipc_error *err);

/* What memory.h asks for. */
int ipc_shm_sysv_create(const struct ipc_address *address,
	const struct ipc_memory_plan *plan, struct ipc_address *found, bool *made,
	struct ipc_error *err);
int ipc_shm_sysv_stat(const struct ipc_address *address, enum ipc_memory_look look,
	struct ipc_memory_info *info, struct ipc_error *err);
int ipc_shm_sysv_change(const struct ipc_address *address,
	const struct ipc_memory_change *change, struct ipc_error *err);

#endif
