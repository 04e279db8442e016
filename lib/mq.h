/* mq.h - what a kind of message queue must be able to do: one row each */
#ifndef MQ_H
#define MQ_H

#include <ipcutil/mq.h>

/* The members promise what the functions of the same name in <ipcutil/mq.h> do. */
struct ipc_mq_ops {
	int (*create)(const struct ipc_address *address, const struct ipc_mq_plan *plan,
		struct ipc_address *found, bool *made, struct ipc_error *err);
	int (*open)(struct ipc_mq *mq, enum ipc_mq_access access, const char *action,
		uid_t trusted, struct ipc_error *err);
	void (*close)(struct ipc_mq *mq);
	int (*grow)(struct ipc_mq *mq, struct ipc_error *err);
	int (*send)(const struct ipc_mq *mq, const struct ipc_message *message,
		const struct ipc_wait *wait, struct ipc_error *err);
	int (*receive)(const struct ipc_mq *mq, struct ipc_message *message,
		const struct ipc_wait *wait, struct ipc_error *err);
	int (*prepare_back)(struct ipc_mq *mq, struct ipc_error *err);
	int (*give_back)(const struct ipc_mq *mq, const struct ipc_message *message,
		const struct ipc_wait *wait, struct ipc_error *err);
	int (*wait)(const struct ipc_mq *mq, const struct ipc_wait *wait,
		struct ipc_error *err);
	int (*peek)(const struct ipc_mq *mq, uint64_t place,
		struct ipc_message *message, struct ipc_error *err);
	int (*purge)(
		const struct ipc_mq *mq, uint64_t *discarded, struct ipc_error *err);
	int (*stat)(const struct ipc_address *address, enum ipc_mq_look look,
		struct ipc_mq_info *info, struct ipc_error *err);
	int (*each)(enum ipc_mq_look look,
		int (*visit)(const struct ipc_mq_info *info, void *arg), void *arg,
		bool *complete, struct ipc_error *err);
	int (*change)(const struct ipc_address *address,
		const struct ipc_mq_change *change, struct ipc_error *err);
	int (*remove)(const struct ipc_address *address, struct ipc_error *err);
};

/* Says why a wait for a queue that is empty, or full, was in vain: a wait.h errno. */
int ipc_mq_waited(const struct ipc_mq *mq, const struct ipc_wait *wait,
	const char *action, const char *state, int code, struct ipc_error *err);

/* Fails with IPC_REFUSED: it belongs to owner, whom nobody trusts. */
int ipc_mq_foreign(const struct ipc_address *address, uid_t owner, const char *action,
	struct ipc_error *err);

extern const struct ipc_mq_ops ipc_mq_posix, ipc_mq_sysv;

#endif
