/* mq.h - what a kind of message queue must be able to do: one row each */
#ifndef MQ_H
#define MQ_H

#include <ipcutil/mq.h>

/* The members promise what the functions of the same name in <ipcutil/mq.h> do. */
struct ipc_mq_ops {
	int (*create)(const struct ipc_address *address, const struct ipc_mq_plan *plan,
		bool *made, struct ipc_error *err);
	int (*open)(struct ipc_mq *mq, const struct ipc_address *address,
		enum ipc_mq_access access, uid_t trusted, struct ipc_error *err);
	void (*close)(struct ipc_mq *mq);
	int (*send)(const struct ipc_mq *mq, const void *data, size_t length,
		unsigned int priority, const struct ipc_wait *wait,
		struct ipc_error *err);
	int (*receive)(const struct ipc_mq *mq, void *data, size_t *length,
		unsigned int *priority, const struct ipc_wait *wait,
		struct ipc_error *err);
	int (*give_back)(const struct ipc_mq *mq, const void *data, size_t length,
		unsigned int priority, const struct ipc_wait *wait,
		struct ipc_error *err);
	int (*wait)(const struct ipc_mq *mq, const struct ipc_wait *wait,
		struct ipc_error *err);
	int (*peek)(const struct ipc_address *address, struct ipc_error *err);
	int (*stat)(const struct ipc_address *address, enum ipc_mq_look look,
		struct ipc_mq_info *info, struct ipc_error *err);
	int (*each)(enum ipc_mq_look look,
		int (*visit)(const struct ipc_mq_info *info, void *arg), void *arg,
		bool *complete, struct ipc_error *err);
	int (*change)(const struct ipc_address *address,
		const struct ipc_mq_change *change, struct ipc_error *err);
	int (*remove)(const struct ipc_address *address, struct ipc_error *err);
};

extern const struct ipc_mq_ops ipc_mq_posix;

#endif
