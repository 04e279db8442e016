/* sem.h - a kind of semaphore: one row each; private */
#ifndef SEM_H
#define SEM_H

#include <ipcutil/sem.h>

/* The members promise what the functions of the same name in <ipcutil/sem.h> do. */
struct ipc_sem_ops {
	int (*stat)(const struct ipc_address *address, struct ipc_sem_info *info,
		struct ipc_error *err);
	int (*each)(int (*visit)(const struct ipc_sem_info *info, void *arg), void *arg,
		struct ipc_error *err);
	int (*remove)(const struct ipc_address *address, struct ipc_error *err);
};

extern const struct ipc_sem_ops ipc_sem_posix;
extern const struct ipc_sem_ops ipc_sem_sysv;

#endif
