/* mq-sysv.h - the parts of the System V queues: private to the mq-sysv files */
#ifndef MQ_SYSV_H
#define MQ_SYSV_H

#include <sys/msg.h>

#include <ipcutil/mq.h>

#include "sysv.h"

extern const struct ipc_sysv ipc_mq_sysv_kind;

/* kernel.msgmax: bytes of the longest message that any queue takes. */
uint64_t ipc_mq_sysv_longest(void);

/* Fails with IPC_LIMIT: the queue was to have that many bytes. */
int ipc_mq_sysv_too_many_bytes(
	const struct ipc_address *address, uint64_t bytes_limit, struct ipc_error *err);

/* mq-sysv-create.c */
int ipc_mq_sysv_create(const struct ipc_address *address,
	const struct ipc_mq_plan *plan, struct ipc_address *found, bool *made,
	struct ipc_error *err);

/* mq-sysv-stat.c */
int ipc_mq_sysv_stat(const struct ipc_address *address, enum ipc_mq_look look,
	struct ipc_mq_info *info, struct ipc_error *err);
int ipc_mq_sysv_each(enum ipc_mq_look look,
	int (*visit)(const struct ipc_mq_info *info, void *arg), void *arg,
	bool *complete, struct ipc_error *err);
int ipc_mq_sysv_change(const struct ipc_address *address,
	const struct ipc_mq_change *change, struct ipc_error *err);

#endif
