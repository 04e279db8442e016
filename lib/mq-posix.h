/* mq-posix.h - the parts of the POSIX queues: private to the mq-posix files */
#ifndef MQ_POSIX_H
#define MQ_POSIX_H

#include <ipcutil/mq.h>

/* mq_open(3) of an existing queue, never blocking; -1 with errno. */
int ipc_mq_posix_open(const char *name, int access);

/* The same for reading, or where that is forbidden for writing. */
int ipc_mq_posix_open_any(const char *name);

/* mq-posix-create.c */
int ipc_mq_posix_create(const struct ipc_address *address,
	const struct ipc_mq_plan *plan, struct ipc_address *found, bool *made,
	struct ipc_error *err);

/* mq-posix-stat.c */
int ipc_mq_posix_stat(const struct ipc_address *address, enum ipc_mq_look look,
	struct ipc_mq_info *info, struct ipc_error *err);
int ipc_mq_posix_each(enum ipc_mq_look look,
	int (*visit)(const struct ipc_mq_info *info, void *arg), void *arg,
	bool *complete, struct ipc_error *err);
int ipc_mq_posix_change(const struct ipc_address *address,
	const struct ipc_mq_change *change, struct ipc_error *err);

/*
 * Bytes that a queue counts against RLIMIT_MSGQUEUE, by the formula of getrlimit(2);
 * IPC_UNKNOWN of what is.
 */
uint64_t ipc_mq_posix_cost(uint64_t capacity, uint64_t message_size);

#endif
